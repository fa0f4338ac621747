/**
 * How an expression of columns stands among the columns of a look-up or an index: `(a, b)`. Two expressions of
 * the same columns are taken for the same.
 */
export function expressionOf(columns: readonly string[]): string {
	return `(${[...new Set(columns)].sort().join(', ')})`;
}

export function isExpression(column: string): boolean {
	return column.startsWith('(');
}
