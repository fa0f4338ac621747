import type { Json } from '#kernel';
import type { Expression } from './expression.ts';
import { sourcesOf } from './lineage.ts';
import { rejectsNulls } from './null-rejection.ts';
import type { Query } from './query.ts';

/**
 * Sources that are joined inside, in no order, and then left joins in theirs. RIGHT JOIN is a LEFT JOIN
 * the other way round.
 */
export interface Island {
	/** Those that every row has. */
	readonly sources: readonly number[];
	/** Over `sources` alone. */
	readonly conditions: readonly Expression[];
	readonly outer: readonly OuterJoin[];
	/** Conditions over sources that a row may lack, which are not false of such a row by themselves. */
	readonly late: readonly Expression[];
}

export interface OuterJoin {
	readonly side: Island;
	/** Over the side, the island and the joins before. */
	readonly on: readonly Expression[];
	/** Sources from which rows of the side follow: those of LATERAL and of functions. */
	readonly needs: readonly number[];
}

export function islandOf(source: number): Island {
	return { sources: [source], conditions: [], outer: [], late: [] };
}

/** How a query's sources are joined. */
export function islandOfQuery({ scope, conditions, joins }: Query): Island {
	return joins ?? { sources: [...scope.sources.keys()], conditions, outer: [], late: [] };
}

/** Every row with every row. */
export function combined(one: Island, other: Island): Island {
	return {
		sources: [...one.sources, ...other.sources],
		conditions: [...one.conditions, ...other.conditions],
		outer: [...one.outer, ...other.outer],
		late: [...one.late, ...other.late]
	};
}

export function leftJoined(
	left: Island,
	side: Island,
	on: readonly Expression[],
	needs: readonly number[] = []
): Island {
	return { ...left, outer: [...left.outer, { side, on, needs }] };
}

/**
 * The rows of which a condition is true. Where it is true of no row that lacks a source, the join that may
 * lack it is an inner one.
 */
export function filtered(island: Island, condition: Expression): Island {
	const lacking = sourcesOf(condition).filter((source) => !island.sources.includes(source));
	if (lacking.length === 0) return { ...island, conditions: [...island.conditions, condition] };
	const rejected = lacking.find((source) => rejectsNulls(condition, source) && isOuter(island, source));
	if (rejected === undefined) return { ...island, late: [...island.late, condition] };
	return filtered(withInner(island, rejected), condition);
}

/** Whether it is joined in a way that could be an inner join: with what it needs standing before it. */
function isOuter(island: Island, source: number): boolean {
	return island.outer.some(
		({ side, needs }) =>
			allSources(side).includes(source) && needs.every((one) => island.sources.includes(one))
	);
}

/** The join that brings a source made an inner one. */
function withInner(island: Island, source: number): Island {
	const index = island.outer.findIndex(({ side }) => allSources(side).includes(source));
	const { side, on } = island.outer[index]!;
	const joined: Island = {
		sources: [...island.sources, ...side.sources],
		conditions: [...island.conditions, ...side.conditions],
		outer: [...island.outer.slice(0, index), ...side.outer, ...island.outer.slice(index + 1)],
		late: island.late
	};
	return on.reduce(filtered, joined);
}

/** Those of all its joins, too. */
export function allSources(island: Island): number[] {
	return [...island.sources, ...island.outer.flatMap(({ side }) => allSources(side))];
}

/** Every condition of it, those of ON included. */
export function allConditions(island: Island): Expression[] {
	const own = [...island.conditions, ...island.late];
	return [...own, ...island.outer.flatMap(({ side, on }) => [...on, ...allConditions(side)])];
}

/**
 * The island with only those of its left joins that sources need: those that bring them, and those that ON of
 * one needed speaks of.
 */
export function reaching(island: Island, ...sources: readonly number[]): Island {
	const needed = new Set(sources);
	const kept = island.outer.toReversed().filter(({ side, on, needs }) => {
		const own = allSources(side);
		if (!own.some((one) => needed.has(one))) return false;
		for (const condition of [...on, ...allConditions(side)])
			for (const one of sourcesOf(condition)) needed.add(one);
		needs.forEach((one) => needed.add(one));
		return true;
	});
	return { ...island, outer: kept.reverse(), late: [] };
}

/** FROM of an island, without its conditions; `print` gives a source with its alias. */
export function printIsland(
	island: Island,
	source: (source: number) => string,
	condition: (condition: Expression) => string
): string {
	const inner = island.sources.map(source).join(' CROSS JOIN ');
	const joins = island.outer.map(({ side, on }) => {
		const text = printIsland(side, source, condition);
		const isOne = side.sources.length === 1 && side.outer.length === 0;
		const conditions = [...on, ...side.conditions].map(condition);
		return ` LEFT JOIN ${isOne ? text : `(${text})`} ON ${conditions.join(' AND ') || 'true'}`;
	});
	return inner + joins.join('');
}

/** What a hash is made of. */
export function islandJson(island: Island, show: (condition: Expression) => string): Json {
	return {
		sources: [...island.sources],
		conditions: island.conditions.map(show),
		late: island.late.map(show),
		outer: island.outer.map(({ side, on }) => ({ side: islandJson(side, show), on: on.map(show) }))
	};
}
