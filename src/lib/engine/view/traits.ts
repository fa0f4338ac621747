import type { Expression } from './expression.ts';
import { columnSpec, type Scope } from './scope.ts';

/** Whether a value is text, as far as it can be told without Postgres. */
export function isText(scope: Scope, expression: Expression): boolean {
	if (expression.kind === 'compound') return expression.text;
	if (expression.kind === 'column') return columnSpec(scope, expression).type === 'text';
	return (
		expression.argument !== undefined &&
		/^(min|max)$/.test(expression.name) &&
		isText(scope, expression.argument)
	);
}

/** Whether an expression is never NULL, as far as it can be told without Postgres. */
export function isNotNull(scope: Scope, expression: Expression): boolean {
	if (expression.kind === 'compound') return expression.notNull;
	if (expression.kind === 'column') return !columnSpec(scope, expression).nullable;
	return expression.name === 'count';
}
