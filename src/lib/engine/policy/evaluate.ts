import { assert, unreachable } from '#kernel';
import { compareDecimals } from './decimal.ts';
import { likeMatcher } from './like.ts';
import { compareMoments, parseMoment } from './moment.ts';
import { floatOf } from './normalise.ts';
import { resolve, resolvePattern } from './resolve.ts';
import type { Comparison, Expression, Filter, FilterEnv, Operand, TextRow, ValueType } from './types.ts';
import { isFloat, isNumber } from './value-type.ts';

/** SQL's third truth value is null. */
type Truth = boolean | null;
type Test = (row: TextRow) => Truth;
type Read = (row: TextRow) => string | null;

/**
 * Whether a row passes, as Postgres would answer for `toSql`: unknown does not pass. The row has every
 * column of the filter, as text.
 */
export function matches(filter: Filter, row: TextRow, env: FilterEnv): boolean {
	return compileFilter(filter, env)(row);
}

/** The same for many rows: constants are read once. Throws FILTER_VALUE, FILTER_PARAMETER. */
export function compileFilter(filter: Filter, env: FilterEnv): (row: TextRow) => boolean {
	const test = compile(filter.expression, env);
	return (row) => test(row) === true;
}

function compile(expression: Expression, env: FilterEnv): Test {
	switch (expression.op) {
		case 'and':
			return every(
				expression.of.map((part) => compile(part, env)),
				false
			);
		case 'or':
			return every(
				expression.of.map((part) => compile(part, env)),
				true
			);
		case 'not': {
			const inner = compile(expression.of, env);
			return (row) => negate(inner(row));
		}
		case 'compare':
			return comparison(expression.operator, expression.left, expression.right, env);
		case 'null': {
			const read = reader(expression.value, env);
			return (row) => (read(row) === null) !== expression.negated;
		}
		case 'in': {
			const tests = expression.list.map((item) => comparison('=', expression.value, item, env));
			const any = every(tests, true);
			return expression.negated ? (row) => negate(any(row)) : any;
		}
		case 'like':
			return like(expression, env);
		case 'truth': {
			const read = reader(expression.value, env);
			return (row) => {
				const value = read(row);
				return value === null ? null : isTrue(value);
			};
		}
		default:
			return unreachable(expression);
	}
}

/** Three-valued OR (`decisive` true) or AND (`decisive` false). */
function every(tests: readonly Test[], decisive: boolean): Test {
	return (row) => {
		let result: Truth = !decisive;
		for (const test of tests) {
			const truth = test(row);
			if (truth === decisive) return decisive;
			if (truth === null) result = null;
		}
		return result;
	};
}

function negate(truth: Truth): Truth {
	return truth === null ? null : !truth;
}

function comparison(operator: Comparison, left: Operand, right: Operand, env: FilterEnv): Test {
	const [readLeft, readRight] = [reader(left, env), reader(right, env)];
	const compare = comparator(left.type!, right.type!);
	const holds = outcome(operator);
	return (row) => {
		const [a, b] = [readLeft(row), readRight(row)];
		return a === null || b === null ? null : holds(compare(a, b));
	};
}

function outcome(operator: Comparison): (order: number) => boolean {
	switch (operator) {
		case '=':
			return (order) => order === 0;
		case '<>':
			return (order) => order !== 0;
		case '<':
			return (order) => order < 0;
		case '<=':
			return (order) => order <= 0;
		case '>':
			return (order) => order > 0;
		case '>=':
			return (order) => order >= 0;
		default:
			return unreachable(operator);
	}
}

/** The order of two texts of these types; where only equality is asked, 0 for equal. */
function comparator(left: ValueType, right: ValueType): (a: string, b: string) => number {
	if (isNumber(left) && isNumber(right)) {
		if (!isFloat(left) && !isFloat(right)) return compareDecimals;
		return (a, b) => compareFloats(floatOf(left, a), floatOf(right, b));
	}
	switch (left) {
		case 'boolean':
			return (a, b) => Number(isTrue(a)) - Number(isTrue(b));
		case 'date':
		case 'timestamp':
		case 'timestamptz':
			return (a, b) => compareMoments(moment(a), moment(b));
		default:
			return (a, b) => (a === b ? 0 : 1);
	}
}

function moment(text: string) {
	const parsed = parseMoment(text, true);
	assert(parsed !== undefined, 'a row holds a moment as Postgres prints it');
	return parsed;
}

/** NaN is the greatest and equals itself. */
function compareFloats(a: number, b: number): number {
	if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
	return a < b ? -1 : a > b ? 1 : 0;
}

function isTrue(text: string): boolean {
	return text === 't' || text === 'true';
}

function like(expression: Extract<Expression, { op: 'like' }>, env: FilterEnv): Test {
	const read = reader(expression.value, env);
	const pattern = resolvePattern(expression.pattern, env);
	if (pattern === null) return () => null;
	const match = likeMatcher(pattern, expression.ignoreCase);
	return (row) => {
		const value = read(row);
		return value === null ? null : match(value) !== expression.negated;
	};
}

function reader(operand: Operand, env: FilterEnv): Read {
	if (operand.kind !== 'column') {
		const value = resolve(operand, env);
		return () => value;
	}
	const { name } = operand;
	return (row) => {
		const value = row[name];
		assert(value !== undefined, `the row has the filter's column ${name}`);
		return value;
	};
}
