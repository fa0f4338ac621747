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

export interface AggregateExpression {
	readonly kind: 'aggregate';
	readonly name: AggregateName;
	/** Undefined for `count(*)`. */
	readonly argument: Expression | undefined;
	readonly at: number | undefined;
}

/** SQL text with expressions in it. */
export interface CompoundExpression {
	readonly kind: 'compound';
	readonly parts: readonly (string | Expression)[];
	/** Its value is text for all that is known here (see `literals.ts`). */
	readonly text: boolean;
	/** Never NULL, whatever its arguments. */
	readonly notNull: boolean;
	/** The two sides, where it is `left = right`. */
	readonly equal?: readonly [Expression, Expression];
	readonly at: number | undefined;
}

export type AggregateName = 'count' | 'sum' | 'avg' | 'min' | 'max';

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
		return `${leaf.name}(${leaf.argument ? printOverTables(leaf.argument) : '*'})`;
	});
}

export function columnOverTables(source: number, column: string): string {
	return `a${source}.${quote(column)}`;
}

/** Equal texts are equal expressions. */
export function identity(expression: Expression): string {
	return printOverTables(expression);
}

/** The leaves in order, those within aggregates' arguments included. */
export function* leaves(expression: Expression): Generator<ColumnExpression | AggregateExpression> {
	if (expression.kind === 'compound') {
		for (const part of expression.parts) if (typeof part !== 'string') yield* leaves(part);
		return;
	}
	yield expression;
	if (expression.kind === 'aggregate' && expression.argument) yield* leaves(expression.argument);
}

export function hasAggregate(expression: Expression): boolean {
	for (const leaf of leaves(expression)) if (leaf.kind === 'aggregate') return true;
	return false;
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
