import type { Expression } from './expression.ts';
import { columnSpec, type Scope } from './scope.ts';

/** Aggregates that give one of the values. */
const chosen = /^(min|max|mode|percentile_disc|any_value)$/;
const countLike = /^(count|regr_count|grouping|rank|dense_rank|percent_rank|cume_dist)$/;

/** Whether a value is text, as far as it can be told without Postgres. */
export function isText(scope: Scope, expression: Expression): boolean {
	if (expression.kind === 'compound') return expression.text;
	if (expression.kind === 'column') return columnSpec(scope, expression).type === 'text';
	if (expression.name === 'string_agg') return true;
	const value = expression.withinGroup ? expression.order[0]?.expression : expression.args[0];
	return value !== undefined && chosen.test(expression.name) && isText(scope, value);
}

/** Whether an expression is never NULL, as far as it can be told without Postgres. */
export function isNotNull(scope: Scope, expression: Expression): boolean {
	if (expression.kind === 'compound') return expression.notNull;
	if (expression.kind === 'column') return !columnSpec(scope, expression).nullable;
	return countLike.test(expression.name);
}
