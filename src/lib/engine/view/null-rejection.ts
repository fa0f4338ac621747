import type { Expression } from './expression.ts';

/** Whether an expression is not true of any row in which all columns of a source are NULL, as far as can be told. */
export function rejectsNulls(expression: Expression, source: number): boolean {
	if (expression.kind !== 'compound' || !expression.form) return isNull(expression, source);
	const { kind, of } = expression.form;
	switch (kind) {
		case 'and':
			return of.some((term) => rejectsNulls(term, source));
		case 'or':
			return of.every((term) => rejectsNulls(term, source));
		case 'known':
			return of.some((term) => isNull(term, source));
		case 'strict':
			return isNull(expression, source);
	}
}

/** Whether it is NULL of every such row. */
function isNull(expression: Expression, source: number): boolean {
	if (expression.kind === 'column') return expression.source === source;
	if (expression.kind !== 'compound' || !expression.form) return false;
	const { kind, of } = expression.form;
	switch (kind) {
		case 'strict':
			return of.some((term) => isNull(term, source));
		case 'and':
		case 'or':
			return of.every((term) => isNull(term, source));
		case 'known':
			return false;
	}
}
