import { visibleColumns } from '../catalog.ts';
import { queryDepends } from '../depends.ts';
import {
	columnOverTables,
	dependsOf,
	printOverTables,
	quote,
	type Dependence,
	type Expression
} from '../expression.ts';
import { islandOfQuery, reaching, type Island } from '../join-tree.ts';
import { isCall, sourcesOf } from '../lineage.ts';
import { islandFrom, type ViewPlan } from '../plan.ts';
import { changedName, keysOf, type KeyColumn, type LineageTable } from './lineage-table.ts';

/**
 * Rows that a change may touch in other ways than by being made of what changed: a row without a partner goes
 * when one comes. So what is recomputed is everything with the same keys of the sources that every row has:
 * the anchors, which are the first part of the rows' identity.
 */
export function isDerived({ query }: ViewPlan): boolean {
	return (
		query.joins !== undefined ||
		query.scope.sources.some(({ call }) => call !== undefined) ||
		queryDepends(query).length > 0
	);
}

/** Whether no row of it has a key that changes: then it is made again as a whole, where it changes at all. */
export function isUnanchored(plan: ViewPlan): boolean {
	return anchorSources(plan).length === 0;
}

/** Sources by whose keys rows are made again. */
export function anchorSources(plan: ViewPlan): number[] {
	return plan.lineage.filter((source) => isAnchor(plan, source));
}

function isAnchor({ query }: ViewPlan, source: number): boolean {
	return islandOfQuery(query).sources.includes(source) && !isCall(query.scope, source);
}

/** What stages that subqueries read are called in `changed`, of which any change touches every row. */
export function wholeNames(plan: ViewPlan): string[] {
	const isWhole = plan.query.union === undefined && isUnanchored(plan);
	return namesOf(queryDepends(plan.query).filter(({ on }) => on === undefined || isWhole));
}

/** And those of which a change touches some rows. */
export function partNames({ query }: ViewPlan): string[] {
	return namesOf(queryDepends(query).filter(({ on }) => on !== undefined));
}

function namesOf(depends: readonly Dependence[]): string[] {
	return [...new Set(depends.map(({ stage }) => `{#${stage}}`))];
}

/** The rows, as they were and as they are, of the stages that subqueries read, as far as they changed. */
export function partStages(plan: ViewPlan): string[] {
	const stages = new Set(queryDepends(plan.query).flatMap(({ on, stage }) => (on ? [stage] : [])));
	return Array.from(stages, (stage) => {
		const columns = visibleColumns(plan.parts!.get(stage)!).map(
			({ name, type }) => `(x.v ->> '${name}')::${type} AS ${quote(name)}`
		);
		return `r${stage} AS MATERIALIZED (
	SELECT DISTINCT ${columns.join(', ')} FROM jsonb_array_elements(changed -> '{#${stage}}') AS e(value), LATERAL (VALUES (e.value -> 1), (e.value -> 2)) AS x(v)
	WHERE jsonb_typeof(x.v) = 'object'
)`;
	});
}

function anchors(plan: ViewPlan, table: LineageTable): KeyColumn[] {
	return table.keys.filter((key) => key.identity && isAnchor(plan, key.source));
}

function columnsOf(keys: readonly KeyColumn[], print: (key: KeyColumn) => string): string {
	return keys.map((key) => `${print(key)} AS ${key.name}`).join(', ');
}

/** Anchors of rows that have a changed key, and of those that would have it now. */
export function touchedStage(plan: ViewPlan, table: LineageTable): string {
	const branches = [
		...plan.query.scope.sources.flatMap((_, source) => touchedBy(plan, table, source)),
		...queryDepends(plan.query).flatMap((one) => (one.on ? [touchedByPart(plan, table, one, one.on)] : []))
	];
	return `touched AS MATERIALIZED (\n\t${branches.join('\n\tUNION\n\t')}\n)`;
}

function touchedBy(plan: ViewPlan, table: LineageTable, source: number): string[] {
	if (isCall(plan.query.scope, source)) return [];
	const anchor = anchors(plan, table);
	const own = keysOf(table, source);
	const { name } = plan.query.scope.sources[source]!.table;
	const changed = `${changedName(plan, name)} AS c`;
	if (anchor.every((key) => key.source === source))
		return [`SELECT ${columnsOf(own, (key) => `c.k${own.indexOf(key)}`)} FROM ${changed}`];
	const asked = `changed ? '${name}'`;
	const kept = own.map((key, part) => `s.${key.name} = c.k${part}`);
	const now = own.map((key, part) => `${columnOverTables(source, key.column)} = c.k${part}`);
	const island = reaching(islandOfQuery(plan.query), ...withArguments(plan, [source]));
	return [
		`SELECT ${columnsOf(anchor, (key) => `s.${key.name}`)} FROM ${changed}, ${table.name} AS s WHERE ${[...kept, asked].join(' AND ')}`,
		`SELECT ${columnsOf(anchor, (key) => key.sql)} FROM ${changed}, ${islandFrom(plan.query, island)} WHERE ${[...now, ...conditionsOf(island), asked].join(' AND ')}`
	];
}

/** Anchors of rows that meet a changed row of a stage that a subquery reads. */
function touchedByPart(
	plan: ViewPlan,
	table: LineageTable,
	{ stage, alias, via }: Dependence,
	on: readonly Expression[]
): string {
	// what subqueries decide is just what may have become another
	const island = steady(reaching(islandOfQuery(plan.query), ...withArguments(plan, on.flatMap(sourcesOf))));
	const from = [
		`r${stage} AS ${alias}`,
		...via.map((one) => `{@${one.stage}} AS ${one.alias}`),
		islandFrom(plan.query, island)
	];
	const conditions = [...on.map(printOverTables), ...conditionsOf(island), `changed ? '{#${stage}}'`];
	return `SELECT ${columnsOf(anchors(plan, table), (key) => key.sql)} FROM ${from.join(', ')} WHERE ${conditions.join(' AND ')}`;
}

/** With the sources that their rows follow from. */
export function withArguments(plan: ViewPlan, sources: readonly number[]): number[] {
	return sources.flatMap((source) => {
		const { call } = plan.query.scope.sources[source]!;
		return call ? [source, ...withArguments(plan, sourcesOf(call))] : [source];
	});
}

/** Without conditions that have subqueries. */
function steady(island: Island): Island {
	const plain = (conditions: readonly Expression[]) =>
		conditions.filter((condition) => dependsOf(condition).length === 0);
	return {
		...island,
		conditions: plain(island.conditions),
		outer: island.outer.map(({ side, on, needs }) => ({ side: steady(side), on: plain(on), needs }))
	};
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
