import { distinctGrouping } from './distinct-rows.ts';
import { Exposed, referTo, withoutSubqueries } from './exposed.ts';
import { quote, windowsIn, type CompoundExpression, type Dependence, type Expression } from './expression.ts';
import type { FirstRows } from './first-rows.ts';
import { inPlace, limitText, type InPlace, type Ordered } from './in-place.ts';
import {
	innerClauses,
	keyOf,
	ownIsland,
	ownNumber,
	ownNumbers,
	ownSources,
	withKnown,
	type Key
} from './inner-clauses.ts';
import { keyedStage } from './keyed-stage.ts';
import { assembled, rowsOf, type Clauses, type Query } from './query.ts';
import type { Place, Reading } from './reading.ts';
import { expressionOf, joined, sql, type SqlParts } from './sql-parts.ts';
import { addStage, stageTable } from './stage-source.ts';

/** The rows of a subquery in an expression, as they are looked up in a stage. */
export interface InnerRows {
	/** -1: none. */
	readonly stage: number;
	/** What stands behind FROM. */
	readonly from: SqlParts;
	readonly where: readonly SqlParts[];
	/** Its columns. */
	readonly values: readonly SqlParts[];
	/** GROUP BY and what follows. */
	readonly tail: SqlParts;
	/** There is one row whatever the stage has. */
	readonly always: boolean;
	readonly depends: readonly Dependence[];
}

/** A subquery that names nothing of the SELECT around it: all of it is the stage. */
export function alone(place: Place, clauses: Clauses, alias: string): InnerRows {
	return aloneOf(place.reading, assembled(place.reading, ownNumbers(clauses)), alias);
}

export function aloneOf(reading: Reading, query: Query, alias: string): InnerRows {
	const stage = addStage(reading, { title: 'subquery', query, view: undefined });
	return {
		stage,
		from: [`{@${stage}} AS ${alias}`],
		where: [],
		values: query.outputs.map(({ name }) => [`${alias}.${quote(name)}`]),
		tail: [],
		always: false,
		depends: [{ stage, alias, via: [], on: undefined }]
	};
}

/**
 * A subquery that names columns of the SELECT around it. What it reads without them becomes the stage: where
 * it aggregates or limits and only equalities connect it, once for each value of what they compare; otherwise
 * its bare rows, of which the expression computes the rest. What neither can do is computed in place.
 * `order` is that of ARRAY(…).
 */
export function around(
	place: Place,
	clauses: Clauses,
	alias: string,
	order: readonly Ordered[] = []
): InnerRows {
	return lookedUp(place, clauses, alias, order) ?? inPlaceOf(inPlace(place.reading, clauses, order), alias);
}

function lookedUp(
	place: Place,
	clauses: Clauses,
	alias: string,
	order: readonly Ordered[]
): InnerRows | undefined {
	const { outputs, grouping, scope, first, distinct } = clauses;
	if (scope.sources.every(({ call }) => call !== undefined)) return undefined;
	if (distinct) {
		const grouped = distinctClauses(clauses);
		return grouped && lookedUp(place, grouped, alias, order);
	}
	const apart = innerClauses(clauses);
	if (!apart) return undefined;
	const { rest, connecting, keys, isBare, namesElsewhere } = apart;
	if (!isBare && order.length === 0 && !namesElsewhere && keys) return byKeys(place, rest, alias, keys);
	const needsGroups = (grouping && grouping.sets.length > 1) || outputs.some(hasWindow) || first?.distinctOn;
	return needsGroups ? undefined : byRows(place, rest, alias, connecting, order);
}

/** The rows of a SELECT that stands in the expression itself. */
export function inPlaceOf({ text, columns, depends }: InPlace, alias: string): InnerRows {
	return {
		stage: -1,
		from: sql`(${text}) AS ${alias}`,
		where: [],
		values: columns.map(({ name }) => [`${alias}.${quote(name)}`]),
		tail: [],
		always: false,
		depends
	};
}

function hasWindow({ expression }: Clauses['outputs'][number]): boolean {
	return windowsIn(expression).length > 0;
}

/** DISTINCT as groups by all columns; undefined where there are others, or windows. */
export function distinctClauses(clauses: Clauses): Clauses | undefined {
	if (clauses.grouping || clauses.outputs.some(hasWindow)) return undefined;
	const expressions = clauses.outputs.map(({ expression }) => expression);
	return { ...clauses, distinct: false, grouping: distinctGrouping(expressions) };
}

