import { mayNest, type Made, type Making, type Optional, type Scope } from './arbitrary-making.ts';
import type { Expr } from './arbitrary-syntax.ts';
import {
	arrayTypes,
	elementOf,
	isArray,
	literalOf,
	scalarTypes,
	valuesOf,
	type Type
} from './arbitrary-values.ts';

interface Template {
	readonly result: Type;
	readonly template: string;
	readonly args: readonly Type[];
	/** It depends on the text of its arguments, not only on what they equal. */
	readonly exacting?: boolean;
	readonly optional?: Optional;
	readonly construct?: string;
}

function templates(
	result: Type,
	list: readonly (readonly [template: string, ...args: Type[]])[],
	more: Omit<Template, 'result' | 'template' | 'args'> = {}
): Template[] {
	return list.map(([template, ...args]) => ({ result, template, args, ...more }));
}

/** No call raises an error, whatever its arguments. */
const calls: readonly Template[] = [
	...templates('text', [
		['upper($0)', 'text'],
		['($0 || $1)', 'text', 'text'],
		['left($0, 2)', 'text'],
		[`replace($0, 'x', '{data}.')`, 'text'],
		['$0::text', 'uuid'],
		['$0::text', 'integer'],
		[`to_char($0, 'YYYY-MM')`, 'date'],
		[`encode($0, 'hex')`, 'bytea'],
		[`array_to_string($0, '/')`, 'text[]'],
		['($0)[1]', 'text[]'],
		[`concat($0, $1)`, 'text', 'integer']
	]),
	...templates(
		'text',
		[
			['$0::text', 'numeric'],
			['$0::text', 'interval'],
			[`($0 ->> 'k')`, 'jsonb']
		],
		{
			exacting: true
		}
	),
	...templates('integer', [
		['length($0)', 'text'],
		['extract(month FROM $0)::integer', 'timestamptz'],
		['cardinality($0)', 'integer[]'],
		['abs($0 % 3)', 'integer'],
		['($0 / 2)', 'integer'],
		['($0)[1]', 'integer[]']
	]),
	...templates('bigint', [
		['($0::bigint + $1)', 'integer', 'integer'],
		['($0::bigint * 3)', 'integer']
	]),
	...templates('numeric', [
		['($0 + $1)', 'numeric', 'numeric'],
		['($0 * 2)', 'numeric'],
		['$0::numeric', 'bigint'],
		['($0::numeric - $1)', 'integer', 'numeric'],
		['($0)[1]', 'numeric[]']
	]),
	...templates('numeric', [['$0::numeric(12, 1)', 'integer']]),
	...templates('double precision', [
		['($0 * 0.5)', 'double precision'],
		['$0::double precision', 'integer']
	]),
	...templates('real', [['(- $0)', 'real']]),
	...templates('date', [
		['($0 + 1)', 'date'],
		['$0::date', 'timestamptz']
	]),
	...templates('timestamptz', [
		[`date_trunc('day', $0)`, 'timestamptz'],
		[`($0 + interval '1 day')`, 'timestamptz']
	]),
	...templates('interval', [['($0 + $1)', 'interval', 'interval']]),
	...templates('bytea', [['sha256($0)', 'bytea']]),
	...templates(
		'jsonb',
		[
			[`jsonb_build_object('a', $0, 'b', $1)`, 'text', 'integer'],
			[`jsonb_build_object('at', $0)`, 'date'],
			['jsonb_build_array($0, $1)', 'numeric', 'boolean'],
			['to_jsonb($0)', 'numeric'],
			['to_jsonb($0)', 'timestamptz'],
			['to_jsonb($0)', 'text[]']
		],
		{ exacting: true, optional: 'json', construct: 'JSON building' }
	),
	...templates('jsonb', [[`($0 -> 'k')`, 'jsonb']]),
	...templates(
		'text[]',
		[
			['ARRAY[$0, $1]', 'text', 'text'],
			['array_append($0, $1)', 'text[]', 'text'],
			['array_remove($0, $1)', 'text[]', 'text']
		],
		{ construct: 'arrays' }
	),
	...templates(
		'integer[]',
		[
			['ARRAY[$0, 1]', 'integer'],
			['array_append($0, $1)', 'integer[]', 'integer']
		],
		{
			construct: 'arrays'
		}
	),
	...templates('numeric[]', [['ARRAY[$0]', 'numeric']], { construct: 'arrays' }),
	...templates('uuid[]', [['ARRAY[$0]', 'uuid']], { construct: 'arrays' }),
	...templates('date[]', [['ARRAY[$0, $1]', 'date', 'date']], { construct: 'arrays' }),
	...templates('boolean', [
		['(NOT $0)', 'boolean'],
		['($0 AND $1)', 'boolean', 'boolean'],
		['($0 OR $1)', 'boolean', 'boolean'],
		['(($0) IS TRUE)', 'boolean'],
		['(($0) IS NOT FALSE)', 'boolean'],
		[`($0 LIKE 'a%')`, 'text'],
		[`($0 IN ('x', 'a/b', ''))`, 'text'],
		['($0 NOT IN (1, 2))', 'integer'],
		['($0 = ANY ($1))', 'integer', 'integer[]'],
		['($0 = ANY ($1))', 'text', 'text[]'],
		['($0 <> ALL ($1))', 'text', 'text[]'],
		['($0 @> $1)', 'text[]', 'text[]'],
		['($0 && $1)', 'integer[]', 'integer[]'],
		[`($0 @> '{"k": 1}')`, 'jsonb'],
		[`($0 ? 'k')`, 'jsonb'],
		['($0 BETWEEN $1 AND $2)', 'integer', 'integer', 'integer'],
		[`($0 > '2026-01-31')`, 'date']
	])
];

