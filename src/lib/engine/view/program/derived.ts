import { columnOverTables } from '../expression.ts';
import { islandOfQuery, reaching, type Island } from '../join-tree.ts';
import { islandFrom, type ViewPlan } from '../plan.ts';
import { printOverTables } from '../expression.ts';
import { changedName, keysOf, type KeyColumn, type LineageTable } from './lineage-table.ts';

/**
 * Rows that a change may touch in other ways than by being made of what changed: a row without a partner goes
 * when one comes. So what is recomputed is everything with the same keys of the sources that every row has:
 * the anchors, which are the first part of the rows' identity.
 */
export function isDerived({ query }: ViewPlan): boolean {
	return query.joins !== undefined;
}

function anchors(plan: ViewPlan, table: LineageTable): KeyColumn[] {
	const { sources } = islandOfQuery(plan.query);
	return table.keys.filter((key) => key.identity && sources.includes(key.source));
}

function columnsOf(keys: readonly KeyColumn[], print: (key: KeyColumn) => string): string {
	return keys.map((key) => `${print(key)} AS ${key.name}`).join(', ');
}

/** Anchors of rows that have a changed key, and of those that would have it now. */
export function touchedStage(plan: ViewPlan, table: LineageTable): string {
	const branches = plan.query.scope.sources.flatMap((_, source) => touchedBy(plan, table, source));
	return `touched AS MATERIALIZED (\n\t${branches.join('\n\tUNION\n\t')}\n)`;
}

function touchedBy(plan: ViewPlan, table: LineageTable, source: number): string[] {
	const anchor = anchors(plan, table);
	const own = keysOf(table, source);
	const { name } = plan.query.scope.sources[source]!.table;
	const changed = `${changedName(plan, name)} AS c`;
	if (anchor.every((key) => key.source === source))
		return [`SELECT ${columnsOf(own, (key) => `c.k${own.indexOf(key)}`)} FROM ${changed}`];
	const asked = `changed ? '${name}'`;
	const kept = own.map((key, part) => `s.${key.name} = c.k${part}`);
	const now = own.map((key, part) => `${columnOverTables(source, key.column)} = c.k${part}`);
	const island = reaching(islandOfQuery(plan.query), source);
	return [
		`SELECT ${columnsOf(anchor, (key) => `s.${key.name}`)} FROM ${changed}, ${table.name} AS s WHERE ${[...kept, asked].join(' AND ')}`,
		`SELECT ${columnsOf(anchor, (key) => key.sql)} FROM ${changed}, ${islandFrom(plan.query, island)} WHERE ${[...now, ...conditionsOf(island), asked].join(' AND ')}`
	];
}

function conditionsOf(island: Island): string[] {
	return island.conditions.map((condition) => printOverTables(condition));
}

/** The kept rows of the touched anchors. */
export function staleOfTouched(plan: ViewPlan, table: LineageTable, identity: string): string {
	const match = anchors(plan, table).map((key) => `s.${key.name} = t.${key.name}`);
	return `stale AS (SELECT ${identity} FROM touched AS t, ${table.name} AS s WHERE ${match.join(' AND ')})`;
}

/** The rows that the touched anchors have now. */
export function freshOfTouched(plan: ViewPlan, table: LineageTable, columns: string): string {
	const match = anchors(plan, table).map((key) => `${key.sql} = t.${key.name}`);
	const island = islandOfQuery(plan.query);
	const conditions = [...match, ...conditionsOf(island)];
	return `fresh AS (
	SELECT ${columns}
	FROM touched AS t, ${islandFrom(plan.query, island)} WHERE ${conditions.join(' AND ')}
)`;
}
