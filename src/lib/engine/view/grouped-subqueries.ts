import { identity, isConstant, mapped, type ColumnExpression, type Expression } from './expression.ts';
import { groupPart, type Grouping } from './grouping.ts';
import type { Output, Query } from './query.ts';
import type { Reading } from './reading.ts';
import { addStage, stageSource } from './stage-source.ts';

/**
 * Groups of which an output or HAVING has a subquery: the groups become a stage, and the subqueries stand in
 * a query over its rows.
 */
export function apartFromGroups(reading: Reading, query: Query): Query {
	const { grouping, outputs } = query;
	if (!grouping) return query;
	const isApart = (expression: Expression) => hasSubquery(grouping, expression);
	const having = grouping.having && isApart(grouping.having) ? grouping.having : undefined;
	if (!having && !outputs.some(({ expression }) => isApart(expression))) return query;
	const found = new Map<string, Output>();
	const column = (expression: Expression): ColumnExpression => {
		const key = identity(expression);
		const output = found.get(key) ?? { name: `g${found.size}`, expression };
		found.set(key, output);
		return { kind: 'column', source: 0, column: output.name, at: expression.at };
	};
	const over = (expression: Expression) =>
		mapped(expression, (part) => (isApart(part) || isConstant(part) ? undefined : column(part)));
	const rows = outputs.map(({ name, expression }) => ({ name, expression: over(expression) }));
	const conditions = having ? [over(having)] : [];
	const groups: Query = {
		...query,
		outputs: [...found.values()],
		grouping: having ? { ...grouping, having: undefined } : grouping
	};
	// a stage needs a column
	if (found.size === 0) column({ kind: 'aggregate', name: 'count', ...everyRow });
	const stage = addStage(reading, {
		title: 'groups',
		query: { ...groups, outputs: [...found.values()] },
		view: undefined
	});
	const source = stageSource(reading, stage, 'groups', undefined);
	return { scope: { sources: [source], merged: [] }, conditions, outputs: rows, grouping: undefined };
}

const everyRow = {
	args: [],
	distinct: false,
	order: [],
	withinGroup: false,
	filter: undefined,
	at: undefined
} as const;

/** Whether a subquery in it is to be computed of each group: not of the rows that it is made of. */
function hasSubquery(grouping: Grouping, expression: Expression): boolean {
	if (expression.kind !== 'compound' || groupPart(grouping, expression)) return false;
	if (expression.depends && expression.depends.length > 0) return true;
	return expression.parts.some((part) => typeof part !== 'string' && hasSubquery(grouping, part));
}
