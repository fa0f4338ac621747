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
	/** The stages that subqueries in it read. */
	readonly depends?: readonly Dependence[];
	/** It names rows of a stage that are there only where it stands: in the text of a subquery. */
	readonly within?: boolean;
	readonly at: number | undefined;
}

/** Of which rows an expression may have another value where a stage has changed, that a subquery in it reads. */
export interface Dependence {
	/** Its index in the reading. */
	readonly stage: number;
	/** What its rows are called in `on`. */
	readonly alias: string;
	/** Stages between it and these rows. */
	readonly via: readonly { readonly stage: number; readonly alias: string }[];
	/** True of each of those rows together with a row that the stage had or has. Undefined: all rows. */
	readonly on: readonly Expression[] | undefined;
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

/** Whether it is the same for all rows, and always. */
export function isConstant(expression: Expression): boolean {
	return leaves(expression).next().done === true && dependsOf(expression).length === 0;
}

/** The stages that subqueries anywhere in it read. */
export function dependsOf(expression: Expression): Dependence[] {
	const own = expression.kind === 'compound' ? (expression.depends ?? []) : [];
	return [...own, ...children(expression).flatMap(dependsOf)];
}

/** With some of its parts replaced, the largest first; what is replaced has no parts of its own looked at. */
export function mapped(
	expression: Expression,
	by: (expression: Expression) => Expression | undefined
): Expression {
	const other = isWithin(expression) ? undefined : by(expression);
	if (other) return other;
	const within = (part: Expression) => mapped(part, by);
	const terms = (order: readonly SortTerm[]) =>
		order.map((term) => ({ ...term, expression: within(term.expression) }));
	const pieces = (parts: readonly (string | Expression)[]) =>
		parts.map((part) => (typeof part === 'string' ? part : within(part)));
	if (expression.kind === 'column') return expression;
	if (expression.kind === 'aggregate') {
		const { args, order, filter } = expression;
		return { ...expression, args: args.map(within), order: terms(order), filter: filter && within(filter) };
	}
	const { parts, equal, form, window, depends } = expression;
	return {
		...expression,
		parts: pieces(parts),
		...(equal && { equal: [within(equal[0]), within(equal[1])] as const }),
		...(form && { form: { ...form, of: form.of.map(within) } }),
		...(window && {
			window: {
				...window,
				head: pieces(window.head),
				partition: window.partition.map(within),
				order: terms(window.order)
			}
		}),
		...(depends && { depends: depends.map((one) => ({ ...one, on: one.on?.map(within) })) })
	};
}

/** Whether some of it has a meaning only in the text where it stands. */
function isWithin(expression: Expression): boolean {
	if (expression.kind !== 'compound') return false;
	if (expression.depends) return expression.within === true;
	return expression.within === true || children(expression).some(isWithin);
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
