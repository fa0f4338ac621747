import type { Expr, From, Query, Select } from './arbitrary-syntax.ts';
import { isLimitedTail, nodesOf, substitute, withoutRelation, type Substitution } from './arbitrary-tree.ts';

/**
 * Smaller queries that may show the same. Not all are valid SQL: who tries one asks Postgres first. What
 * makes a query have one answer (the order of what is limited or collected) stays.
 */
export function* smallerQueries(query: Query): Generator<Query> {
	for (const inner of nodesOf(query)) if (inner !== query && isQuery(inner)) yield inner as Query;
	yield* shrinkNode(query) as Generator<Query>;
}

function isQuery(node: { readonly kind: string }): boolean {
	return node.kind === 'select' || node.kind === 'set';
}

type Tree = object;

function* shrinkNode(node: Tree): Generator<Tree> {
	if ('kind' in node) yield* local(node as Query | Expr | From);
	for (const [name, value] of Object.entries(node)) {
		if (typeof value !== 'object' || value === null) continue;
		// An order is what gives a query one answer.
		if (name === 'order' || name === 'within') continue;
		for (const smaller of Array.isArray(value) ? shrinkList(name, value) : shrinkNode(value as Tree))
			yield { ...node, [name]: smaller };
	}
}

const droppable: ReadonlySet<string> = new Set([
	'where',
	'having',
	'on',
	'ctes',
	'partition',
	'groups',
	'sets'
]);
const keepsOne: ReadonlySet<string> = new Set(['items', 'exprs']);

function* shrinkList(name: string, list: readonly Tree[]): Generator<Tree> {
	const isDroppable = droppable.has(name) || (keepsOne.has(name) && list.length > 1);
	for (const [index, item] of list.entries()) {
		if (isDroppable) yield list.toSpliced(index, 1);
		if (typeof item !== 'object') continue;
		for (const smaller of shrinkNode(item)) yield list.with(index, smaller);
	}
}

function* local(node: Query | Expr | From): Generator<Tree> {
	switch (node.kind) {
		case 'select':
			yield* smallerTails(node);
			yield* smallerSelects(node);
			return;
		case 'set':
			yield node.left;
			yield node.right;
			yield* smallerTails(node);
			if (node.left.kind === 'select' && node.right.kind === 'select') yield* withoutColumns(node);
			return;
		case 'join':
			if (node.type !== 'JOIN' && node.type !== 'CROSS JOIN') yield { ...node, type: 'JOIN' };
			if (node.using) yield { ...node, using: undefined };
			return;
		case 'query':
			if (node.lateral) yield { ...node, lateral: false };
			return;
		case 'column':
		case 'call':
		case 'scalar':
		case 'exists':
		case 'in':
		case 'aggregate':
		case 'window':
			yield* smallerExpressions(node);
			return;
		default:
			return;
	}
}

/** Each column of both sides at once. */
function* withoutColumns(node: Extract<Query, { kind: 'set' }>): Generator<Query> {
	const [left, right] = [node.left as Select, node.right as Select];
	if (left.items.length < 2 || left.items.length !== right.items.length || isLimitedTail(node)) return;
	for (const index of left.items.keys()) {
		yield {
			...node,
			left: { ...left, items: left.items.toSpliced(index, 1) },
			right: { ...right, items: right.items.toSpliced(index, 1) }
		};
	}
}

function* smallerTails(query: Query): Generator<Query> {
	const { limit, offset, order, ties: _ties, ...rest } = query;
	if (isLimitedTail(query) || order.length > 0) yield { ...rest, order: [] } as Query;
	if (offset !== undefined) yield { ...query, offset: undefined } as unknown as Query;
	if (limit !== undefined && limit > 1) yield { ...query, limit: 1 };
}

function* smallerSelects(select: Select): Generator<Query> {
	const { distinct, ...rest } = select;
	if (distinct) yield distinct === 'all' || isLimitedTail(select) ? rest : { ...rest, order: [] };
	if (select.windows.length > 0) yield { ...select, windows: [] };
	const aliases = select.from.flatMap(aliasesOf);
	for (const alias of aliases) {
		const without = aliases.length > 1 ? withoutRelation(select, alias) : undefined;
		if (without) yield without;
	}
	for (const from of select.from) {
		const inlined = from.kind === 'query' ? inline(select, from) : undefined;
		if (inlined) yield inlined;
	}
}

export function aliasesOf(from: From): string[] {
	return from.kind === 'join' ? [...aliasesOf(from.left), ...aliasesOf(from.right)] : [from.alias];
}

/** A plain subquery in FROM as a part of the query around it. */
function inline(select: Select, from: Extract<From, { kind: 'query' }>): Select | undefined {
	const { query: inner, alias } = from;
	if (inner.kind !== 'select' || inner.distinct || isLimitedTail(inner) || inner.order.length > 0) return;
	if (inner.groups.length + inner.having.length + inner.ctes.length > 0) return;
	const parts = [...nodesOf(inner.items)].some(({ kind }) => kind === 'aggregate' || kind === 'window');
	if (parts) return;
	const replace: Substitution = (column) =>
		column.alias === alias ? inner.items.find(({ name }) => name === column.name)?.expr : undefined;
	const outside = substitute({ ...select, from: select.from.filter((item) => item !== from) }, replace);
	return {
		...outside,
		from: [...outside.from, ...inner.from],
		where: [...outside.where, ...inner.where]
	};
}

function* smallerExpressions(expr: Expr): Generator<Tree> {
	for (const part of partsOf(expr)) if (part.type === expr.type) yield part;
	if (expr.kind !== 'value')
		yield {
			kind: 'value',
			type: expr.type,
			sql: expr.type === 'boolean' ? 'true' : `NULL::${expr.type}`
		};
	if ((expr.kind === 'aggregate' || expr.kind === 'window') && expr.filter) {
		const { filter: _filter, ...rest } = expr;
		yield rest;
	}
	if (expr.kind === 'aggregate' && expr.distinct) yield { ...expr, distinct: false };
	if (expr.kind === 'window' && typeof expr.over !== 'string' && expr.over.frame)
		yield { ...expr, over: { partition: expr.over.partition, order: expr.over.order } };
}

function partsOf(expr: Expr): readonly Expr[] {
	switch (expr.kind) {
		case 'call':
		case 'aggregate':
		case 'window':
			return expr.args;
		case 'scalar':
		case 'exists':
		case 'in':
		case 'column':
		case 'value':
			return [];
	}
}
