import { findCast } from './run/cast.ts';
import { resolve } from './run/resolve.ts';
import { isLike } from './run/text.ts';
import type { Constant, Expression, OpaqueColumn, SqlType } from './types.ts';

export function isConstant(expression: Expression | OpaqueColumn): expression is Constant {
	const { op } = expression;
	return op === 'literal' || op === 'principal' || op === 'param' || op === 'position';
}

/** The parts right below, in the order in which Postgres evaluates them. */
export function partsOf(expression: Expression): readonly Expression[] {
	switch (expression.op) {
		case 'literal':
		case 'principal':
		case 'param':
		case 'position':
		case 'column':
			return [];
		case 'null':
			return expression.of.op === 'opaque' ? [] : [expression.of];
		case 'not':
		case 'truth':
		case 'cast':
		case 'collate':
			return [expression.of];
		case 'distinct':
		case 'nullif':
			return [expression.left, expression.right];
		case 'in':
			return [expression.value, ...expression.list];
		case 'quantified':
			return [expression.left, expression.array];
		case 'case':
			return [...expression.branches.flatMap(({ when, then }) => [when, then]), expression.otherwise];
		case 'subscript':
			return [expression.array, ...expression.indexes];
		default:
			return expression.of;
	}
}

/** The types that an operator's operands have. */
export function typesOf(parts: readonly Expression[]): SqlType[] {
	return parts.map((part) => part.type);
}

/** Whether a row or a value could make Postgres answer with an error in place of a truth. */
export function mayFail(expression: Expression): boolean {
	return failsItself(expression) || partsOf(expression).some(mayFail);
}

function failsItself(expression: Expression): boolean {
	switch (expression.op) {
		case 'call': {
			const { name, of } = expression;
			if (isLike(name) && isConstant(of[1]!)) return false;
			const found = resolve(name, typesOf(of))!;
			return found.mayFail || of.some((part, i) => castFails(part.type, found.takes[i]!));
		}
		case 'quantified':
			return isLike(expression.operator);
		case 'cast':
			return castFails(expression.of.type, expression.type);
		default:
			return false;
	}
}

function castFails(from: SqlType, to: SqlType): boolean {
	return findCast(from, to)?.mayFail ?? false;
}

type In = Extract<Expression, { op: 'in' }>;

/**
 * `x IN (…)` as Postgres takes it: two and more members that no row changes are one look-up, the others
 * comparisons in order. Undefined where it is such a look-up already.
 */
export function writtenOut({ value, list, negated }: In): Expression | undefined {
	const settled = list.filter((item) => !readsRow(item));
	if (settled.length === list.length && list.length > 1) return undefined;
	const isSet = settled.length > 1;
	const tests: Expression[] = (isSet ? list.filter(readsRow) : list).map((item) => ({
		op: 'call',
		type: 'boolean',
		name: '=',
		of: [value, item]
	}));
	if (isSet) tests.unshift({ op: 'in', type: 'boolean', negated: false, value, list: settled });
	const any: Expression = tests.length === 1 ? tests[0]! : { op: 'or', type: 'boolean', of: tests };
	return negated ? { op: 'not', type: 'boolean', of: any } : any;
}

function readsRow(expression: Expression): boolean {
	if (expression.op === 'column') return true;
	if (expression.op === 'null' && expression.of.op === 'opaque') return true;
	return partsOf(expression).some(readsRow);
}

/**
 * Whether Postgres holds that the result could differ from session to session, and so never works it out
 * before it comes to a row. All sessions here are alike.
 */
export function isStable(expression: Expression): boolean {
	switch (expression.op) {
		case 'concat':
			return true;
		case 'cast':
			return isZoned(expression.type) !== isZoned(expression.of.type);
		case 'call': {
			const types = typesOf(expression.of);
			return types.includes('timestamptz') && types.some((type) => type !== 'timestamptz');
		}
		default:
			return false;
	}
}

function isZoned(type: SqlType): boolean {
	return type === 'timestamptz';
}
