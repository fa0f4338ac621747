import type { Node, SelectStmt } from '#engine/sql';
import { compile } from './compile.ts';
import {
	children,
	hasAggregate,
	identity,
	isConstant,
	leaves,
	type AggregateExpression,
	type Expression
} from './expression.ts';
import { expandSets } from './grouping-sets.ts';
import { refuse } from './refusal.ts';
import type { Output } from './query.ts';
import { columnSpec, isOuterColumn, itemsOf, sourceAt, type Scope } from './scope.ts';
import { isNotNull } from './traits.ts';
import { refuseWindow } from './windowed.ts';

/** GROUP BY and what depends on it. Expressions of outputs and HAVING are over these (see `overGroups`). */
export interface Grouping {
	/** Distinct expressions of GROUP BY; none: one group of all rows, that is there also without rows. */
	readonly groups: readonly Expression[];
	/**
	 * By which of the groups, as indexes, rows are grouped: once by all of them, or by each of GROUPING SETS
	 * in turn. The groups that a set lacks are NULL in its rows; an empty set has one row, always.
	 */
	readonly sets: readonly (readonly number[])[];
	/** Columns that may be used because GROUP BY has their table's primary key. */
	readonly dependents: readonly Expression[];
	/** Distinct aggregates of outputs and HAVING. */
	readonly aggregates: readonly AggregateExpression[];
	readonly having: Expression | undefined;
}

export function grouping(scope: Scope, select: SelectStmt, outputs: readonly Output[]): Grouping | undefined {
	const having = select.havingClause && compile(scope, select.havingClause);
	if (having) refuseWindow(having, 'HAVING');
	const aggregated = outputs.some((output) => hasAggregate(output.expression));
	if (!select.groupClause && !having && !aggregated) return undefined;
	const { groups, sets } = groupsOf(scope, select, outputs);
	const used = [...outputs.map((output) => output.expression), ...(having ? [having] : [])];
	const common = groups.filter((_, index) => sets.every((set) => set.includes(index)));
	const dependents = distinct(used.flatMap((expression) => ungrouped(scope, expression, { groups, common })));
	const aggregates = distinct(
		used.flatMap((expression) => [...leaves(expression)].filter((leaf) => leaf.kind === 'aggregate'))
	);
	return { groups, sets, dependents, aggregates, having };
}

function groupsOf(
	scope: Scope,
	select: SelectStmt,
	outputs: readonly Output[]
): Pick<Grouping, 'groups' | 'sets'> {
	const expanded = expandSets(select.groupClause ?? [], (node) => groupExpression(scope, node, outputs));
	const groups = distinct(expanded.flat());
	const indexes = groups.map(identity);
	const sets = expanded.map((set) =>
		[...new Set(set.map((expression) => indexes.indexOf(identity(expression))))].sort((a, b) => a - b)
	);
	if (!select.groupDistinct) return { groups, sets };
	return { groups, sets: [...new Map(sets.map((set) => [set.join(), set])).values()] };
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

/** Whether a group is NULL in no row of the result. */
export function isGroupNotNull({ groups, sets }: Grouping, scope: Scope, index: number): boolean {
	return sets.every((set) => set.includes(index)) && isNotNull(scope, groups[index]!);
}

/** Whether an output is never NULL, as far as it can be told without Postgres. */
export function isOutputNotNull(
	{ scope, grouping }: { readonly scope: Scope; readonly grouping: Grouping | undefined },
	expression: Expression
): boolean {
	if (!grouping) return isNotNull(scope, expression);
	const part = groupPart(grouping, expression);
	if (part?.kind === 'group') return isGroupNotNull(grouping, scope, part.index);
	if (expression.kind !== 'compound' || grouping.sets.length === 1) return isNotNull(scope, expression);
	// what it was known by may be NULL in another set
	return expression.notNull && children(expression).length === 0;
}

/** The distinct expressions of the rows that a group's aggregates are computed of. */
export function aggregateInputs({ aggregates }: Pick<Grouping, 'aggregates'>): Expression[] {
	return distinct(
		aggregates.flatMap(({ name, args, order, filter, withinGroup }) => {
			if (name === 'grouping') return [];
			const values = withinGroup ? [] : args.filter((arg, index) => index === 0 || !isConstant(arg));
			const sorted = order.map((term) => term.expression);
			return [...values, ...sorted, ...(filter ? [filter] : [])];
		})
	);
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
	refuseWindow(expression, 'GROUP BY');
	const aggregate = [...leaves(expression)].find((leaf) => leaf.kind === 'aggregate');
	if (aggregate) {
		refuse(
			aggregate.at,
			'VIEW_AGGREGATE',
			'An aggregate cannot stand in GROUP BY.',
			'Group by the columns that make a group.'
		);
	}
	if (isConstant(expression)) {
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
	if (
		name === undefined ||
		itemsOf(scope).some(({ columns }) => columns.some((column) => column.name === name))
	)
		return undefined;
	return outputs.find((output) => output.name === name)?.expression;
}

interface Grouped {
	readonly groups: readonly Expression[];
	/** Those of every set. */
	readonly common: readonly Expression[];
}

/** Columns outside of groups and aggregates; refused unless a grouped primary key determines them. */
function ungrouped(scope: Scope, expression: Expression, by: Grouped): Expression[] {
	if (has(by.groups, expression)) return [];
	if (expression.kind === 'aggregate') return ungroupedOfAggregate(scope, expression, by);
	if (expression.kind === 'compound')
		return children(expression).flatMap((child) => ungrouped(scope, child, by));
	if (isOuterColumn(scope, expression)) return [];
	const { table, alias } = sourceAt(scope, expression.source);
	const key = columnSpec(scope, expression).follows ?? table.key;
	const keyed = key.every((name) =>
		by.common.some(
			(group) => group.kind === 'column' && group.source === expression.source && group.column === name
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

/** An aggregate's own rows may have any column; what is of the group is checked here. */
function ungroupedOfAggregate(scope: Scope, aggregate: AggregateExpression, by: Grouped): Expression[] {
	const { name, args, withinGroup, at } = aggregate;
	if (name === 'grouping' && !args.every((arg) => has(by.groups, arg)))
		refuse(
			at,
			'VIEW_GROUP',
			'GROUPING() has an expression that is not in GROUP BY.',
			'Name what GROUP BY has.'
		);
	if (withinGroup && args.some((arg) => ungrouped(scope, arg, by).length > 0))
		refuse(
			at,
			'VIEW_NOT_GROUPED',
			`The argument of ${name}() is not in GROUP BY.`,
			'Add it to GROUP BY, or write a number.'
		);
	if (name === 'any_value') checkDetermined(scope, aggregate, by);
	return [];
}

/** any_value() of values that may differ would be another one now and then, with no row having changed. */
function checkDetermined(scope: Scope, { args, at }: AggregateExpression, by: Grouped): void {
	const columns = args.flatMap((arg) => [...leaves(arg)]).filter((leaf) => leaf.kind === 'column');
	const isDetermined = columns.every(
		(column) =>
			has(by.common, column) ||
			sourceAt(scope, column.source).table.key.every((key) =>
				has(by.common, { kind: 'column', source: column.source, column: key, at: undefined })
			)
	);
	if (isDetermined) return;
	refuse(
		at,
		'VIEW_ANY_VALUE',
		'any_value() may give any of several values here.',
		'Write min() or max(), or (array_agg(value ORDER BY …))[1].'
	);
}

function has(expressions: readonly Expression[], wanted: Expression): boolean {
	return expressions.some((expression) => identity(expression) === identity(wanted));
}
