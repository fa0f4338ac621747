import {
	columnOverTables,
	dependsOf,
	identity,
	isConstant,
	leaves,
	mapped,
	printAggregate,
	printOverTables,
	quote,
	windowsIn,
	type AggregateExpression,
	type CompoundExpression,
	type Dependence,
	type Expression
} from './expression.ts';
import { firstRows, type FirstRows } from './first-rows.ts';
import { allConditions, allSources, printIsland, type Island } from './join-tree.ts';
import type { Source } from './scope.ts';
import { islandFrom } from './plan.ts';
import { assembled, rowsOf, type Clauses, type Output, type Query } from './query.ts';
import { expressionOf, joined, sql, type SqlParts } from './sql-parts.ts';
import type { Place, Reading } from './reading.ts';
import { notYet } from './refusal.ts';
import { addStage, stageTable } from './stage-source.ts';
import { groupPart } from './grouping.ts';
import { apartFromGroups } from './grouped-subqueries.ts';
import { windowed } from './windowed.ts';
import { isNotNull, isText } from './traits.ts';

/** The rows of a subquery in an expression, as they are looked up in a stage. */
export interface InnerRows {
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

/** Whether a subquery names columns of the SELECT around it. */
export function namesAround({ scope, island, outputs, grouping }: Clauses): boolean {
	const expressions = [
		...scope.sources.flatMap(({ call }) => (call ? [call] : [])),
		...allConditions(island),
		...outputs.map((output) => output.expression),
		...(grouping ? [...grouping.groups, ...grouping.aggregates] : []),
		...(grouping?.having ? [grouping.having] : [])
	];
	return expressions.some((expression) => hasAround(expression, scope.base ?? 0));
}

function hasAround(expression: Expression, base: number): boolean {
	for (const leaf of leaves(expression)) if (leaf.kind === 'column' && leaf.source < base) return true;
	return dependsOf(expression).some(({ on }) => on?.some((condition) => hasAround(condition, base)));
}

/** An equality of something of the subquery with something of the SELECT around. */
interface Key {
	readonly inner: Expression;
	readonly outer: Expression;
}

/**
 * A subquery that names columns of the SELECT around it. What it reads without them becomes the stage: where
 * it aggregates or limits and only equalities connect it, once for each value of what they compare; otherwise
 * its bare rows, of which the expression computes the rest. `order` is that of ARRAY(…).
 */
export function around(
	place: Place,
	clauses: Clauses,
	alias: string,
	order: readonly Ordered[] = []
): InnerRows {
	const { scope, island, outputs, grouping, first } = clauses;
	const base = scope.base ?? 0;
	if (clauses.distinct)
		notYet(
			undefined,
			'DISTINCT in a subquery that is a value and names the SELECT around it',
			'Group by what it selects.'
		);
	if (scope.sources.every(({ call }) => call !== undefined)) return inPlace(clauses, order);
	if (scope.sources.some(({ call }) => call && hasAround(call, base)))
		notYet(
			undefined,
			'a subquery that joins a function of the SELECT around it with tables',
			'Call the function in FROM of the SELECT around.'
		);
	const connecting = island.late.filter((condition) => hasAround(condition, base));
	const within: Island = {
		...island,
		late: island.late.filter((condition) => !connecting.includes(condition))
	};
	if (allConditions(within).some((condition) => hasAround(condition, base)))
		notYet(undefined, 'a subquery whose outer join names the SELECT around it', 'Put the join into a CTE.');
	const hasWindows = outputs.some(({ expression }) => windowsIn(expression).length > 0);
	const keys = connecting.map((condition) => keyOf(condition, base));
	const namesElsewhere = namesAround({ ...clauses, island: within });
	const rest = { ...clauses, island: within };
	const isBare = !grouping && !first && !hasWindows;
	const hasEmptySet =
		grouping !== undefined && grouping.sets.length > 1 && grouping.sets.some((set) => set.length === 0);
	if (hasEmptySet)
		notYet(
			undefined,
			'GROUPING SETS with () in a subquery that names the SELECT around it',
			'Compute it in a CTE with the columns that connect it, and join that.'
		);
	if (!isBare && order.length === 0 && !namesElsewhere && keys.every((key) => key !== undefined))
		return byKeys(place, rest, alias, keys);
	if (hasWindows || (grouping && grouping.sets.length > 1))
		notYet(
			undefined,
			'a subquery with window functions or GROUPING SETS that is connected by more than equalities',
			'Compute it in a CTE with the columns that connect it, and join that.'
		);
	return byRows(place, rest, alias, connecting, order);
}

function keyOf(condition: Expression, base: number): Key | undefined {
	if (condition.kind !== 'compound' || !condition.equal) return undefined;
	const [one, other] = condition.equal;
	if (isWithin(one, base) && !hasWithin(other, base)) return { inner: one, outer: other };
	if (isWithin(other, base) && !hasWithin(one, base)) return { inner: other, outer: one };
	return undefined;
}

function isWithin(expression: Expression, base: number): boolean {
	return hasWithin(expression, base) && !hasAround(expression, base);
}

function hasWithin(expression: Expression, base: number): boolean {
	for (const leaf of leaves(expression)) if (leaf.kind === 'column' && leaf.source >= base) return true;
	return false;
}

/** An expression of the subquery alone, as it stands in a query of its own. */
function ownNumber(expression: Expression, base: number): Expression {
	return mapped(expression, (part) =>
		part.kind === 'column' && part.source >= base ? { ...part, source: part.source - base } : undefined
	);
}

function ownNumbers(clauses: Clauses): Clauses {
	const { base = 0, sources, merged, windows } = clauses.scope;
	const own = (expression: Expression) => ownNumber(expression, base);
	const output = ({ name, expression }: Output): Output => ({ name, expression: own(expression) });
	const { grouping, first } = clauses;
	return {
		...clauses,
		scope: { sources: ownSources(sources, base), merged, ...(windows && { windows }) },
		island: ownIsland(clauses.island, base),
		outputs: clauses.outputs.map(output),
		grouping: grouping && {
			...grouping,
			groups: grouping.groups.map(own),
			dependents: grouping.dependents.map(own),
			aggregates: grouping.aggregates.map((one) => own(one) as typeof one),
			having: grouping.having && own(grouping.having)
		},
		first: first && { ...first, outputs: first.outputs.map(output) }
	};
}

function ownSources(sources: readonly Source[], base: number): Source[] {
	return sources.map((source) =>
		source.call ? { ...source, call: ownNumber(source.call, base) as CompoundExpression } : source
	);
}

function ownIsland(island: Island, base: number): Island {
	const own = (expression: Expression) => ownNumber(expression, base);
	return {
		sources: island.sources.map((source) => source - base),
		conditions: island.conditions.map(own),
		late: island.late.map(own),
		outer: island.outer.map(({ side, on }) => ({ side: ownIsland(side, base), on: on.map(own) }))
	};
}

function isKnown(expression: Expression): Expression {
	return {
		...expressionOf(sql`(${expression} IS NOT NULL)`, { notNull: true }),
		form: { kind: 'known', of: [expression] }
	};
}

/** The subquery once for each value of its keys. */
function byKeys(place: Place, clauses: Clauses, alias: string, keys: readonly Key[]): InnerRows {
	const base = clauses.scope.base ?? 0;
	const own = ownNumbers(clauses);
	const { scope, outputs, first } = own;
	const taken = new Set(outputs.map((output) => output.name));
	const keyOutputs = keys.map(({ inner }, index): Output => {
		const expression = ownNumber(inner, base);
		const parts = sql`${expression}`;
		const name = `${taken.has(`k${index}`) ? 'key_' : 'k'}${index}`;
		return { name, expression: expressionOf(parts, { notNull: true, text: isText(scope, expression) }) };
	});
	const island = {
		...own.island,
		...withKnown(
			own.island,
			keys.map(({ inner }) => ownNumber(inner, base))
		)
	};
	const isGlobal =
		own.grouping !== undefined && own.grouping.groups.length === 0 && own.grouping.sets.length === 1;
	const having = isGlobal ? own.grouping!.having : undefined;
	const shown: Output[] = having ? [{ name: 'having_', expression: having }] : [];
	const count = keyOutputs.length;
	const grouping = own.grouping && {
		...own.grouping,
		groups: [...keyOutputs.map(({ expression }) => expression), ...own.grouping.groups],
		sets: own.grouping.sets.map((set) => [...keyOutputs.keys(), ...set.map((index) => index + count)]),
		having: isGlobal ? undefined : own.grouping.having
	};
	const rows = rowsOf({ ...own, island, grouping, outputs: [...keyOutputs, ...outputs, ...shown] });
	const names = keyOutputs.map(({ name }) => name);
	if (outputs.some(({ expression }) => windowsIn(expression).length > 0))
		notYet(
			undefined,
			'window functions in a subquery that names the SELECT around it',
			'Compute them in a CTE with the columns that connect it, and join that.'
		);
	const { reading } = place;
	const query = firstRows(reading, windowed(reading, apartFromGroups(reading, rows)), first, names);
	const stage = addStage(reading, {
		title: 'subquery by key',
		query: query.grouping ? query : { ...query, lookups: [names] },
		view: undefined
	});
	const where = keys.map(
		({ outer }, index) => sql`(${alias}.${quote(names[index]!)} OPERATOR(pg_catalog.=) ${outer})`
	);
	const shownOutputs = first ? outputs.slice(0, first.count) : outputs;
	const values = shownOutputs.map(({ name }) => [`${alias}.${quote(name)}`]);
	const depends = [
		{ stage, alias, via: [], on: where.map((parts) => expressionOf(parts, { within: true })) }
	];
	if (!isGlobal || first)
		return { stage, from: [`{@${stage}} AS ${alias}`], where, values, tail: [], always: false, depends };
	const missing = `${alias}.${quote(names[0]!)} IS NULL`;
	const ofMissing = (expression: Expression, value: SqlParts) =>
		sql`(CASE WHEN ${missing} THEN ${ofNothing(own, expression)} ELSE ${value} END)`;
	return {
		stage,
		from: sql`(SELECT) AS one LEFT JOIN {@${String(stage)}} AS ${alias} ON ${joined(where, ' AND ')}`,
		where: having ? [ofMissing(having, [`${alias}."having_"`])] : [],
		values: outputs.map(({ expression }, index) => ofMissing(expression, values[index]!)),
		tail: [],
		always: !having,
		depends
	};
}

/** An aggregate's value where there are no rows. */
function ofNothing(clauses: Clauses, expression: Expression): string {
	const from = islandFrom(rowsOf(clauses), clauses.island);
	return `(SELECT ${printOverTables(expression)} FROM ${from} WHERE false)`;
}

/** With the condition that those are not NULL, where they are of sources that every row has. */
function withKnown(island: Island, expressions: readonly Expression[]): Partial<Island> {
	const [conditions, late] = [[...island.conditions], [...island.late]];
	for (const expression of expressions) {
		const every = [...leaves(expression)].every(
			(leaf) => leaf.kind === 'column' && island.sources.includes(leaf.source)
		);
		(every ? conditions : late).push(isKnown(expression));
	}
	return { conditions, late };
}

/** The bare rows of the subquery, with all that the expression computes with. */
function byRows(
	place: Place,
	clauses: Clauses,
	alias: string,
	connecting: readonly Expression[],
	order: readonly Ordered[]
): InnerRows {
	const { first, island, scope } = clauses;
	const base = scope.base ?? 0;
	const exposed = new Exposed(clauses, alias);
	const where = connecting.map((condition): SqlParts => [exposed.overRows(condition)]);
	const texts = textsOf(clauses, exposed, order);
	const keys = connecting.flatMap((condition) => keyOf(condition, base) ?? []);
	const inner = keys.map((key) => ownNumber(key.inner, base));
	const lookup = keys.map((key) => exposed.nameOf(key.inner));
	const own = ownIsland(island, base);
	const rows = rowsOf({
		scope: { sources: ownSources(scope.sources, base), merged: [] },
		island: { ...own, ...withKnown(own, inner) },
		outputs: exposed.outputs(),
		grouping: undefined
	});
	const query: Query = lookup.length > 0 ? { ...rows, lookups: [lookup] } : rows;
	const stage = addStage(place.reading, { title: 'rows of a subquery', query, view: undefined });
	const key = stageTable(stage, query).key.map((name) => [`${alias}.${quote(name)}`]);
	const on = where.map((parts) => expressionOf(parts, { within: true }));
	const dependence = { stage, alias, via: [], on: connecting.length > 0 ? on : undefined };
	return {
		stage,
		from: [`{@${stage}} AS ${alias}`],
		where,
		values: texts.values,
		tail: tailOf(texts, first, key),
		always: isAlways(clauses),
		depends: [dependence, ...exposed.within(stage, alias, on)]
	};
}

function isAlways({ grouping, first }: Clauses): boolean {
	return grouping !== undefined && grouping.groups.length === 0 && !grouping.having && !first;
}

/** A subquery over nothing but functions and constants: it depends on the row around it alone. */
function inPlace(clauses: Clauses, order: readonly Ordered[]): InnerRows {
	const { island, scope, first } = clauses;
	const base = scope.base ?? 0;
	const exposed = new Exposed(clauses, undefined);
	const from = marked((mark) =>
		printIsland(
			island,
			(source) => {
				const { call, table } = scope.sources[source - base]!;
				const columns = table.columns.map(({ name }) => quote(name)).join(', ');
				return `${mark(exposed.overRows(call!))} AS a${source}(${columns})`;
			},
			(condition) => mark(exposed.overRows(condition))
		)
	);
	const where = [...island.conditions, ...island.late].map((condition): SqlParts => [
		exposed.overRows(condition)
	]);
	const texts = textsOf(clauses, exposed, order);
	const key = allSources(island).map((source) => [columnOverTables(source, '_n')]);
	return {
		stage: -1,
		from,
		where,
		values: texts.values,
		tail: tailOf(texts, first, key),
		always: isAlways(clauses),
		depends: exposed.within(-1, '', []).map((one) => ({ ...one, via: [], on: undefined }))
	};
}

interface Texts {
	readonly values: readonly SqlParts[];
	readonly groups: readonly SqlParts[];
	readonly having: SqlParts | undefined;
	readonly sorted: readonly SqlParts[];
	readonly isSorted: boolean;
	readonly isGrouped: boolean;
}

function textsOf({ outputs, grouping, first }: Clauses, exposed: Exposed, order: readonly Ordered[]): Texts {
	const text = (expression: Expression): SqlParts => [exposed.over(expression)];
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

/** `key` goes last in an order of rows, so that no two are level. */
function tailOf(texts: Texts, first: FirstRows | undefined, key: readonly SqlParts[]): SqlParts {
	const { groups, having, sorted, isSorted, isGrouped } = texts;
	const by = first?.limit?.withTies ? sorted : [...sorted, ...(isGrouped ? groups : key)];
	return [
		...(groups.length > 0 ? sql` GROUP BY ${joined(groups, ', ')}` : []),
		...(having ? sql` HAVING ${having}` : []),
		...(isSorted && by.length > 0 ? sql` ORDER BY ${joined(by, ', ')}` : []),
		...limitOf(first)
	];
}

interface Ordered {
	readonly expression: Expression;
	readonly direction: string;
}

function orderOf(first: FirstRows | undefined): Ordered[] {
	if (!first) return [];
	if (first.distinctOn)
		notYet(
			undefined,
			'DISTINCT ON in a subquery that is connected by more than equalities',
			'Compute it in a CTE with the columns that connect it, and join that.'
		);
	return first.order.map(({ name, direction }) => ({
		expression: first.outputs.find((output) => output.name === name)!.expression,
		direction
	}));
}

function limitOf(first: FirstRows | undefined): SqlParts {
	if (!first?.limit) return [];
	const { limit, offset, withTies } = first.limit;
	const rows = limit === undefined ? '' : ` FETCH FIRST ${limit} ROWS ${withTies ? 'WITH TIES' : 'ONLY'}`;
	return [` OFFSET ${offset}${rows}`];
}

/**
 * What of a subquery's rows its stage has to give: the largest parts of its expressions that are of a row alone.
 * Without a stage (no `alias`): its columns, where they stand.
 */
class Exposed {
	readonly #clauses: Clauses;
	readonly #alias: string | undefined;
	readonly #outputs = new Map<string, Output>();
	readonly #within: Dependence[] = [];

	constructor(clauses: Clauses, alias: string | undefined) {
		this.#clauses = clauses;
		this.#alias = alias;
	}

	/** An expression of a row, over the stage's rows and the SELECT around. */
	overRows(expression: Expression): Expression {
		return this.#lifted(mapped(expression, (part) => (this.#isOfRow(part) ? this.#expose(part) : undefined)));
	}

	/** The same of a row or, where the subquery has groups, of a group. */
	over(expression: Expression): Expression {
		const { grouping } = this.#clauses;
		if (!grouping) return this.overRows(expression);
		const printed = mapped(expression, (part) => {
			if (groupPart(grouping, part))
				return this.#alias === undefined ? this.overRows(part) : this.#expose(part);
			if (part.kind !== 'aggregate') return undefined;
			const ofRows = mapped(part, (arg) => (this.#isOfRow(arg) ? this.#expose(arg) : undefined));
			return expressionOf(aggregateParts(ofRows as typeof part), { within: true });
		});
		return this.#lifted(printed);
	}

	#lifted(expression: Expression): Expression {
		this.#within.push(...dependsOf(expression));
		return withoutDepends(expression);
	}

	/** What subqueries within it depend on: these rows stand between those and the SELECT around. */
	within(stage: number, alias: string, on: readonly Expression[]): Dependence[] {
		return this.#within.map((one) => ({
			...one,
			via: [...one.via, { stage, alias }],
			on: one.on && [...one.on, ...on]
		}));
	}

