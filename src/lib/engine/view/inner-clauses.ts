import {
	dependsOf,
	identity,
	leaves,
	mapped,
	windowsIn,
	type CompoundExpression,
	type Expression
} from './expression.ts';
import { allConditions, type Island } from './join-tree.ts';
import type { Clauses, Output } from './query.ts';
import type { Source } from './scope.ts';
import { expressionOf, sql } from './sql-parts.ts';

/** Clauses of a subquery that names columns of the SELECT around it, taken apart. */
export interface InnerClauses {
	/** Without what connects it. */
	readonly rest: Clauses;
	/** Conditions that name the SELECT around. */
	readonly connecting: readonly Expression[];
	/** The same as equalities, where they all are. */
	readonly keys: readonly Key[] | undefined;
	/** It has rows of its own, without groups, windows or limit. */
	readonly isBare: boolean;
	/** Columns, groups or an order name the SELECT around, too. */
	readonly namesElsewhere: boolean;
}

/** Undefined where they cannot be taken apart: then it is computed in place. */
export function innerClauses(clauses: Clauses): InnerClauses | undefined {
	const { scope, island, outputs, grouping, first } = clauses;
	const base = scope.base ?? 0;
	if (scope.sources.some(({ call }) => call && hasAround(call, base))) return undefined;
	const connecting = island.late.filter((condition) => hasAround(condition, base));
	const within: Island = {
		...island,
		late: island.late.filter((condition) => !connecting.includes(condition))
	};
	if (allConditions(within).some((condition) => hasAround(condition, base))) return undefined;
	// an empty set has a row for each row around, which no key has
	if (grouping && grouping.sets.length > 1 && grouping.sets.some((set) => set.length === 0)) return undefined;
	const hasWindows = outputs.some(({ expression }) => windowsIn(expression).length > 0);
	const keys = connecting.map((condition) => keyOf(condition, base));
	// of sets that lack a group its value is NULL, and a key never is
	const groups = grouping && grouping.sets.length > 1 ? grouping.groups.map(identity) : [];
	if (keys.some((key) => key && groups.includes(identity(key.inner)))) return undefined;
	const rest = { ...clauses, island: within };
	return {
		rest,
		connecting,
		keys: keys.every((key) => key !== undefined) ? keys : undefined,
		isBare: !grouping && !first && !hasWindows,
		namesElsewhere: namesAround(rest)
	};
}

/** Whether a subquery names columns of the SELECT around it. */
export function namesAround(clauses: Clauses): boolean {
	return expressionsOf(clauses).some((expression) => hasAround(expression, clauses.scope.base ?? 0));
}

/** All that it is written of. */
export function expressionsOf({ scope, island, outputs, grouping }: Clauses): Expression[] {
	return [
		...scope.sources.flatMap(({ call }) => (call ? [call] : [])),
		...allConditions(island),
		...outputs.map((output) => output.expression),
		...(grouping ? [...grouping.groups, ...grouping.aggregates] : []),
		...(grouping?.having ? [grouping.having] : [])
	];
}

export function hasAround(expression: Expression, base: number): boolean {
	for (const leaf of leaves(expression)) if (leaf.kind === 'column' && leaf.source < base) return true;
	return dependsOf(expression).some(({ on }) => on?.some((condition) => hasAround(condition, base)));
}

/** An equality of something of the subquery with something of the SELECT around. */
export interface Key {
	readonly inner: Expression;
	readonly outer: Expression;
}

export function keyOf(condition: Expression, base: number): Key | undefined {
	if (condition.kind !== 'compound' || !condition.equal) return undefined;
	const [one, other] = condition.equal;
	if (isWithin(one, base) && !hasWithin(other, base)) return { inner: one, outer: other };
	if (isWithin(other, base) && !hasWithin(one, base)) return { inner: other, outer: one };
	return undefined;
}

function isWithin(expression: Expression, base: number): boolean {
	return hasWithin(expression, base) && !hasAround(expression, base);
}

export function hasWithin(expression: Expression, base: number): boolean {
	for (const leaf of leaves(expression)) if (leaf.kind === 'column' && leaf.source >= base) return true;
	return dependsOf(expression).some(({ on }) => on?.some((condition) => hasWithin(condition, base)));
}

/** An expression of the subquery alone, as it stands in a query of its own. */
export function ownNumber(expression: Expression, base: number): Expression {
	return mapped(expression, (part) =>
		part.kind === 'column' && part.source >= base ? { ...part, source: part.source - base } : undefined
	);
}

export function ownNumbers(clauses: Clauses): Clauses {
	const { base = 0, sources, windows } = clauses.scope;
	const own = (expression: Expression) => ownNumber(expression, base);
	const output = ({ name, expression }: Output): Output => ({ name, expression: own(expression) });
	const { grouping, first } = clauses;
	return {
		...clauses,
		scope: { sources: ownSources(sources, base), merged: [], ...(windows && { windows }) },
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

export function ownSources(sources: readonly Source[], base: number): Source[] {
	return sources.map((source) =>
		source.call ? { ...source, call: ownNumber(source.call, base) as CompoundExpression } : source
	);
}

export function ownIsland(island: Island, base: number): Island {
	const own = (expression: Expression) => ownNumber(expression, base);
	return {
		sources: island.sources.map((source) => source - base),
		conditions: island.conditions.map(own),
		late: island.late.map(own),
		outer: island.outer.map(({ side, on, needs }) => ({
			side: ownIsland(side, base),
			on: on.map(own),
			needs: needs.map((source) => source - base)
		}))
	};
}

function isKnown(expression: Expression): Expression {
	return {
		...expressionOf(sql`(${expression} IS NOT NULL)`, { notNull: true }),
		form: { kind: 'known', of: [expression] }
	};
}

/** With the condition that those are not NULL, where they are of sources that every row has. */
export function withKnown(island: Island, expressions: readonly Expression[]): Partial<Island> {
	const [conditions, late] = [[...island.conditions], [...island.late]];
	for (const expression of expressions) {
		const every = [...leaves(expression)].every(
			(leaf) => leaf.kind === 'column' && island.sources.includes(leaf.source)
		);
		(every ? conditions : late).push(isKnown(expression));
	}
	return { conditions, late };
}
