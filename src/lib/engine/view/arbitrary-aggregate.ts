import { condition, expression, someType } from './arbitrary-expression.ts';
import { totalOrder, type Made, type Making, type Relation, type Scope } from './arbitrary-making.ts';
import type { Expr, Order, Window } from './arbitrary-syntax.ts';
import { elementOf, isArray, isExact, isOrdered, type Type } from './arbitrary-values.ts';

interface Aggregate {
	readonly template: string;
	readonly args: readonly Type[];
	/** Its result depends on the order of the rows. */
	readonly ordered?: boolean;
	/** WITHIN GROUP by a value of this type. */
	readonly within?: Type;
	readonly distinct?: boolean;
}

const plain = (template: string, ...args: Type[]): Aggregate => ({ template, args, distinct: true });

const fixed: Readonly<Record<Type, readonly Aggregate[]>> = {
	bigint: [
		{ template: 'count(*)', args: [] },
		plain('count(DISTINCT?$0)', 'integer'),
		plain('count(DISTINCT?$0)', 'numeric'),
		plain('count(DISTINCT?$0)', 'text'),
		plain('sum(DISTINCT?$0)', 'integer'),
		{ template: 'rank(2)', args: [], within: 'integer' },
		{ template: 'dense_rank(2)', args: [], within: 'integer' }
	],
	numeric: [
		plain('sum(DISTINCT?$0)', 'bigint'),
		plain('sum(DISTINCT?$0)', 'numeric'),
		plain('avg(DISTINCT?$0)', 'integer'),
		plain('avg(DISTINCT?$0)', 'numeric'),
		plain('avg(DISTINCT?$0)', 'bigint'),
		{ template: 'stddev($0)', args: ['integer'] },
		{ template: 'variance($0)', args: ['numeric'] },
		{ template: 'round(regr_slope($0, $1)::numeric, 3)', args: ['double precision', 'integer'] }
	],
	'double precision': [
		plain('sum(DISTINCT?$0)', 'double precision'),
		plain('avg(DISTINCT?$0)', 'double precision'),
		{ template: 'percentile_cont(0.5)', args: [], within: 'integer' },
		{ template: 'cume_dist(2)', args: [], within: 'integer' }
	],
	real: [plain('sum(DISTINCT?$0)', 'real')],
	interval: [{ template: 'sum($0)', args: ['interval'] }],
	boolean: [
		{ template: 'bool_and($0)', args: ['boolean'] },
		{ template: 'bool_or($0)', args: ['boolean'] },
		{ template: 'every($0)', args: ['boolean'] }
	],
	integer: [
		{ template: 'bit_and($0)', args: ['integer'] },
		{ template: 'bit_or($0)', args: ['integer'] },
		{ template: 'bit_xor($0)', args: ['integer'] },
		{ template: 'percentile_disc(0.5)', args: [], within: 'integer' },
		{ template: 'mode()', args: [], within: 'integer' }
	],
	text: [
		{ template: `string_agg(DISTINCT?$0, '/'ORDER?)`, args: ['text'], ordered: true, distinct: false },
		{ template: 'mode()', args: [], within: 'text' }
	],
	jsonb: [
		{ template: 'jsonb_agg($0ORDER?)', args: ['text'], ordered: true },
		{ template: 'jsonb_agg($0ORDER?)', args: ['numeric'], ordered: true },
		{
			template: `jsonb_object_agg(coalesce($0, ''), $1ORDER?)`,
			args: ['text', 'integer'],
			ordered: true
		}
	],
	json: [
		{ template: 'json_agg($0ORDER?)', args: ['integer'], ordered: true },
		{ template: `json_object_agg(coalesce($0, ''), $1ORDER?)`, args: ['text', 'date'], ordered: true }
	]
};

const extremes =
	/^(text|integer|bigint|numeric|double precision|real|date|timestamptz|interval|bytea|.*\[\])$/;

function possible(type: Type): readonly Aggregate[] {
	const least = extremes.test(type) ? ['min', 'max'].map((name) => plain(`${name}(DISTINCT?$0)`, type)) : [];
	const list = isArray(type)
		? [{ template: 'array_agg(DISTINCT?$0ORDER?)', args: [elementOf(type)], ordered: true, distinct: true }]
		: [];
	return [...(fixed[type] ?? []), ...least, ...list];
}

/** An aggregate of the type over rows of these relations. */
export function aggregate(
	making: Making,
	scope: Scope,
	relations: readonly Relation[],
	type: Type,
	steady: boolean
): Made | undefined {
	const { choice, palette } = making;
	// With a column of the queries around alone it would be an aggregate of those.
	const own: Scope = { atoms: scope.atoms, outer: [] };
	const choices = possible(type).filter(
		({ ordered, within }) =>
			(!ordered || palette.has('aggregate order')) && (!within || palette.has('within'))
	);
	if (choices.length === 0 || (steady && !isExact(type))) return undefined;
	const made = choice.pick(choices);
	const isSteady = made.ordered || /^json/.test(type);
	const args = made.args.map((arg) => expression(making, own, arg, 1, isSteady));
	const distinct = made.distinct === true && palette.has('aggregate distinct') && choice.percent(50);
	const within = made.within
		? [{ ...direction(making), expr: expression(making, own, made.within, 1).expr }]
		: [];
	const expr: Expr = {
		kind: 'aggregate',
		type,
		template: made.template,
		args: args.map((arg) => arg.expr),
		distinct,
		order: made.ordered ? orderWithin(making, relations, args[0]!.expr, distinct) : [],
		within,
		...(palette.has('filter') && choice.percent(50) ? { filter: condition(making, own, 1).expr } : {})
	};
	return { expr, steady: isExact(type) };
}

