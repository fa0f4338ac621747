/**
 * A scalar expression of a view with every name resolved. It is printed with all parentheses and all
 * functions qualified, so its meaning depends on no search path and no precedence.
 */
export type Expression = ColumnExpression | AggregateExpression | CompoundExpression;

export interface ColumnExpression {
	readonly kind: 'column';
	/** Index of the source in FROM, from 0. */
	readonly source: number;
	readonly column: string;
	readonly at: number | undefined;
}

/** A call that makes one value of a group's rows; GROUPING(), which tells of the group itself, is one. */
export interface AggregateExpression {
	readonly kind: 'aggregate';
	readonly name: string;
	/** None for `count(*)`. With WITHIN GROUP the direct ones, which are of the group and not of its rows. */
	readonly args: readonly Expression[];
	readonly distinct: boolean;
	/** ORDER BY in the parentheses or in WITHIN GROUP, without constants. */
	readonly order: readonly SortTerm[];
	readonly withinGroup: boolean;
	readonly filter: Expression | undefined;
	readonly at: number | undefined;
}

export interface SortTerm {
	readonly expression: Expression;
	/** All of what follows it: ` DESC NULLS FIRST`. */
	readonly direction: string;
}

/** SQL text with expressions in it. */
export interface CompoundExpression {
	readonly kind: 'compound';
	readonly parts: readonly (string | Expression)[];
	/** Its value is text for all that is known here (see `literals.ts`). */
	readonly text: boolean;
	/** Never NULL, whatever its arguments. */
	readonly notNull: boolean;
	/** What `parts` are made of, where it is a call with OVER. */
	readonly window?: WindowCall;
	/** The two sides, where it is `left = right`. */
	readonly equal?: readonly [Expression, Expression];
	/** What becomes of it where parts are NULL, as far as that is known. */
	readonly form?: NullForm;
	readonly at: number | undefined;
}

export interface NullForm {
	/** `strict`: NULL where one of them is. `known`: false where one is NULL (IS NOT NULL). */
	readonly kind: 'strict' | 'known' | 'and' | 'or';
	readonly of: readonly Expression[];
}

export interface WindowCall {
	/** The function with its arguments and FILTER. */
	readonly head: readonly (string | Expression)[];
	readonly partition: readonly Expression[];
	readonly order: readonly SortTerm[];
	/** ` ROWS 2 PRECEDING`, or ''. */
	readonly frame: string;
}

/** How the leaves are printed: the same expression runs over tables, over lineage and over groups. */
export type PrintLeaf = (leaf: ColumnExpression | AggregateExpression) => string;

export function print(expression: Expression, leaf: PrintLeaf): string {
	if (expression.kind !== 'compound') return leaf(expression);
	return expression.parts.map((part) => (typeof part === 'string' ? part : print(part, leaf))).join('');
}

/** Over the tables under their internal aliases `a0`, `a1` … in order of FROM. */
export function printOverTables(expression: Expression): string {
	return print(expression, (leaf) => {
		if (leaf.kind === 'column') return columnOverTables(leaf.source, leaf.column);
		return printAggregate(leaf, printOverTables);
	});
}

/** `ties` are terms that make the order of rows whole, where the aggregate may have them. */
export function printAggregate(
	{ name, args, distinct, order, withinGroup, filter }: AggregateExpression,
	printed: (expression: Expression) => string,
	ties: readonly string[] = []
): string {
	const sorted = order.map((term) => printed(term.expression) + term.direction);
	const list = (terms: readonly string[]) => (terms.length > 0 ? `ORDER BY ${terms.join(', ')}` : '');
	const given = args.length > 0 || withinGroup ? args.map(printed).join(', ') : '*';
	const where = filter ? ` FILTER (WHERE ${printed(filter)})` : '';
	if (withinGroup) return `${name}(${given}) WITHIN GROUP (${list(sorted)})${where}`;
	const tail = list([...sorted, ...ties]);
	return `${name}(${distinct ? 'DISTINCT ' : ''}${given}${tail ? ` ${tail}` : ''})${where}`;
}

export function columnOverTables(source: number, column: string): string {
	return `a${source}.${quote(column)}`;
}

/** Equal texts are equal expressions. */
export function identity(expression: Expression): string {
	return printOverTables(expression);
}

/** The expressions that it is made of. */
export function children(expression: Expression): readonly Expression[] {
	if (expression.kind === 'column') return [];
	if (expression.kind === 'compound') return expression.parts.filter((part) => typeof part !== 'string');
	const { args, order, filter } = expression;
	return [...args, ...order.map((term) => term.expression), ...(filter ? [filter] : [])];
}

/** The leaves in order, those within aggregates included. */
export function* leaves(expression: Expression): Generator<ColumnExpression | AggregateExpression> {
	if (expression.kind !== 'compound') yield expression;
	for (const child of children(expression)) yield* leaves(child);
}

/** Whether it is the same for all rows. */
export function isConstant(expression: Expression): boolean {
	return leaves(expression).next().done === true;
}

export function hasAggregate(expression: Expression): boolean {
	for (const leaf of leaves(expression)) if (leaf.kind === 'aggregate') return true;
	return false;
}

/** The calls with OVER in it; none stands in another. */
export function windowsIn(expression: Expression): CompoundExpression[] {
	if (expression.kind === 'compound' && expression.window) return [expression];
	return children(expression).flatMap(windowsIn);
}

export function quote(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

/** A literal that no placeholder of a program can appear in. */
export function literal(text: string): string {
	const quoted = text.replaceAll("'", "''");
	if (!/[{\\]/.test(quoted)) return `'${quoted}'`;
	return `E'${quoted.replaceAll('\\', '\\\\').replaceAll('{', '\\x7b')}'`;
}