	nameOf(expression: Expression): string {
		return this.#output(expression).name;
	}

	/** A stage has one column at least. */
	outputs(): Output[] {
		const outputs = [...this.#outputs.values()];
		return outputs.length > 0
			? outputs
			: [{ name: 'c0', expression: expressionOf(['true'], { notNull: true }) }];
	}

	#isOfRow(part: Expression): boolean {
		if (this.#alias === undefined)
			return part.kind === 'column' && part.source >= (this.#clauses.scope.base ?? 0);
		if (hasAround(part, this.#clauses.scope.base ?? 0) || isConstant(part) || windowsIn(part).length > 0)
			return false;
		return ![...leaves(part)].some((leaf) => leaf.kind === 'aggregate');
	}

	#expose(expression: Expression): Expression {
		const { scope } = this.#clauses;
		const own =
			this.#alias === undefined
				? printOverTables(expression)
				: `${this.#alias}.${quote(this.#output(expression).name)}`;
		return expressionOf([own], {
			text: isText(scope, expression),
			notNull: isNotNull(scope, expression),
			within: true
		});
	}

	#output(expression: Expression): Output {
		const own = ownNumber(expression, this.#clauses.scope.base ?? 0);
		const key = identity(own);
		const output = this.#outputs.get(key) ?? { name: `c${this.#outputs.size}`, expression: own };
		this.#outputs.set(key, output);
		return output;
	}
}

function withoutDepends(expression: Expression): Expression {
	if (expression.kind !== 'compound') return expression;
	const { depends: _, ...rest } = expression;
	return {
		...rest,
		parts: rest.parts.map((part) => (typeof part === 'string' ? part : withoutDepends(part)))
	};
}

/** An aggregate as text with expressions in it: it is of another SELECT than the one that it is printed in. */
function aggregateParts(aggregate: AggregateExpression): SqlParts {
	return marked((mark) => printAggregate(aggregate, mark));
}

/** Text that is made with marks where expressions stand. */
function marked(build: (mark: (expression: Expression) => string) => string): SqlParts {
	const found: Expression[] = [];
	const text = build((expression) => `\u0001${found.push(expression) - 1}\u0001`);
	return text.split('\u0001').map((part, index) => (index % 2 === 0 ? part : found[Number(part)]!));
}