/** The subquery once for each value of its keys. */
function byKeys({ reading }: Place, clauses: Clauses, alias: string, keys: readonly Key[]): InnerRows {
	const { stage, keys: names, columns, ofNothing } = keyedStage(reading, clauses, keys);
	const column = (name: string) => `${alias}.${quote(name)}`;
	const where = keys.map(
		({ outer }, index) => sql`(${column(names[index]!)} OPERATOR(pg_catalog.=) ${outer})`
	);
	const values = columns.map((name): SqlParts => [column(name)]);
	const on = where.map((parts, index) => equalityOf(parts, [column(names[index]!)], keys[index]!.outer));
	const depends = [{ stage, alias, via: [], on }];
	const looked = { stage, tail: [], depends };
	if (!ofNothing) return { ...looked, from: [`{@${stage}} AS ${alias}`], where, values, always: false };
	const either = (value: SqlParts, missing: string) =>
		sql`(CASE WHEN ${column(names[0]!)} IS NULL THEN ${missing} ELSE ${value} END)`;
	const { having } = ofNothing;
	return {
		...looked,
		from: sql`(SELECT) AS one LEFT JOIN {@${String(stage)}} AS ${alias} ON ${joined(where, ' AND ')}`,
		where: having ? [either([column(having.column)], having.value)] : [],
		values: values.map((value, index) => either(value, ofNothing.columns[index]!)),
		always: !having
	};
}

/** `parts` is the text of `own = other`, where `own` is a row's of the subquery. */
export function equalityOf(parts: SqlParts, own: SqlParts, other: Expression): CompoundExpression {
	const traits = { within: true };
	return { ...expressionOf(parts, traits), equal: [expressionOf(own, traits), other] };
}

/** The bare rows of the subquery, with all that the expression computes with. */
function byRows(
	{ reading }: Place,
	clauses: Clauses,
	alias: string,
	connecting: readonly Expression[],
	order: readonly Ordered[]
): InnerRows {
	const exposed = new Exposed(clauses, referTo(alias));
	const where = connecting.map((condition): SqlParts => [exposed.overRows(condition)]);
	const texts = textsOf(clauses, exposed, order);
	const query = exposedRows(clauses, exposed, connecting);
	const stage = addStage(reading, { title: 'rows of a subquery', query, view: undefined });
	const key = stageTable(stage, query).key.map((name) => [`${alias}.${quote(name)}`]);
	// a row may have come or gone together with what a subquery within it reads
	const on = withoutSubqueries(connecting).map((condition) =>
		expressionOf([exposed.overRows(condition)], { within: true })
	);
	const dependence = { stage, alias, via: [], on: connecting.length > 0 ? on : undefined };
	return {
		stage,
		from: [`{@${stage}} AS ${alias}`],
		where,
		values: texts.values,
		tail: tailOf(texts, clauses.first, key),
		always: isAlways(clauses),
		depends: [dependence, ...exposed.within(stage, alias, on)]
	};
}

/** A subquery's rows with what is exposed of them, found by what equalities compare. */
export function exposedRows(
	{ scope, island }: Clauses,
	exposed: Exposed,
	connecting: readonly Expression[]
): Query {
	const base = scope.base ?? 0;
	const keys = connecting.flatMap((condition) => keyOf(condition, base) ?? []);
	const lookup = keys.map((key) => exposed.nameOf(key.inner));
	const own = ownIsland(island, base);
	const inner = keys.map((key) => ownNumber(key.inner, base));
	const rows = rowsOf({
		scope: { sources: ownSources(scope.sources, base), merged: [] },
		island: { ...own, ...withKnown(own, inner) },
		outputs: exposed.outputs(),
		grouping: undefined
	});
	return lookup.length > 0 ? { ...rows, lookups: [lookup] } : rows;
}

function isAlways({ grouping, first }: Clauses): boolean {
	return grouping !== undefined && grouping.groups.length === 0 && !grouping.having && !first;
}

interface Texts {
	readonly values: readonly SqlParts[];
	readonly groups: readonly SqlParts[];
	readonly having: SqlParts | undefined;
	readonly sorted: readonly SqlParts[];
	readonly isSorted: boolean;
	readonly isGrouped: boolean;
}

function textsOf({ outputs, grouping, first }: Clauses, written: Exposed, order: readonly Ordered[]): Texts {
	const text = (expression: Expression): SqlParts => [written.over(expression)];
	return {
		values: (first ? outputs.slice(0, first.count) : outputs).map(({ expression }) => text(expression)),
		groups: grouping ? [...grouping.groups, ...grouping.dependents].map(text) : [],
		having: grouping?.having && text(grouping.having),
		sorted: [...order, ...orderOf(first)].map(
			({ expression, direction }) => sql`${text(expression)}${direction}`
		),
		isSorted: first !== undefined || order.length > 0,
		isGrouped: grouping !== undefined
	};
}

function orderOf(first: FirstRows | undefined): Ordered[] {
	return (first?.order ?? []).map(({ name, direction }) => ({
		expression: first!.outputs.find((output) => output.name === name)!.expression,
		direction
	}));
}

/** `key` goes last in an order of rows, so that no two are level. */
function tailOf(texts: Texts, first: FirstRows | undefined, key: readonly SqlParts[]): SqlParts {
	const { groups, having, sorted, isSorted, isGrouped } = texts;
	const by = first?.limit?.withTies ? sorted : [...sorted, ...(isGrouped ? groups : key)];
	return [
		...(groups.length > 0 ? sql` GROUP BY ${joined(groups, ', ')}` : []),
		...(having ? sql` HAVING ${having}` : []),
		...(isSorted && by.length > 0 ? sql` ORDER BY ${joined(by, ', ')}` : []),
		...limitText(first?.limit)
	];
}
