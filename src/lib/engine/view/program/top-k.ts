import { columnOf, formatType } from '../catalog.ts';
import { printOverTables, quote } from '../expression.ts';
import type { FirstOver } from '../over.ts';
import type { ViewPlan } from '../plan.ts';
import { changedName, changedStages, type LineageTable } from './lineage-table.ts';
import { ofPartition, stageOf, type PartitionColumn } from './partition.ts';
import type { TypedSql } from './text.ts';

/** What first rows of all are ordered by: `_o0` … */
export function orderPayload(plan: ViewPlan): TypedSql[] {
	const { table } = plan.query.scope.sources[0]!;
	return keptOrder(plan).map(({ expression }, index) => ({
		name: `_o${index}`,
		type: formatType(columnOf(table, expression.column)!),
		sql: printOverTables(expression)
	}));
}

/** Of first rows of all, the terms whose values are kept with them, so that what comes behind is seen to. */
function keptOrder(plan: ViewPlan): FirstOver['order'] {
	const first = firstOf(plan);
	return first && plan.query.over!.partition.length === 0 ? first.order : [];
}

/** Which rows are wanted, where not all are. */
export function firstOf({ query: { over } }: ViewPlan): FirstOver | undefined {
	return over?.kind === 'windows' ? over.first : over;
}

/** SELECT of the first rows (`a0`) of the partitions in `touched`, by index; without partitions, of all. */
export function firstRowsKeyed(
	plan: ViewPlan,
	first: FirstOver,
	partition: readonly PartitionColumn[]
): string {
	const stage = `${stageOf(plan)} AS a0`;
	if (partition.length === 0) return `SELECT a0.* ${limited(plan, first, `FROM ${stage}`)}`;
	const one = limited(plan, first, `FROM ${stage} WHERE ${ofPartition(partition)}`);
	return `SELECT a0.* FROM touched AS p CROSS JOIN LATERAL (SELECT a0.* ${one}) AS a0`;
}

/** The same of all partitions. */
export function firstRowsFull(
	plan: ViewPlan,
	first: FirstOver,
	partition: readonly PartitionColumn[]
): string {
	if (partition.length === 0) return firstRowsKeyed(plan, first, partition);
	const { limit, offset, withTies } = first;
	const parts = partition.map(({ from }) => printOverTables(from)).join(', ');
	const order = (withTies ? sortTerms(first) : orderTerms(plan, first)).join(', ');
	const rank = `${withTies ? 'rank' : 'row_number'}() OVER (PARTITION BY ${parts} ORDER BY ${order}) AS _n`;
	const end = limit === undefined ? '' : ` AND a0._n <= ${offset + limit}`;
	return `SELECT a0.* FROM (SELECT a0.*, ${rank} FROM ${stageOf(plan)} AS a0) AS a0 WHERE a0._n > ${offset}${end}`;
}

/** `from` with ORDER BY and what cuts it. */
function limited(plan: ViewPlan, first: FirstOver, from: string): string {
	const { order, limit, offset, withTies } = first;
	const skip = offset > 0 ? ` OFFSET ${offset}` : '';
	const whole = `ORDER BY ${orderTerms(plan, first).join(', ')}`;
	if (limit === undefined || !withTies || order.length === 0)
		return `${from} ${whole}${limit === undefined ? '' : ` LIMIT ${limit}`}${skip}`;
	const levels = `${from} ORDER BY ${sortTerms(first).join(', ')} FETCH FIRST ${offset + limit} ROWS WITH TIES`;
	return offset === 0 ? levels : `FROM (SELECT a0.* ${levels}) AS a0 ${whole}${skip}`;
}

/** What the author wrote. */
function sortTerms({ order }: FirstOver): string[] {
	return order.map(({ expression, direction }) => printOverTables(expression) + direction);
}

/** The key goes last, so that no two rows are level. */
function orderTerms(plan: ViewPlan, first: FirstOver): string[] {
	const { key } = plan.query.scope.sources[0]!.table;
	return [...sortTerms(first), ...key.map((name) => `a0.${quote(name)}`)];
}

/**
 * Of first rows of all without OFFSET: returns at once where no changed row was among them, there are as
 * many as may be, and every changed row comes behind the last of them. `changed` rows that come level with
 * it count as before it.
 */
export function unlessBehind(plan: ViewPlan, table: LineageTable): string {
	const { limit, offset } = firstOf(plan) ?? { limit: undefined, offset: 0 };
	if (plan.query.over!.partition.length > 0 || limit === undefined || offset > 0) return '';
	const order = keptOrder(plan);
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
	const order = keptOrder(plan);
	if (order.length === 0) return [];
	return [
		`CREATE INDEX ON ${table.name} (${order.map(({ direction }, index) => `_o${index}${direction}`).join(', ')})`
	];
}
