import { around } from './inner-rows.ts';
import { expressionOf, sql } from './sql-parts.ts';
import { mapped, printOverTables, type Expression } from './expression.ts';
import { allSources, filtered, leftJoined, type Island } from './join-tree.ts';
import { sourcesOf } from './lineage.ts';
import { markNullable, type Names } from './names.ts';
import { islandFrom } from './plan.ts';
import { rowsOf, type Output, type Query } from './query.ts';
import type { Place } from './reading.ts';
import { notYet } from './refusal.ts';
import type { Source } from './scope.ts';
import { addStage, stageSource } from './stage-source.ts';
import { unionQuery } from './set-operation.ts';
import { isText } from './traits.ts';

interface Sides {
	readonly left: Island;
	readonly right: Island;
	readonly on: readonly Expression[];
	readonly at: number | undefined;
}

/** A full join as a stage, and where the columns of its sides are in it. */
interface FullJoin {
	readonly source: Source;
	readonly items: readonly {
		readonly alias: string;
		readonly columns: readonly { readonly name: string; readonly column: string }[];
	}[];
	readonly merged: readonly {
		readonly name: string;
		readonly column: string;
		readonly aliases: readonly string[];
	}[];
}

/**
 * The rows of a left join, and then those of the right side that met none of the left. Both are kept, and what
 * tells the latter too, so that one changed row touches what met it.
 */
export function fullJoin(place: Place, scope: Names, sides: Sides): FullJoin {
	const { left, right, on, at } = sides;
	if (scope.base > 0 || left.late.length + right.late.length > 0)
		notYet(at, 'FULL JOIN in a subquery or of joins with such conditions', 'Put the FULL JOIN into a CTE.');
	const outputs: Output[] = [];
	const output = (expression: Expression): string => {
		const name = `f${outputs.length}`;
		outputs.push({ name, expression });
		return name;
	};
	markNullable(scope, right);
	const items = scope.items.map(({ alias, columns }) => ({
		alias,
		columns: columns.map(({ name, expression }) => ({ name, column: output(expression) }))
	}));
	const merged = scope.merged.map(({ name, expression, items: of }) => {
		const other = of
			.flatMap(({ columns }) => columns.filter((column) => column.name === name))
			.map((column) => column.expression);
		const both = [expression, ...other].flatMap((one, index) => (index === 0 ? [one] : [', ', one]));
		const value = expressionOf(['COALESCE(', ...both, ')'], { text: isText(scope, expression) });
		return { name, column: output(value), aliases: of.map(({ alias }) => alias) };
	});
	const { reading } = place;
	const met = rowsOf({
		scope: { sources: scope.sources, merged: [] },
		island: leftJoined(left, right, on),
		outputs,
		grouping: undefined
	});
	const query = unionQuery(
		reading,
		[met, unmet(place, scope, sides, outputs)],
		outputs.map(({ name }) => name)
	);
	const stage = addStage(reading, { title: 'full join', query, view: undefined });
	return { source: stageSource(reading, stage, '', at), items, merged };
}

/** The rows of the right side that meet no row of the left, with NULL for the left's columns. */
function unmet(place: Place, scope: Names, { left, right, on }: Sides, outputs: readonly Output[]): Query {
	const own = only(scope, right);
	const other = only(scope, left);
	const base = 100;
	// as a subquery of the right side would see it
	const inner = (expression: Expression): Expression =>
		mapped(expression, (part) => {
			if (part.kind !== 'column') return undefined;
			const index = other.numbers.get(part.source);
			return { ...part, source: index === undefined ? own.numbers.get(part.source)! : base + index };
		});
	const side = renumbered(left, (source) => base + other.numbers.get(source)!, inner);
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
		'q1'
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

/** Some sources alone, with their new numbers by their old ones. */
function only(scope: Names, island: Island): { sources: Source[]; numbers: Map<number, number> } {
	const kept = allSources(island).sort((a, b) => a - b);
	const numbers = new Map(kept.map((source, index) => [source, index]));
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
		outer: island.outer.map(({ side, on }) => ({
			side: renumbered(side, number, within),
			on: on.map(within)
		}))
	};
}
