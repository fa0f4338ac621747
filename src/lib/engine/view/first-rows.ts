import type { Node, SelectStmt } from '#engine/sql';
import { sortDirection } from './aggregate.ts';
import { compile } from './compile.ts';
import { identity, isConstant, type ColumnExpression } from './expression.ts';
import { overSource, type FirstOver } from './over.ts';
import type { Output, Query } from './query.ts';
import { bytesAt, type Place, type Reading } from './reading.ts';
import { notYet, refuse } from './refusal.ts';
import type { Scope } from './scope.ts';
import { addStage } from './stage-source.ts';

/** Which rows of a SELECT are the first ones. */
export interface FirstRows {
	/** The SELECT's own columns, then those that are only ordered by. */
	readonly outputs: readonly Output[];
	/** How many are its own. */
	readonly count: number;
	readonly order: readonly { readonly name: string; readonly direction: string }[];
	/** Names of columns in DISTINCT ON. */
	readonly distinctOn: readonly string[] | undefined;
	/** LIMIT, OFFSET, FETCH. */
	readonly limit: Pick<FirstOver, 'limit' | 'offset' | 'withTies'> | undefined;
}

/**
 * ORDER BY with DISTINCT ON, LIMIT, OFFSET or FETCH over a SELECT's columns; where there is none of these,
 * undefined: a view has no order, its readers give one. Without a scope (UNION and its kin) only the columns
 * themselves can be ordered by.
 */
export function readFirstRows(
	place: Place,
	scope: Scope | undefined,
	select: SelectStmt,
	own: readonly Output[]
): FirstRows | undefined {
	// DISTINCT alone is a list with nothing in it
	const on = (select.distinctClause ?? []).filter((node) => Object.keys(node).length > 0);
	const limit = readLimit(place, select);
	if (on.length === 0 && !limit) return undefined;
	const outputs = [...own];
	const nameOf = (node: Node | undefined): string[] => {
		const named = outputNamed(node, own);
		if (named) return [named.name];
		if (!scope) refuseOrder(place);
		const expression = compile(scope, node);
		if (isConstant(expression)) return [];
		const known = outputs.find((output) => identity(output.expression) === identity(expression));
		if (known) return [known.name];
		return [outputs[outputs.push({ name: `_s${outputs.length}`, expression }) - 1]!.name];
	};
	const distinctOn = on.length > 0 ? on.flatMap(nameOf) : undefined;
	const order = (select.sortClause ?? []).flatMap((node) => {
		if (!('SortBy' in node)) return [];
		const direction = sortDirection(node.SortBy);
		return nameOf(node.SortBy.node).map((name) => ({ name, direction }));
	});
	return { distinctOn, order, outputs, count: own.length, limit: limit && levelled(limit, order) };
}

/** Where nothing orders them, all rows are level with the last one. */
function levelled<Limit extends Pick<FirstOver, 'limit' | 'withTies'>>(
	made: Limit,
	order: readonly unknown[]
): Limit {
	const areAll = made.withTies && order.length === 0;
	return areAll ? { ...made, withTies: false, limit: made.limit === 0 ? 0 : undefined } : made;
}

/** As in Postgres, the name of an output goes before a column of FROM; or its number from 1. */
function outputNamed(node: Node | undefined, outputs: readonly Output[]): Output | undefined {
	if (!node) return undefined;
	if ('A_Const' in node) {
		if (!node.A_Const.ival) return undefined;
		const output = outputs[(node.A_Const.ival.ival ?? 0) - 1];
		if (output) return output;
		return refuse(
			node.A_Const.location,
			'VIEW_ORDER',
			'ORDER BY has a number that is no column of SELECT.',
			'Name the column.'
		);
	}
	if (!('ColumnRef' in node) || node.ColumnRef.fields?.length !== 1) return undefined;
	const field = node.ColumnRef.fields[0]!;
	return 'String' in field ? outputs.find((output) => output.name === field.String.sval) : undefined;
}

function refuseOrder(place: Place): never {
	refuse(
		bytesAt(place.parsed, 'ORDER'),
		'VIEW_ORDER',
		'The rows of UNION, INTERSECT and EXCEPT are ordered by their columns alone.',
		'Name a column in ORDER BY.'
	);
}

function readLimit(place: Place, select: SelectStmt): FirstRows['limit'] {
	const { limitCount, limitOffset, limitOption } = select;
	const limit = numberOf(place, limitCount, 'LIMIT');
	const offset = numberOf(place, limitOffset, 'OFFSET') ?? 0;
	const withTies = limitOption === 'LIMIT_OPTION_WITH_TIES';
	return limit === undefined && offset === 0 ? undefined : { limit, offset, withTies };
}

/** Undefined for LIMIT ALL and LIMIT NULL. */
function numberOf(place: Place, node: Node | undefined, word: string): number | undefined {
	if (!node) return undefined;
	if ('A_Const' in node) {
		const { isnull, ival, fval } = node.A_Const;
		if (isnull) return undefined;
		const number = Number(fval?.fval ?? ival?.ival ?? 0);
		if (Number.isSafeInteger(number)) return number;
	}
	notYet(bytesAt(place.parsed, word), `an expression in ${word}`, 'Write a number.');
}

/**
 * The first rows of a query that has the outputs of `first`: a stage, or two, over it. Of each value of `by`,
 * columns that the query has beside them.
 */
export function firstRows(
	reading: Reading,
	query: Query,
	first: FirstRows | undefined,
	by: readonly string[] = []
): Query {
	if (!first) return query;
	const { order, distinctOn, limit, outputs } = first;
	const own = [...by, ...outputs.slice(0, first.count).map((output) => output.name)];
	const kept = limit ? [...by, ...outputs.map((output) => output.name)] : own;
	const one = { limit: 1, offset: 0, withTies: false };
	const distinct = distinctOn
		? over(reading, query, kept, { ...one, order, partition: [...by, ...distinctOn] })
		: query;
	return limit ? over(reading, distinct, own, { ...limit, order, partition: by }) : distinct;
}

interface NamedOver extends Pick<FirstOver, 'limit' | 'offset' | 'withTies'> {
	readonly partition: readonly string[];
	readonly order: FirstRows['order'];
}

function over(
	reading: Reading,
	query: Query,
	names: readonly string[],
	{ partition, order, limit, offset, withTies }: NamedOver
): Query {
	const column = (name: string): ColumnExpression => ({
		kind: 'column',
		source: 0,
		column: name,
		at: undefined
	});
	const terms = order
		.filter(({ name }) => !partition.includes(name))
		.map(({ name, direction }) => ({ expression: column(name), direction }));
	const made: FirstOver = {
		kind: 'first',
		partition: [...new Set(partition)].map(column),
		order: terms,
		...levelled({ limit, offset, withTies }, terms)
	};
	const stage = addStage(reading, { title: 'rows in an order', query, view: undefined });
	const source = overSource(reading, stage, made);
	return { ...source, outputs: names.map((name) => ({ name, expression: column(name) })), over: made };
}
