import type { Node, SelectStmt } from '#engine/sql';
import { compile } from './compile.ts';
import { hasAggregate, identity, leaves, type AggregateExpression, type Expression } from './expression.ts';
import { notYet, refuse } from './refusal.ts';
import type { Output } from './query.ts';
import type { Scope } from './scope.ts';

/** GROUP BY and what depends on it. Expressions of outputs and HAVING are over these (see `overGroups`). */
export interface Grouping {
	/** Distinct expressions of GROUP BY; none: one group of all rows, that is there also without rows. */
	readonly groups: readonly Expression[];
	/** Columns that may be used because GROUP BY has their table's primary key. */
	readonly dependents: readonly Expression[];
	/** Distinct aggregates of outputs and HAVING. */
	readonly aggregates: readonly AggregateExpression[];
	readonly having: Expression | undefined;
}

export function grouping(scope: Scope, select: SelectStmt, outputs: readonly Output[]): Grouping | undefined {
	const having = select.havingClause && compile(scope, select.havingClause);
	const aggregated = outputs.some((output) => hasAggregate(output.expression));
	if (!select.groupClause && !having && !aggregated) return undefined;
	if (select.groupDistinct) notYet(undefined, 'GROUP BY DISTINCT', 'Leave DISTINCT out.');
	const groups = distinct((select.groupClause ?? []).map((node) => groupExpression(scope, node, outputs)));
	const used = [...outputs.map((output) => output.expression), ...(having ? [having] : [])];
	const dependents = distinct(used.flatMap((expression) => ungrouped(scope, expression, groups)));
	const aggregates = distinct(
		used.flatMap((expression) => [...leaves(expression)].filter((leaf) => leaf.kind === 'aggregate'))
	);
	return { groups, dependents, aggregates, having };
}

/** How an expression over groups is read: what it is of the group, or undefined to look into its parts. */
export function groupPart(
	grouping: Pick<Grouping, 'groups' | 'dependents'>,
	expression: Expression
): { kind: 'group' | 'dependent'; index: number } | undefined {
	const wanted = identity(expression);
	const group = grouping.groups.findIndex((candidate) => identity(candidate) === wanted);
	if (group >= 0) return { kind: 'group', index: group };
	const dependent = grouping.dependents.findIndex((candidate) => identity(candidate) === wanted);
	return dependent >= 0 ? { kind: 'dependent', index: dependent } : undefined;
}

function distinct<T extends Expression>(expressions: readonly T[]): T[] {
	const seen = new Set<string>();
	return expressions.filter(
		(expression) => !seen.has(identity(expression)) && seen.add(identity(expression))
	);
}

/** An expression, a column, the name of an output, or its number from 1. */
function groupExpression(scope: Scope, node: Node, outputs: readonly Output[]): Expression {
	const expression = numbered(node, outputs) ?? named(scope, node, outputs) ?? compile(scope, node);
	const aggregate = [...leaves(expression)].find((leaf) => leaf.kind === 'aggregate');
	if (aggregate) {
		refuse(
			aggregate.at,
			'VIEW_AGGREGATE',
			'An aggregate cannot stand in GROUP BY.',
			'Group by the columns that make a group.'
		);
	}
	if ([...leaves(expression)].length === 0) {
		refuse(
			expression.at,
			'VIEW_GROUP',
			'GROUP BY has a constant, which makes no groups.',
			'Leave it out of GROUP BY.'
		);
	}
	return expression;
}

function numbered(node: Node, outputs: readonly Output[]): Expression | undefined {
	if (!('A_Const' in node)) return undefined;
	const output = outputs[(node.A_Const.ival?.ival ?? 0) - 1];
	if (!output)
		refuse(
			node.A_Const.location,
			'VIEW_GROUP',
			'GROUP BY has a number that is no column of SELECT.',
			'Name the column.'
		);
	return output.expression;
}

/** As in Postgres, a column of FROM goes before an output of the same name. */
function named(scope: Scope, node: Node, outputs: readonly Output[]): Expression | undefined {
	if (!('ColumnRef' in node) || node.ColumnRef.fields?.length !== 1) return undefined;
	const field = node.ColumnRef.fields[0]!;
	const name = 'String' in field ? field.String.sval : undefined;
	if (scope.sources.some((source) => source.table.columns.some((column) => column.name === name)))
		return undefined;
	return outputs.find((output) => output.name === name)?.expression;
}

/** Columns outside of groups and aggregates; refused unless a grouped primary key determines them. */
function ungrouped(scope: Scope, expression: Expression, groups: readonly Expression[]): Expression[] {
	const wanted = identity(expression);
	if (expression.kind === 'aggregate' || groups.some((group) => identity(group) === wanted)) return [];
	if (expression.kind === 'compound') {
		return expression.parts.flatMap((part) =>
			typeof part === 'string' ? [] : ungrouped(scope, part, groups)
		);
	}
	const { table, alias } = scope.sources[expression.source]!;
	const keyed = table.key.every((key) =>
		groups.some(
			(group) => group.kind === 'column' && group.source === expression.source && group.column === key
		)
	);
	if (keyed) return [expression];
	refuse(
		expression.at,
		'VIEW_NOT_GROUPED',
		`"${alias}.${expression.column}" is neither in GROUP BY nor in an aggregate.`,
		`Add it to GROUP BY, or write max(${alias}.${expression.column}).`
	);
}