const callsOf: ReadonlyMap<Type, readonly Template[]> = Map.groupBy(calls, ({ result }) => result);

/** An expression of the type. `steady`: of what determines its text. */
export function expression(making: Making, scope: Scope, type: Type, depth: number, steady = false): Made {
	const { choice } = making;
	const fits = ({ expr, steady: isSteady }: Made) => expr.type === type && (isSteady || !steady);
	const atoms = scope.atoms.filter(fits);
	const outer = scope.outer.filter(fits);
	const deeper = depth > 0;
	// Only aggregates make json: it has no equality.
	if (type === 'json')
		return scope.special?.(type, steady) ?? expression(making, scope, 'jsonb', depth, steady);
	const made = choice.weighted<() => Made | undefined>(
		[atoms.length > 0 ? 12 : 0, () => choice.pick(atoms)],
		[outer.length > 0 ? 3 : 0, () => choice.pick(outer)],
		[scope.special ? 10 : 0, () => scope.special!(type, steady)],
		[deeper ? (atoms.length > 0 ? 5 : 15) : 0, () => call(making, scope, type, depth, steady)],
		[deeper ? 2 : 0, () => generic(making, scope, type, depth, steady)],
		[deeper && mayNest(making, 'scalar') ? 5 : 0, () => scalar(making, scope, type, steady)],
		[type === 'boolean' && deeper ? 5 : 0, () => condition(making, scope, depth - 1)],
		[1, () => undefined]
	)();
	return made ?? (atoms.length > 0 ? choice.pick(atoms) : literal(making, type));
}

/** A type that something in scope has, or now and then any. */
export function someType(making: Making, scope: Scope): Type {
	const { choice } = making;
	if (scope.atoms.length > 0 && choice.percent(90)) return choice.pick(scope.atoms).expr.type;
	return choice.percent(90) ? choice.pick(scalarTypes) : choice.pick(arrayTypes);
}

export function literal({ choice }: Making, type: Type): Made {
	const text = choice.percent(15) ? null : choice.pick(valuesOf[type] ?? ['{}']);
	return { expr: { kind: 'value', type, sql: literalOf(type, text) }, steady: true };
}

function call(making: Making, scope: Scope, type: Type, depth: number, steady: boolean): Made | undefined {
	const possible = (callsOf.get(type) ?? []).filter(
		({ optional }) => !optional || making.palette.has(optional)
	);
	if (possible.length === 0) return undefined;
	const { template, args, exacting, construct } = making.choice.pick(possible);
	const made = args.map((arg) => expression(making, scope, arg, depth - 1, steady || exacting));
	return of(type, template, made, construct);
}

export function of(type: Type, template: string, made: readonly Made[], construct?: string): Made {
	const expr: Expr = {
		kind: 'call',
		type,
		template,
		args: made.map((arg) => arg.expr),
		...(construct ? { construct } : {})
	};
	return { expr, steady: type === 'boolean' || made.every((arg) => arg.steady) };
}

