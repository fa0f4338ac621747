import type { Json } from '#kernel';
import { visibleColumns } from './catalog.ts';
import type { ColumnExpression, SortTerm } from './expression.ts';
import type { Output, Query } from './query.ts';
import type { Reading } from './reading.ts';
import { addStage, stageSource } from './stage-source.ts';

/**
 * What a query computes over the rows of its one source, which is a stage: each row of the result is one of
 * the stage's, and has its key. Expressions are columns of that stage.
 */
export type Over = WindowsOver | FirstOver;

/** Outputs have calls with OVER, all with these columns in PARTITION BY. */
export interface WindowsOver {
	readonly kind: 'windows';
	readonly partition: readonly ColumnExpression[];
	/** No others are wanted, and none of the calls looks behind them. */
	readonly first?: FirstOver;
}

/** The first rows, in an order that ends with the key: of each partition, or of all. */
export interface FirstOver {
	readonly kind: 'first';
	readonly partition: readonly ColumnExpression[];
	readonly order: readonly (SortTerm & { readonly expression: ColumnExpression })[];
	/** Undefined: all. */
	readonly limit: number | undefined;
	readonly offset: number;
	/** Rows that the order puts level with the last one are there too. */
	readonly withTies: boolean;
}

/** An index that a stage has for the query over it: outputs that are looked up, then outputs in an order. */
export interface StageIndex {
	readonly equal: readonly string[];
	readonly order: readonly { readonly name: string; readonly direction: string }[];
}

/** A query's FROM and no more. */
export type OnlyFrom = Pick<Query, 'scope' | 'conditions' | 'grouping'>;

/**
 * FROM that stage alone, which was made for this and nothing else reads: it gets the index by which `over`
 * finds the rows of a partition in their order.
 */
export function overSource(reading: Reading, stage: number, over: Over): OnlyFrom {
	return fromStage(reading, withIndex(reading, stage, over));
}

/** Gives the stage its index; returns it, or one over it that can have the index. */
function withIndex(reading: Reading, stage: number, over: Over): number {
	const index = indexFor(over);
	const { query, title } = reading.stages[stage]!;
	if (!index || (query.index && index.order.length === 0)) return stage;
	if (!query.grouping) {
		reading.stages[stage] = { ...reading.stages[stage]!, query: { ...query, index } };
		return stage;
	}
	// columns of groups are computed where they are read, and have no index
	const groups = fromStage(reading, stage);
	const rows = { ...groups, outputs: columnsOf(groups), index };
	return addStage(reading, { title: `${title}, by index`, query: rows, view: undefined });
}

function fromStage(reading: Reading, stage: number): OnlyFrom {
	const source = stageSource(reading, stage, 'rows', undefined);
	return { scope: { sources: [source], merged: [] }, conditions: [], grouping: undefined };
}

/** All columns of the one source. */
export function columnsOf({ scope }: OnlyFrom): Output[] {
	return visibleColumns(scope.sources[0]!.table).map(({ name }) => ({
		name,
		expression: { kind: 'column', source: 0, column: name, at: undefined }
	}));
}

function indexFor(over: Over): StageIndex | undefined {
	const equal = over.partition.map(({ column }) => column);
	const first = over.kind === 'first' ? over : over.first;
	const order = (first?.order ?? []).map(({ expression, direction }) => ({
		name: expression.column,
		direction
	}));
	return equal.length + order.length > 0 ? { equal, order } : undefined;
}

/** What a hash is made of. */
export function overJson(over: Over): Json {
	const partition = over.partition.map(({ column }) => column);
	if (over.kind === 'windows')
		return { kind: over.kind, partition, ...(over.first ? { first: overJson(over.first) } : {}) };
	const order = over.order.map(({ expression, direction }) => expression.column + direction);
	const { kind, limit = null, offset, withTies } = over;
	return { kind, partition, order, limit, offset, withTies };
}
