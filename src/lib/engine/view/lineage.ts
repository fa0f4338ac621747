import { columnOf } from './catalog.ts';
import { children, type ColumnExpression, type Expression } from './expression.ts';
import { allConditions, allSources, islandOfQuery, type Island } from './join-tree.ts';
import type { Query } from './query.ts';
import type { Scope } from './scope.ts';

/**
 * The fewest sources whose primary keys tell the rows of a join apart, as indexes into FROM. A source
 * does not count where equalities with the others fix its whole key: of tickets joined to their project,
 * the ticket's key is enough. Where several sets are smallest, one that `isShown` prefers. Those that a row
 * may lack come last.
 */
export function lineageSources(query: Query, isShown: (source: number) => boolean): number[] {
	const island = islandOfQuery(query);
	const lineage = [...smallestKey(query, island, isShown)];
	const pairs = determining(island);
	const nullable = allSources(island).filter((source) => !island.sources.includes(source));
	const calls = island.sources.filter((source) => isCall(query.scope, source));
	for (const source of [...calls.sort((a, b) => a - b), ...nullable.sort((a, b) => a - b)])
		if (!closure(query.scope, pairs, lineage).has(source)) lineage.push(source);
	return lineage;
}

/** The same of the sources alone that every row has. */
function smallestKey(
	{ scope }: Query,
	{ sources: all, conditions }: Island,
	isShown: (source: number) => boolean
): number[] {
	const sources = all.filter((source) => !isCall(scope, source));
	if (sources.length === 0) return [];
	const pairs = equalities(conditions).map((pair) => ({ pair, of: sources }));
	const candidates = subsets(sources.length)
		.map((set) => set.map((index) => sources[index]!).sort((a, b) => a - b))
		.filter((set) => {
			const known = closure(scope, pairs, set);
			return sources.every((source) => known.has(source));
		})
		.sort((a, b) => a.length - b.length || shownFirst(a, b, isShown));
	return candidates[0]!;
}

function shownFirst(
	a: readonly number[],
	b: readonly number[],
	isShown: (source: number) => boolean
): number {
	return Number(b.every(isShown)) - Number(a.every(isShown));
}

function* bits(count: number): Generator<number[]> {
	for (let mask = 1; mask < 1 << count; mask++) {
		yield Array.from({ length: count }, (_, index) => index).filter((index) => mask & (1 << index));
	}
}

function subsets(count: number): number[][] {
	return [...bits(count)];
}

export type Equality = readonly [Expression, Expression];

export function equalities(conditions: readonly Expression[]): Equality[] {
	return conditions.flatMap((condition) =>
		condition.kind === 'compound' && condition.equal ? [condition.equal] : []
	);
}

/** An equality, and the sources of which it may fix a key. */
interface Determining {
	readonly pair: Equality;
	readonly of: readonly number[];
}

/**
 * ON holds of rows that have the side which it joins: it fixes keys of that side, and none of what the side is
 * joined to, which is there also without it. Late conditions hold of the rows alone that are shown.
 */
export function determining({ sources, conditions, outer }: Island): Determining[] {
	const own = equalities(conditions).map((pair) => ({ pair, of: sources }));
	const joins = outer.flatMap(({ side, on }) => [
		...equalities(on).map((pair) => ({ pair, of: allSources(side) })),
		...determining(side)
	]);
	return [...own, ...joins];
}

/** Its rows follow from those of others, or from nothing. */
export function isCall(scope: Scope, source: number): boolean {
	return scope.sources[source]!.call !== undefined;
}

/** All sources that are determined by the keys of `set`. */
export function closure(scope: Scope, pairs: readonly Determining[], set: readonly number[]): Set<number> {
	const known = new Set(set);
	for (let grown = true; grown;) {
		grown = false;
		for (const source of scope.sources.keys()) {
			if (known.has(source) || !isDetermined(scope, pairs, known, source)) continue;
			known.add(source);
			grown = true;
		}
	}
	return known;
}

function isDetermined(
	scope: Scope,
	pairs: readonly Determining[],
	known: ReadonlySet<number>,
	source: number
): boolean {
	const { table, call } = scope.sources[source]!;
	if (call) return false;
	return table.key.every((key) =>
		pairs.some(
			({ pair: [left, right], of }) =>
				of.includes(source) &&
				(fixes(scope, known, source, key, left, right) || fixes(scope, known, source, key, right, left))
		)
	);
}

/** `side` is that key column and `other` a column of a known source, of a type under which equal means one key. */
function fixes(
	scope: Scope,
	known: ReadonlySet<number>,
	source: number,
	key: string,
	side: Expression,
	other: Expression
): boolean {
	if (side.kind !== 'column' || side.source !== source || side.column !== key) return false;
	if (other.kind !== 'column' || !known.has(other.source)) return false;
	return sameType(scope, side, other);
}

const integers = /^(smallint|integer|bigint)$/;

function sameType(scope: Scope, one: ColumnExpression, other: ColumnExpression): boolean {
	const [a, b] = [one, other].map((column) => columnOf(scope.sources[column.source]!.table, column.column)!);
	if (a!.array !== b!.array) return false;
	return a!.type === b!.type || (integers.test(a!.type) && integers.test(b!.type));
}

/**
 * The sources in an order in which each can be looked up from those before it, beginning with one: what
 * equalities fix by its whole key first, then what any equality reaches, any condition, the rest.
 */
export function joinOrder(query: Query, first: number): number[] {
	const order = [first];
	const pairs = equalities(query.conditions);
	const rest = new Set(query.scope.sources.keys());
	const fixing = pairs.map((pair) => ({ pair, of: [...rest] }));
	rest.delete(first);
	while (rest.size > 0) {
		const known = new Set(order);
		const reached = (source: number, expressions: readonly Expression[]) => {
			const sources = expressions.flatMap(sourcesOf);
			return sources.includes(source) && sources.every((other) => other === source || known.has(other));
		};
		const found =
			[...rest].find((source) => isDetermined(query.scope, fixing, known, source)) ??
			[...rest].find((source) => pairs.some((pair) => reached(source, pair))) ??
			[...rest].find((source) => query.conditions.some((condition) => reached(source, [condition]))) ??
			[...rest][0]!;
		order.push(found);
		rest.delete(found);
	}
	return order;
}

/** A source that no condition connects with the first: every row meets every row. */
export function disconnected(query: Query): number | undefined {
	const reached = new Set([0]);
	const calls = query.scope.sources.flatMap(({ call }, source) =>
		call ? [new Set([source, ...sourcesOf(call)])] : []
	);
	const conditions = allConditions(islandOfQuery(query)).map((condition) => new Set(sourcesOf(condition)));
	const touched = [...conditions, ...calls];
	for (let grown = true; grown;) {
		grown = false;
		for (const set of touched) {
			if (![...set].some((source) => reached.has(source))) continue;
			for (const source of set) if (!reached.has(source)) grown = !!reached.add(source);
		}
	}
	const tables = [...query.scope.sources.keys()].filter((source) => !isCall(query.scope, source));
	return tables.find((source) => !reached.has(source));
}

export function sourcesOf(expression: Expression): number[] {
	return expression.kind === 'column' ? [expression.source] : children(expression).flatMap(sourcesOf);
}
