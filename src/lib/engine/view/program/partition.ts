import { columnOf, formatType } from '../catalog.ts';
import { quote, type ColumnExpression } from '../expression.ts';
import { isOutputNotNull } from '../grouping.ts';
import type { ViewPlan } from '../plan.ts';
import type { GroupColumn } from './group-columns.ts';
import { groupIndex, sameGroup, sameTerms } from './group-match.ts';
import { changedName, identityColumns, type LineageTable } from './lineage-table.ts';
import type { TypedSql } from './text.ts';

/** The index that a stage has for the query over it; its columns are outputs, then the key. */
export function stageIndexes(plan: ViewPlan, types: readonly string[], table: LineageTable): string[] {
	const { index, outputs, lookups = [] } = plan.query;
	const plain = lookups.map((names) => `CREATE INDEX ON ${table.name} (${names.map(quote).join(', ')})`);
	if (!index) return plain;
	const equal = index.equal.map((name): GroupColumn => {
		const position = outputs.findIndex((output) => output.name === name);
		const nullable = !isOutputNotNull(plan.query, outputs[position]!.expression);
		return { name: quote(name), type: types[position]!, nullable };
	});
	const order = index.order.map(({ name, direction }) => quote(name) + direction);
	const key = index.order.length > 0 ? identityColumns(table) : [];
	const terms = [...groupIndex(equal).terms, ...order, ...key].join(', ');
	return [...plain, `CREATE INDEX ON ${table.name} (${terms})`];
}

/** The columns that tell to which partition a row of a stage belongs, as the rows over it keep them: `_p0` … */
export interface PartitionColumn extends GroupColumn {
	/** In the stage. */
	readonly from: ColumnExpression;
}

export function partitionColumns({ query }: ViewPlan): PartitionColumn[] {
	return query.over!.partition.map((from, index) => {
		const column = columnOf(query.scope.sources[0]!.table, from.column)!;
		return { name: `_p${index}`, from, type: formatType(column), nullable: column.nullable };
	});
}

export function partitionPayload(columns: readonly PartitionColumn[]): TypedSql[] {
	return columns.map(({ name, from, type }) => ({ name, type, sql: `a0.${quote(from.column)}` }));
}

/** Whether a row of the stage (`a0`) is of the partition `p`. */
export function ofPartition(columns: readonly PartitionColumn[]): string {
	const own = columns.map((column) => ({ ...column, name: quote(column.from.column) }));
	return sameTerms(own, columns, 'a0', 'p');
}

/** Whether a kept row (`s`) is of the partition `p`. */
export function keptOfPartition(columns: readonly PartitionColumn[]): string {
	return sameGroup(columns, 's', 'p');
}

/** The index by which kept rows of a partition are found. */
export function partitionIndex(columns: readonly PartitionColumn[], table: LineageTable): string[] {
	return columns.length > 0
		? [`CREATE INDEX ON ${table.name} (${groupIndex(columns).terms.join(', ')})`]
		: [];
}

/** The partitions that changed rows were in and are in. */
export function touchedStage(
	plan: ViewPlan,
	columns: readonly PartitionColumn[],
	table: LineageTable
): string {
	const changed = `${changedName(plan, plan.query.scope.sources[0]!.table.name)} AS c`;
	const kept = columns.map(({ name }) => `s.${name}`).join(', ');
	const now = columns.map(({ name, from }) => `a0.${quote(from.column)} AS ${name}`).join(', ');
	return `touched AS MATERIALIZED (
	SELECT ${kept} FROM ${changed}, ${table.name} AS s WHERE ${table.keys.map((key, part) => `s.${key.name} = c.k${part}`).join(' AND ')}
	UNION
	SELECT ${now} FROM ${changed}, ${stageOf(plan)} AS a0 WHERE ${table.keys.map((key, part) => `a0.${quote(key.column)} = c.k${part}`).join(' AND ')}${skippedBefore(plan, columns)}
)`;
}

/** Rows that OFFSET skipped are not kept: where they were, only the stage's difference tells. */
function skippedBefore({ query }: ViewPlan, columns: readonly PartitionColumn[]): string {
	const { over, scope } = query;
	const first = over?.kind === 'windows' ? over.first : over;
	if (!first || first.offset === 0) return '';
	const old = columns.map(
		({ name, from, type }) => `(e.value -> 1 ->> '${from.column}')::${type} AS ${name}`
	);
	return `
	UNION
	SELECT ${old.join(', ')} FROM jsonb_array_elements(changed -> '${scope.sources[0]!.table.name}') AS e(value) WHERE jsonb_typeof(e.value -> 1) = 'object'`;
}

/** The one source. */
export function stageOf({ query }: ViewPlan): string {
	return `{@${query.scope.sources[0]!.stage}}`;
}
