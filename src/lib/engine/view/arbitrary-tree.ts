import type { Expr, From, Join, Order, Query, Select } from './arbitrary-syntax.ts';

/** Walking and changing the trees of arbitrary-syntax. */

export type Node = Query | From | Expr;

/** Every query, item of FROM and expression of a tree, itself first. */
export function* nodesOf(tree: unknown): Generator<Node> {
	if (Array.isArray(tree)) for (const part of tree) yield* nodesOf(part);
	else if (typeof tree === 'object' && tree !== null) {
		if ('kind' in tree) yield tree as Node;
		for (const part of Object.values(tree)) yield* nodesOf(part);
	}
}

/** How much there is to read: what shrinks makes it less. */
export function weightOf(tree: unknown): number {
	let weight = 0;
	for (const node of nodesOf(tree)) weight += node.kind === 'value' ? 1 : node.kind === 'column' ? 2 : 4;
	return weight + details(tree);
}

/** Of what is no node: words such as DISTINCT, and the lengths of lists. */
function details(tree: unknown): number {
	if (Array.isArray(tree)) return tree.reduce<number>((sum, part) => sum + 1 + details(part), 0);
	if (typeof tree !== 'object' || tree === null) return tree === true ? 1 : 0;
	return Object.entries(tree).reduce((sum, [name, part]) => {
		const own =
			/^(limit|offset|distinct|frame|using|type)$/.test(name) && part !== undefined ? wordWeight(part) : 0;
		return sum + own + details(part);
	}, 0);
}

function wordWeight(word: unknown): number {
	if (typeof word === 'number') return word;
	return word === 'FULL JOIN' || word === 'LEFT JOIN' || word === 'RIGHT JOIN' ? 3 : 1;
}

export function isLimitedTail(query: Query): boolean {
	return query.limit !== undefined || query.offset !== undefined;
}

type ColumnExpr = Extract<Expr, { kind: 'column' }>;

/** What stands for a column; undefined: itself. */
export type Substitution = (column: ColumnExpr) => Expr | undefined;

/** The tree with other expressions for its columns. */
export function substitute<T>(tree: T, replace: Substitution): T {
	if (Array.isArray(tree)) return tree.map((part: unknown) => substitute(part, replace)) as T;
	if (typeof tree !== 'object' || tree === null) return tree;
	if ('kind' in tree && tree.kind === 'column') return (replace(tree as unknown as ColumnExpr) ?? tree) as T;
	return Object.fromEntries(
		Object.entries(tree).map(([name, part]) => [name, substitute(part as unknown, replace)])
	) as T;
}

/** The SELECT without one of its relations: NULL stands for its columns, and nothing is ordered by them. */
export function withoutRelation(select: Select, alias: string): Select | undefined {
	const from = select.from.flatMap((item) => withoutAlias(item, alias));
	if (from.length === 0) return undefined;
	const isOf = (expr: Expr): boolean =>
		expr.kind === 'column'
			? expr.alias === alias
			: expr.kind === 'call' && expr.args.length === 1 && isOf(expr.args[0]!);
	const unordered = dropFromLists({ ...select, from }, isOf);
	return substitute(unordered, (column) =>
		column.alias === alias ? { kind: 'value', type: column.type, sql: `NULL::${column.type}` } : undefined
	);
}

function withoutAlias(from: From, alias: string): From[] {
	if (from.kind !== 'join') return from.alias === alias ? [] : [from];
	const [left] = withoutAlias(from.left, alias);
	const [right] = withoutAlias(from.right, alias);
	if (left && right) return [{ ...from, left, right } satisfies Join];
	return left ? [left] : right ? [right] : [];
}

/** Lists of ORDER BY, PARTITION BY and GROUP BY without these expressions. */
function dropFromLists<T>(tree: T, isGone: (expr: Expr) => boolean): T {
	if (Array.isArray(tree)) return tree.map((part: unknown) => dropFromLists(part, isGone)) as T;
	if (typeof tree !== 'object' || tree === null) return tree;
	return Object.fromEntries(
		Object.entries(tree).map(([name, part]: [string, unknown]) => {
			if (name === 'order' && Array.isArray(part))
				return [
					name,
					dropFromLists(
						(part as Order[]).filter(({ expr }) => !isGone(expr)),
						isGone
					)
				];
			if (name === 'partition' && Array.isArray(part))
				return [
					name,
					dropFromLists(
						(part as Expr[]).filter((expr) => !isGone(expr)),
						isGone
					)
				];
			return [name, dropFromLists(part, isGone)];
		})
	) as T;
}
