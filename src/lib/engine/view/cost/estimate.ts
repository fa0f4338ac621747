import type { Amount, ChangeCost, Factor, Hop, Relation, Step } from './types.ts';
import { keyOf } from './parts.ts';

/** What Postgres's planner says of measures; of a key that is not there nothing is known. */
export type Sizes = ReadonlyMap<string, number>;

/** The indexes of the module's tables, each the list of its columns; an expression stands as `expressionOf`. */
export type TableIndexes = ReadonlyMap<string, readonly (readonly string[])[]>;

/** A step with how many rows it touches for one changed row of the table, where that is known. */
export interface EstimatedStep extends Step {
	readonly about: number | undefined;
	/** Rows that subqueries look at by an index, at most. */
	readonly looks: number | undefined;
	/** What it reads as a whole, for want of an index or of anything to look up by. */
	readonly scans: readonly Scan[];
}

export interface Scan {
	readonly relation: Relation;
	readonly columns: readonly string[];
	readonly about: number | undefined;
}

/** The steps of a change in their order. */
export function estimated({ steps }: ChangeCost, sizes: Sizes, indexes: TableIndexes): EstimatedStep[] {
	const given = new Map<string, number | undefined>();
	return steps.map((step) => {
		const came = step.from === undefined ? 1 : given.get(step.from);
		const most = step.most && amountIn(step.most, sizes);
		given.set(step.stage, least(times(came, amountIn(step.gives, sizes)), most));
		const scans = step.hops.filter((hop) => !isServed(hop, indexes)).map((hop) => scanOf(hop, sizes));
		const about = least(times(came, amountIn(step.rows, sizes)), most);
		const served = step.hops.filter((hop) => hop.looks && isServed(hop, indexes));
		const looks = served.reduce<number | undefined>(
			(sum, hop) => plus(sum, times(about, amountIn(hop.looks!, sizes))),
			0
		);
		return { ...step, about, looks, scans };
	});
}

/** Whether what a hop looks up is found by an index. */
export function isServed({ relation, columns, index }: Hop, indexes: TableIndexes): boolean {
	if (index !== 'table' || relation.kind !== 'table') return index === 'own';
	const own = indexes.get(relation.name) ?? [];
	return own.some(([first]) => first !== undefined && columns.includes(first));
}

function scanOf({ relation, columns }: Hop, sizes: Sizes): Scan {
	return { relation, columns, about: sizes.get(keyOf(relation)) };
}

/** Rows: a tenth of one is one. */
function amountIn(amount: Amount, sizes: Sizes): number | undefined {
	return amount.reduce<number | undefined>((product, factor) => times(product, factorIn(factor, sizes)), 1);
}

function factorIn(factor: Factor, sizes: Sizes): number | undefined {
	if (typeof factor === 'number') return factor;
	const rows = sizes.get(factor.rows);
	if (rows === undefined || factor.by === undefined) return rows;
	const by = sizes.get(factor.by);
	return by === undefined ? undefined : Math.max(1, rows / Math.max(1, by));
}

function times(one: number | undefined, other: number | undefined): number | undefined {
	return one === undefined || other === undefined ? undefined : one * other;
}

function plus(one: number | undefined, other: number | undefined): number | undefined {
	return one === undefined || other === undefined ? undefined : one + other;
}

function least(one: number | undefined, most: number | undefined): number | undefined {
	return one === undefined || most === undefined ? one : Math.min(one, Math.max(1, most));
}