/** What there is for every type. */
function generic(making: Making, scope: Scope, type: Type, depth: number, steady: boolean): Made {
	const { choice, palette } = making;
	const one = () => expression(making, scope, type, depth - 1, steady);
	return choice.weighted<() => Made>(
		[3, () => of(type, 'coalesce($0, $1)', [one(), one()])],
		[1, () => of(type, 'nullif($0, $1)', [one(), one()])],
		[isArray(type) || type === 'jsonb' ? 0 : 1, () => of(type, 'greatest($0, $1)', [one(), one()])],
		[
			palette.has('case') ? 4 : 0,
			() => {
				const when = condition(making, scope, depth - 1);
				return of(type, 'CASE WHEN $0 THEN $1 ELSE $2 END', [when, one(), one()], 'CASE');
			}
		],
		[isArray(type) ? 1 : 0, () => of(type, `array_cat($0, $1)`, [one(), one()], 'arrays')],
		[palette.has('case') ? 1 : 0, () => of(type, 'CASE WHEN $0 IS NOT NULL THEN $0 END', [one()], 'CASE')]
	)();
}

function scalar(making: Making, scope: Scope, type: Type, steady: boolean): Made | undefined {
	if (steady) return undefined;
	if (isArray(type) && making.choice.percent(50)) {
		const query = making.subquery(scope, [elementOf(type)], false);
		return { expr: { kind: 'scalar', type, query, list: true }, steady: false };
	}
	const query = making.subquery(scope, [type], true);
	return { expr: { kind: 'scalar', type, query }, steady: false };
}

const comparisons = ['=', '=', '=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM'];

/** A boolean of any making. */
export function condition(making: Making, scope: Scope, depth: number): Made {
	const { choice } = making;
	const deeper = depth > 0;
	const expr = choice.weighted<() => Expr>(
		[8, () => comparison(making, scope, depth)],
		[2, () => nullTest(making, scope)],
		[2, () => expression(making, { atoms: scope.atoms, outer: scope.outer }, 'boolean', depth).expr],
		[deeper ? 3 : 0, () => (call(making, scope, 'boolean', depth, false) ?? literal(making, 'boolean')).expr],
		[mayNest(making, 'exists') ? 8 : 0, () => exists(making, scope)],
		[mayNest(making, 'in') ? 8 : 0, () => membership(making, scope, ['IN', 'NOT IN'])],
		[
			mayNest(making, 'quantified') ? 6 : 0,
			() => membership(making, scope, ['= ANY', '<> ALL', '< ANY', '>= ALL'])
		]
	)();
	return { expr, steady: true };
}

function comparison(making: Making, scope: Scope, depth: number): Expr {
	const { choice } = making;
	const type = someType(making, scope);
	const left = expression(making, scope, type, Math.min(depth, 1));
	const right = choice.percent(30)
		? literal(making, type)
		: expression(making, scope, type, Math.min(depth, 1));
	return of('boolean', `($0 ${choice.pick(comparisons)} $1)`, [left, right]).expr;
}

function nullTest(making: Making, scope: Scope): Expr {
	const { choice } = making;
	const of_ = scope.atoms.length > 0 ? choice.pick(scope.atoms) : literal(making, 'integer');
	return of('boolean', choice.percent(50) ? '($0 IS NULL)' : '($0 IS NOT NULL)', [of_]).expr;
}

function exists(making: Making, scope: Scope): Expr {
	const negated = making.choice.percent(50);
	return { kind: 'exists', type: 'boolean', negated, query: making.subquery(scope, [], false) };
}

function membership(making: Making, scope: Scope, operators: readonly string[]): Expr {
	const { choice } = making;
	const operator = choice.pick(operators);
	const count = operator.endsWith('IN') && choice.percent(20) ? 2 : 1;
	const left = choice.times(count, () => expression(making, scope, someType(making, scope), 0).expr);
	const query = making.subquery(
		scope,
		left.map(({ type }) => type),
		false
	);
	return { kind: 'in', type: 'boolean', operator, left, query };
}

/** Most of all an equality between a column of one side and one of the other. */
export function joinCondition(
	making: Making,
	left: readonly Made[],
	right: readonly Made[],
	mustEqual: boolean
): Expr | undefined {
	const { choice } = making;
	const pairs = left.flatMap((one) =>
		right.filter((other) => other.expr.type === one.expr.type).map((other) => [one, other] as const)
	);
	if (pairs.length === 0) return undefined;
	const told = pairs.filter(([one, other]) => isReference(one.expr, other.expr));
	const [one, other] = choice.pick(told.length > 0 && choice.percent(60) ? told : pairs);
	const operator = mustEqual || choice.percent(75) ? '=' : choice.pick(comparisons);
	return of('boolean', `($0 ${operator} $1)`, [one, other]).expr;
}

/** Whether their names say that one refers to the other. */
function isReference(one: Expr, other: Expr): boolean {
	const names = [one, other].map((expr) => (expr.kind === 'column' ? expr.name : ''));
	return names.some((name, index) => /_(id|k\d)$/.test(name) && /^(id|k\d)$/.test(names[1 - index]!));
}
