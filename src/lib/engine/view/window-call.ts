import { aggregateFunctions, windowFunctions, type FuncCall, type Node } from '#engine/sql';
import { ordering, sortTerms } from './aggregate.ts';
import { compile } from './compile.ts';
import {
	isConstant,
	print,
	windowsIn,
	type CompoundExpression,
	type Expression,
	type WindowCall
} from './expression.ts';
import { notYet, refuse } from './refusal.ts';
import type { Scope } from './scope.ts';
import { isText } from './traits.ts';

export type WindowDef = NonNullable<FuncCall['over']>;

const numbering: ReadonlySet<string> = new Set([
	'row_number',
	'rank',
	'dense_rank',
	'percent_rank',
	'cume_dist',
	'count'
]);

/** Functions that give one of the values. */
const choosing: ReadonlySet<string> = new Set([
	'lag',
	'lead',
	'first_value',
	'last_value',
	'nth_value',
	'min',
	'max'
]);

/** A call with OVER. */
export function windowCall(scope: Scope, node: FuncCall, name: string): CompoundExpression {
	const at = node.location;
	if (!windowFunctions.has(name) && !aggregateFunctions.has(name))
		refuse(at, 'VIEW_WINDOW', `${name}() is no window function.`, 'Leave OVER out.');
	if (node.agg_distinct || node.agg_order || node.agg_within_group)
		refuse(
			at,
			'VIEW_WINDOW',
			'PostgreSQL takes no DISTINCT, ORDER BY or WITHIN GROUP in a call with OVER.',
			'Group in a subquery, and join it.'
		);
	if (node.func_variadic) notYet(at, 'VARIADIC arguments', 'List the arguments.');
	const args = (node.args ?? []).map((arg) => compile(scope, arg));
	const given = node.agg_star ? ['*'] : args.flatMap((arg, index) => (index === 0 ? [arg] : [', ', arg]));
	const filter = node.agg_filter ? [' FILTER (WHERE ', compile(scope, node.agg_filter), ')'] : [];
	const window = { ...specification(scope, node.over!, at), head: [`${name}(`, ...given, ')', ...filter] };
	const inner = [...window.head, ...window.partition, ...window.order.map((term) => term.expression)];
	if (inner.some((part) => typeof part !== 'string' && windowsIn(part).length > 0))
		refuse(
			at,
			'VIEW_WINDOW',
			'A window function cannot stand in another.',
			'Compute the inner one in a subquery.'
		);
	const text =
		name === 'string_agg' || (choosing.has(name) && args[0] !== undefined && isText(scope, args[0]));
	return windowOf(window, { notNull: numbering.has(name), text, at });
}

/** The expression of a call. */
export function windowOf(
	window: WindowCall,
	{ notNull, text, at }: Pick<CompoundExpression, 'notNull' | 'text' | 'at'>
): CompoundExpression {
	const list = (items: readonly (readonly (string | Expression)[])[]) =>
		items.flatMap((item, index) => (index === 0 ? item : [', ', ...item]));
	const partition = window.partition.map((expression) => [expression]);
	const order = window.order.map(({ expression, direction }) => [expression, direction]);
	return {
		kind: 'compound',
		parts: [
			...window.head,
			' OVER (',
			...(partition.length > 0 ? ['PARTITION BY ', ...list(partition), ' '] : []),
			...(order.length > 0 ? ['ORDER BY ', ...list(order)] : []),
			window.frame,
			')'
		],
		window,
		notNull,
		text,
		at
	};
}

/** `OVER name`, or what stands in its parentheses, completed by a named window. */
function specification(scope: Scope, over: WindowDef, at: number | undefined): Omit<WindowCall, 'head'> {
	const whole = over.name ? named(scope, over.name, at) : over;
	const own = {
		partition: (whole.partitionClause ?? [])
			.map((node) => compile(scope, node))
			.filter((expression) => !isConstant(expression)),
		order: ordering(sortTerms(scope, whole.orderClause ?? [])),
		frame: frameText(scope, whole)
	};
	if (!whole.refname) return own;
	const base = specification(scope, named(scope, whole.refname, at), at);
	return { ...own, partition: base.partition, order: base.order.length > 0 ? base.order : own.order };
}

function named(scope: Scope, name: string, at: number | undefined): WindowDef {
	const found = scope.windows?.find((window) => window.name === name);
	if (!found)
		refuse(
			at,
			'VIEW_WINDOW',
			`There is no window "${name}".`,
			`Define it: WINDOW ${name} AS (PARTITION BY …).`
		);
	const { name: _, ...rest } = found;
	return rest;
}

/** Bits of Postgres's parsenodes.h. */
const frameBits = {
	nonDefault: 0x1,
	rows: 0x4,
	groups: 0x8,
	between: 0x10,
	startUnbounded: 0x20,
	endUnbounded: 0x100,
	startCurrent: 0x200,
	endCurrent: 0x400,
	startPreceding: 0x800,
	endPreceding: 0x1000,
	startFollowing: 0x2000,
	excludeCurrent: 0x8000,
	excludeGroup: 0x10000,
	excludeTies: 0x20000
};

function frameText(scope: Scope, { frameOptions = 0, startOffset, endOffset }: WindowDef): string {
	const has = (bit: keyof typeof frameBits) => (frameOptions & frameBits[bit]) !== 0;
	if (!has('nonDefault')) return '';
	const mode = has('rows') ? 'ROWS' : has('groups') ? 'GROUPS' : 'RANGE';
	const start = has('startUnbounded')
		? 'UNBOUNDED PRECEDING'
		: has('startCurrent')
			? 'CURRENT ROW'
			: `${offset(scope, startOffset)} ${has('startPreceding') ? 'PRECEDING' : 'FOLLOWING'}`;
	const end = has('endUnbounded')
		? 'UNBOUNDED FOLLOWING'
		: has('endCurrent')
			? 'CURRENT ROW'
			: `${offset(scope, endOffset)} ${has('endPreceding') ? 'PRECEDING' : 'FOLLOWING'}`;
	const excluded = has('excludeCurrent')
		? ' EXCLUDE CURRENT ROW'
		: has('excludeGroup')
			? ' EXCLUDE GROUP'
			: has('excludeTies')
				? ' EXCLUDE TIES'
				: '';
	return ` ${mode} BETWEEN ${start} AND ${end}${excluded}`;
}

function offset(scope: Scope, node: Node | undefined): string {
	const expression = compile(scope, node);
	if (!isConstant(expression))
		refuse(
			expression.at,
			'VIEW_WINDOW',
			'The bound of a frame has a column in it, which PostgreSQL does not take.',
			'Write a number or an interval.'
		);
	return print(expression, () => '');
}
