import { around } from './inner-rows.ts';
import { expressionOf, sql } from './sql-parts.ts';
import { mapped, printOverTables, type Expression } from './expression.ts';
import { allSources, filtered, leftJoined, type Island } from './join-tree.ts';
import { addJoinStage, eitherOf, standingAlone } from './join-stage.ts';
import { sourcesOf } from './lineage.ts';
import { markNullable, type Names } from './names.ts';
import { islandFrom } from './plan.ts';
import { rowsOf, type Output, type Query } from './query.ts';
import type { Place } from './reading.ts';
import type { Source } from './scope.ts';
import { unionQuery } from './set-operation.ts';

interface Sides {
	readonly left: Island;
	readonly right: Island;
	readonly on: readonly Expression[];
	readonly at: number | undefined;
}

/**
 * Adds a full join: the rows of a left join, and then those of the right side that met none of the left. Both are
 * kept, and what tells the latter too, so that one changed row touches what met it. Returns its source's number.
 */
export function addFullJoin(scope: Names, place: Place, own: Names, sides: Sides): number {
	const { at } = sides;
	const { left, right } = sides;
	const { names, islands, on } = standingAlone(own, { left, right }, sides.on, at);
	const alone = { ...islands, on, at };
	markNullable(names, islands.right);
	return addJoinStage(
		scope,
		place,
		'full join',
		{ names, at },
		(merged) => eitherOf(names, merged),
		(outputs) => {
			const met = rowsOf({
				scope: { sources: names.sources, merged: [] },
				island: leftJoined(islands.left, islands.right, on),
				outputs,
				grouping: undefined
			});
			return unionQuery(
				place.reading,
				[met, unmet(place, names, alone, outputs)],
				outputs.map(({ name }) => name)
			);
		}
	);
}

/** The rows of the right side that meet no row of the left, with NULL for the left's columns. */
function unmet(place: Place, scope: Names, { left, right, on }: Sides, outputs: readonly Output[]): Query {
	// apart from those of subqueries in ON, as is its alias
	const base = 1_000_000;
	const own = only(scope, right);
	const other = only(scope, left, base);
	// as a subquery of the right side would see it
	const inner = (expression: Expression): Expression =>
		mapped(expression, (part) => {
			if (part.kind !== 'column') return undefined;
			return { ...part, source: other.numbers.get(part.source) ?? own.numbers.get(part.source)! };
		});
	const side = renumbered(left, (source) => other.numbers.get(source)!, inner);
	const rows = around(
		place,
		{
			scope: { sources: other.sources, merged: [], base, outer: { sources: own.sources, merged: [] } },
			island: on.map(inner).reduce(filtered, side),
			outputs: [],
			grouping: undefined,
			distinct: false,
			first: undefined
		},
		'q0'
	);
	const where = rows.where.flatMap((parts, index) => (index === 0 ? parts : [' AND ', ...parts]));
	const from = sql`SELECT FROM ${rows.from}${where.length > 0 ? sql` WHERE ${where}` : []}`;
	const alone: Expression = {
		...expressionOf(sql`(NOT EXISTS (${from}))`, { notNull: true }),
		depends: rows.depends
	};
	const whole = rowsOf({
		scope: { sources: scope.sources, merged: [] },
		island: left,
		outputs: [],
		grouping: undefined
	});
	const lefts = new Set(allSources(left));
	const here = (expression: Expression): Expression =>
		mapped(expression, (part) => {
			// a NULL of the type that it has there
			if (isOf(part, lefts))
				return expressionOf([
					`(SELECT ${printOverTables(part)} FROM ${islandFrom(whole, left)} WHERE false)`
				]);
			return part.kind === 'column' ? { ...part, source: own.numbers.get(part.source)! } : undefined;
		});
	const island = renumbered(right, (source) => own.numbers.get(source)!, here);
	return rowsOf({
		scope: { sources: own.sources, merged: [] },
		island: filtered(island, alone),
		outputs: outputs.map(({ name, expression }) => ({ name, expression: here(expression) })),
		grouping: undefined
	});
}

/** Whether it is made of columns of those alone. */
function isOf(expression: Expression, sources: ReadonlySet<number>): boolean {
	const columns = sourcesOf(expression);
	return columns.length > 0 && columns.every((source) => sources.has(source));
}

/** Some sources alone, with their new numbers, from `base` on, by their old ones. */
function only(scope: Names, island: Island, base = 0): { sources: Source[]; numbers: Map<number, number> } {
	const kept = allSources(island).sort((a, b) => a - b);
	const numbers = new Map(kept.map((source, index) => [source, base + index]));
	const within = (expression: Expression) =>
		mapped(expression, (part) =>
			part.kind === 'column' ? { ...part, source: numbers.get(part.source)! } : undefined
		);
	const sources = kept.map((source) => {
		const one = scope.sources[source]!;
		return one.call ? { ...one, call: within(one.call) as typeof one.call } : one;
	});
	return { sources, numbers };
}

function renumbered(
	island: Island,
	number: (source: number) => number,
	within: (expression: Expression) => Expression
): Island {
	return {
		sources: island.sources.map(number),
		conditions: island.conditions.map(within),
		late: island.late.map(within),
		outer: island.outer.map(({ side, on, needs }) => ({
			side: renumbered(side, number, within),
			on: on.map(within),
			needs: needs.map(number)
		}))
	};
}
