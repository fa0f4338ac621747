import { fromWhere, type ViewPlan } from '../plan.ts';
import { quote } from '../expression.ts';
import type { ViewProgram } from '../types.ts';
import { fullSettings } from './function.ts';
import {
	allColumns,
	bothSides,
	changedStages,
	identityColumns,
	lineageTable,
	type LineageTable
} from './lineage-table.ts';
import {
	keptOfPartition,
	ofPartition,
	partitionColumns,
	partitionIndex,
	partitionPayload,
	stageOf,
	touchedStage,
	type PartitionColumn
} from './partition.ts';
import { tableProgram, typedOutputs, type TableWork } from './rows.ts';
import { firstIndexes, firstOf, firstRowsFull, firstRowsKeyed, orderPayload, unlessBehind } from './top-k.ts';
import { differ } from './text.ts';
import { windowPayload, windowRows } from './window.ts';

/**
 * A view over the rows of one stage: window functions, or the first rows in an order. Its state has a row
 * for each of its rows, under the stage's key and with its partition. Where rows of the stage change, the
 * partitions that they were in and are in are computed again.
 */
export function overProgram(plan: ViewPlan, types: readonly string[]): ViewProgram {
	const partition = partitionColumns(plan);
	const own = plan.query.over!.kind === 'windows' ? windowPayload(plan, types) : typedOutputs(plan, types);
	const payload = [...own, ...orderPayload(plan), ...partitionPayload(partition)];
	const table = lineageTable(plan, `{state}.v_${plan.hash}`, payload);
	const fresh = (keyed: boolean) => freshRows(plan, partition, table, keyed);
	const kept = allColumns(table).map((name) => `s.${name}`);
	const was = (keyed: boolean) =>
		keyed && partition.length > 0
			? `SELECT ${kept.join(', ')} FROM touched AS p, ${table.name} AS s WHERE ${keptOfPartition(partition)}`
			: `SELECT ${kept.join(', ')} FROM ${table.name} AS s`;
	const changes = (keyed: boolean) =>
		`was AS (${was(keyed)}), fresh AS (${fresh(keyed)}), ${changesStage(table)}`;
	const work: TableWork = {
		stages: (keyed) =>
			[
				...(keyed ? changedStages(plan) : []),
				...(keyed && partition.length > 0 ? [touchedStage(plan, partition, table)] : []),
				changes(keyed),
				`moved AS (\n\t${mergeChanges(table)}\n\tRETURNING ${bothSides(table)}\n)`
			].join(',\n'),
		fill: `IF EXISTS (SELECT FROM ${table.name}) THEN
	WITH ${changes(false)}
	${mergeChanges(table)};
ELSE
	INSERT INTO ${table.name} (${allColumns(table).join(', ')}) ${fresh(false)};
END IF;`,
		indexes: partitionIndex(partition, table),
		...kindWork(plan, partition, table)
	};
	return tableProgram(plan, types, table, work);
}

/** Of all rows that were computed, those that became others: a partition has many of which few do. */
function changesStage(table: LineageTable): string {
	const identity = identityColumns(table);
	const others = valueColumns(table);
	const columns = allColumns(table).map((column) =>
		identity.includes(column) ? `COALESCE(f.${column}, o.${column}) AS ${column}` : `f.${column}`
	);
	const first = identity[0]!;
	const same = identity.map((column) => `f.${column} = o.${column}`).join(' AND ');
	const differs = differ(
		others.map((column) => `f.${column}`),
		others.map((column) => `o.${column}`)
	);
	return `changes AS (
	SELECT ${columns.join(', ')}, f.${first} IS NULL AS _gone
	FROM fresh AS f FULL JOIN was AS o ON ${same}
	WHERE f.${first} IS NULL OR o.${first} IS NULL OR ${differs}
)`;
}

function mergeChanges(table: LineageTable): string {
	const identity = identityColumns(table);
	const columns = allColumns(table);
	return `MERGE INTO ${table.name} AS s USING changes AS n ON ${identity.map((column) => `s.${column} = n.${column}`).join(' AND ')}
	WHEN MATCHED AND n._gone THEN DELETE
	WHEN MATCHED THEN UPDATE SET ${valueColumns(table)
		.map((column) => `${column} = n.${column}`)
		.join(', ')}
	WHEN NOT MATCHED THEN INSERT (${columns.join(', ')}) VALUES (${columns.map((column) => `n.${column}`).join(', ')})`;
}

function valueColumns(table: LineageTable): string[] {
	const identity = identityColumns(table);
	return allColumns(table).filter((column) => !identity.includes(column));
}

/** The rows as they are: of the partitions in `touched`, or all. */
function freshRows(
	plan: ViewPlan,
	partition: readonly PartitionColumn[],
	table: LineageTable,
	keyed: boolean
): string {
	const columns = [
		...table.keys.map((key) => `a0.${quote(key.column)} AS ${key.name}`),
		...table.payload.map((column) => `(${column.sql})::${column.type} AS ${quote(column.name)}`)
	];
	return `SELECT ${columns.join(', ')} FROM (${rowsOver(plan, partition, keyed)}) AS a0`;
}

function rowsOver(plan: ViewPlan, partition: readonly PartitionColumn[], keyed: boolean): string {
	const first = firstOf(plan);
	if (first) {
		const rows = keyed ? firstRowsKeyed(plan, first, partition) : firstRowsFull(plan, first, partition);
		return plan.query.over!.kind === 'first' ? rows : windowRows(plan, `FROM (${rows}) AS a0`);
	}
	const touched = `FROM touched AS p, ${stageOf(plan)} AS a0 WHERE ${ofPartition(partition)}`;
	return windowRows(plan, keyed && partition.length > 0 ? touched : fromWhere(plan.query));
}

function kindWork(
	plan: ViewPlan,
	partition: readonly PartitionColumn[],
	table: LineageTable
): Partial<TableWork> {
	if (firstOf(plan))
		return {
			before: unlessBehind(plan, table),
			indexes: [...partitionIndex(partition, table), ...firstIndexes(plan, table)]
		};
	// all rows are read, whatever changed
	return partition.length === 0 ? { settings: fullSettings } : {};
}
