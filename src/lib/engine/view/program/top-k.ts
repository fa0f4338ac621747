import { columnOf, formatType } from '../catalog.ts';
import { printOverTables, quote } from '../expression.ts';
import type { FirstOver } from '../over.ts';
import type { ViewPlan } from '../plan.ts';
import { changedName, changedStages, type LineageTable } from './lineage-table.ts';
import { ofPartition, stageOf, type PartitionColumn } from './partition.ts';
import { typedOutputs } from './rows.ts';
import type { TypedSql } from './text.ts';

/** The outputs and, of first rows of all, the values that they are ordered by: `_o0` … */
export function firstPayload(plan: ViewPlan, types: readonly string[]): TypedSql[] {
	return [...typedOutputs(plan, types), ...orderPayload(plan)];
}

function orderPayload(plan: ViewPlan): TypedSql[] {
	if (!isWhole(plan)) return [];
	const { table } = plan.query.scope.sources[0]!;
	return firstOver(plan).order.map(({ expression }, index) => ({
		name: `_o${index}`,
		type: formatType(columnOf(table, expression.column)!),
		sql: printOverTables(expression)
	}));
}

function firstOver({ query }: ViewPlan): FirstOver {
	const over = query.over!;
	if (over.kind !== 'first') throw new Error('not a query of first rows');
	return over;
}

function isWhole({ query }: ViewPlan): boolean {
	return query.over!.partition.length === 0;
}

/** SELECT of the first rows (`a0`) of the partitions in `touched`, by index; without partitions, of all. */
export function firstRowsKeyed(plan: ViewPlan, partition: readonly PartitionColumn[]): string {
	const stage = `${stageOf(plan)} AS a0`;
	if (partition.length === 0) return firstOfAll(plan);
	const one = `SELECT a0.* FROM ${stage} WHERE ${ofPartition(partition)} ${orderAndLimit(plan)}`;
	return `SELECT a0.* FROM touched AS p CROSS JOIN LATERAL (${one}) AS a0`;
}

/** The same of all partitions. */
export function firstRowsFull(plan: ViewPlan, partition: readonly PartitionColumn[]): string {
	if (partition.length === 0) return firstOfAll(plan);
	const { limit, offset } = firstOver(plan);
	const parts = partition.map(({ from }) => printOverTables(from)).join(', ');
	const end = limit === undefined ? '' : ` AND a0._n <= ${offset + limit}`;
	const numbered = `row_number() OVER (PARTITION BY ${parts} ORDER BY ${orderTerms(plan).join(', ')}) AS _n`;
	return `SELECT a0.* FROM (SELECT a0.*, ${numbered} FROM ${stageOf(plan)} AS a0) AS a0 WHERE a0._n > ${offset}${end}`;
}

function firstOfAll(plan: ViewPlan): string {
	const { order, limit, offset, withTies } = firstOver(plan);
	const from = `FROM ${stageOf(plan)} AS a0`;
	if (!withTies || limit === undefined || order.length === 0)
		return `SELECT a0.* ${from} ${orderAndLimit(plan)}`;
	const levels = `SELECT a0.* ${from} ORDER BY ${sortTerms(plan).join(', ')} FETCH FIRST ${offset + limit} ROWS WITH TIES`;
	if (offset === 0) return levels;
	return `SELECT a0.* FROM (${levels}) AS a0 ORDER BY ${orderTerms(plan).join(', ')} OFFSET ${offset}`;
}

function orderAndLimit(plan: ViewPlan): string {
	const { limit, offset } = firstOver(plan);
	return `ORDER BY ${orderTerms(plan).join(', ')}${limit === undefined ? '' : ` LIMIT ${limit}`}${offset > 0 ? ` OFFSET ${offset}` : ''}`;
}

/** What the author wrote. */
function sortTerms(plan: ViewPlan): string[] {
	return firstOver(plan).order.map(({ expression, direction }) => printOverTables(expression) + direction);
}

/** The key goes last, so that no two rows are level. */
function orderTerms(plan: ViewPlan): string[] {
	const { key } = plan.query.scope.sources[0]!.table;
	return [...sortTerms(plan), ...key.map((name) => `a0.${quote(name)}`)];
}

/**
 * Of first rows of all without OFFSET: returns at once where no changed row was among them, there are as
 * many as may be, and every changed row comes behind the last of them. `changed` rows that come level with
 * it count as before it.
 */
export function unlessBehind(plan: ViewPlan, table: LineageTable): string {
	const { limit, offset, order } = firstOver(plan);
	if (!isWhole(plan) || limit === undefined || offset > 0) return '';
	const names = order.map((_, index) => `_o${index}`);
	const changed = `${changedName(plan, plan.query.scope.sources[0]!.table.name)} AS c`;
	const list = (values: readonly string[]) => values.map((value) => `, ${value}`).join('');
	const last = order.map(({ direction }, index) => `s._o${index}${opposite(direction)}`);
	const before = order.map(({ direction }, index) => `u._o${index}${direction}`);
	const now = order.map(({ expression }, index) => `${printOverTables(expression)} AS _o${index}`);
	return `IF (SELECT count(*) >= ${limit} FROM ${table.name}) AND (
	WITH ${changedStages(plan).join(', ')}
	SELECT NOT EXISTS (SELECT FROM ${changed}, ${table.name} AS s WHERE ${match(table, 's', (key) => key.name)})
		AND NOT (
			SELECT u.came FROM (
				(SELECT false AS came${list(names.map((name) => `s.${name}`))} FROM ${table.name} AS s${last.length > 0 ? ` ORDER BY ${last.join(', ')}` : ''} LIMIT 1)
				UNION ALL
				SELECT true${list(now)} FROM ${changed}, ${stageOf(plan)} AS a0 WHERE ${match(table, 'a0', (key) => quote(key.column))}
			) AS u ORDER BY ${[...before, 'u.came DESC'].join(', ')} LIMIT 1
		)
) THEN
	RETURN;
END IF;
`;
}

function match(
	table: LineageTable,
	alias: string,
	name: (key: LineageTable['keys'][number]) => string
): string {
	return table.keys.map((key, part) => `${alias}.${name(key)} = c.k${part}`).join(' AND ');
}

function opposite(direction: string): string {
	const down = direction.includes('DESC');
	const first = direction.includes('FIRST');
	return `${down ? ' ASC' : ' DESC'} NULLS ${first ? 'LAST' : 'FIRST'}`;
}

/** By which the last of the first rows is found. */
export function firstIndexes(plan: ViewPlan, table: LineageTable): string[] {
	const { order } = firstOver(plan);
	if (!isWhole(plan) || order.length === 0) return [];
	return [
		`CREATE INDEX ON ${table.name} (${order.map(({ direction }, index) => `_o${index}${direction}`).join(', ')})`
	];
}