/** With DISTINCT only the argument may stand there, and equal ones are one. */
function orderWithin(
	making: Making,
	relations: readonly Relation[],
	argument: Expr,
	distinct: boolean
): readonly Order[] {
	const first = { ...direction(making), expr: argument };
	if (distinct) return [first];
	const total = totalOrder(relations);
	return making.choice.percent(60) ? [first, ...total] : total;
}

export function direction({ choice }: Making): Omit<Order, 'expr'> {
	return {
		...(choice.percent(40) ? { descending: true } : {}),
		...(choice.percent(25) ? { nulls: choice.pick(['FIRST', 'LAST'] as const) } : {})
	};
}

interface WindowCall {
	readonly template: string;
	readonly args: readonly Type[];
	/** Rows that tie would be told apart by chance: the order has to be total. */
	readonly total?: boolean;
	/** An aggregate: FILTER and frames have a meaning. */
	readonly aggregate?: boolean;
}

const windowCalls: Readonly<Record<Type, readonly WindowCall[]>> = {
	bigint: [
		{ template: 'row_number()', args: [], total: true },
		{ template: 'rank()', args: [] },
		{ template: 'dense_rank()', args: [] },
		{ template: 'count(*)', args: [], aggregate: true },
		{ template: 'count($0)', args: ['text'], aggregate: true },
		{ template: 'sum($0)', args: ['integer'], aggregate: true }
	],
	integer: [{ template: 'ntile(2)', args: [], total: true }],
	numeric: [
		{ template: 'sum($0)', args: ['numeric'], aggregate: true },
		{ template: 'avg($0)', args: ['integer'], aggregate: true }
	],
	'double precision': [
		{ template: 'percent_rank()', args: [] },
		{ template: 'cume_dist()', args: [] }
	],
	boolean: [{ template: 'bool_or($0)', args: ['boolean'], aggregate: true }]
};

const frames = [
	'ROWS BETWEEN 1 PRECEDING AND CURRENT ROW',
	'ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING',
	'ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING',
	'GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW',
	'RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
	'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW',
	'GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE TIES'
];

/** A call over a window of the rows of these relations. */
export function windowCall(
	making: Making,
	scope: Scope,
	relations: readonly Relation[],
	type: Type,
	steady: boolean
): Made | undefined {
	const { choice, palette } = making;
	if (type === 'json') return undefined;
	const neighbours: WindowCall[] = [
		'lag($0)',
		'lead($0, 1)',
		'lag($0, 2, $0)',
		'first_value($0)',
		'last_value($0)',
		'nth_value($0, 2)'
	].map((template) => ({ template, args: [type], total: true }));
	const made = choice.pick([...(windowCalls[type] ?? []), ...(windowCalls[type] ?? []), ...neighbours]);
	const args = made.args.map((arg) => expression(making, scope, arg, 1, steady));
	const isFramed = choice.percent(35) && (made.aggregate || /_value/.test(made.template));
	const frame = isFramed ? choice.pick(frames) : undefined;
	const total = made.total === true || /^ROWS/.test(frame ?? '');
	const over = arbitraryWindow(making, scope, relations, total, frame);
	const expr: Expr = {
		kind: 'window',
		type,
		template: made.template,
		args: args.map((arg) => arg.expr),
		over,
		...(made.aggregate && palette.has('filter') && choice.percent(30)
			? { filter: condition(making, scope, 1).expr }
			: {})
	};
	return { expr, steady: isExact(type) || args.every((arg) => arg.steady) };
}

function arbitraryWindow(
	making: Making,
	scope: Scope,
	relations: readonly Relation[],
	total: boolean,
	frame: string | undefined
): Window {
	const { choice } = making;
	const some = () => expression(making, scope, someType(making, scope), choice.percent(20) ? 1 : 0);
	const by = (count: number) => choice.times(count, some).filter(({ expr }) => isOrdered(expr.type));
	const order = by(choice.weighted([total ? 2 : 1, 0], [3, 1], [1, 2])).map(({ expr }) => ({
		...direction(making),
		expr
	}));
	const all = [...order, ...(total ? (relations.length > 0 ? totalOrder(relations) : keysOrder(scope)) : [])];
	return {
		partition: by(choice.weighted([2, 0], [3, 1], [1, 2])).map(({ expr }) => expr),
		order: all,
		// GROUPS needs an order to make groups by.
		...(frame && (all.length > 0 || !/^GROUPS/.test(frame)) ? { frame } : {})
	};
}

/** Of groups, which their keys tell apart. */
function keysOrder(scope: Scope): Order[] {
	return scope.atoms.map(({ expr }) => ({ expr }));
}
