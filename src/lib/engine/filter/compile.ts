import { assert } from '#kernel';
import { findCast } from './run/cast.ts';
import { comparer, comparison } from './run/comparison.ts';
import { resolve } from './run/resolve.ts';
import { isLike } from './run/text.ts';
import type { Overload } from './run/overload.ts';
import { resolveConstant, resolvePattern } from './resolve-constant.ts';
import { elementOf, haveSameText } from './sql-type.ts';
import type { Constant, Expression, Filter, FilterEnv, SqlType, TextRow } from './types.ts';
import { itemAt, listOf, type ArrayValue } from './value/array.ts';
import { reader } from './value/read.ts';
import type { Present, Value } from './value/value.ts';
import { isConstant, isStable, typesOf, writtenOut } from './walk.ts';

type Evaluate = (row: TextRow) => Value;

/** A part ready to run; what no row changes is known already. */
interface Compiled {
	readonly evaluate: Evaluate;
	readonly known?: { readonly value: Value };
}

/**
 * Whether a row passes, as Postgres would answer for `toSql`: unknown does not pass. The row has every
 * column of the filter, as text. Throws FILTER_FAILS where Postgres would answer with an error.
 */
export function matches(filter: Filter, row: TextRow, env: FilterEnv): boolean {
	return compileFilter(filter, env)(row);
}

/** The same for many rows: constants are read once. Throws FILTER_VALUE, FILTER_PARAMETER, FILTER_FAILS. */
export function compileFilter(filter: Filter, env: FilterEnv): (row: TextRow) => boolean {
	assert(!filter.databaseOnly, 'only the database has its own order of text');
	const { evaluate } = compile(filter.expression, env);
	return (row) => evaluate(row) === true;
}

function compile(expression: Expression, env: FilterEnv): Compiled {
	const compiled = compileOnce(expression, env);
	const isLate = compiled.known && compiled.known.value !== null && isStable(expression);
	return isLate ? { evaluate: compiled.evaluate } : compiled;
}

function compileOnce(expression: Expression, env: FilterEnv): Compiled {
	switch (expression.op) {
		case 'literal':
		case 'principal':
		case 'param':
		case 'position':
			return known(constantValue(expression.type, resolveConstant(expression, env)));
		case 'column':
			return { evaluate: column(expression.name, expression.type) };
		case 'and':
			return every(expression.of, false, env);
		case 'or':
			return every(expression.of, true, env);
		case 'not':
			return mapped([compile(expression.of, env)], ([truth]) => negate(truth as boolean | null));
		case 'null':
			return isNull(expression, env);
		case 'truth': {
			const { value, negated } = expression;
			return mapped([compile(expression.of, env)], ([truth]) => (truth === value) !== negated);
		}
		case 'distinct': {
			const equals = equality(expression.left.type, expression.right.type);
			const parts = compileAll([expression.left, expression.right], env);
			return mapped(parts, ([a, b]) => isDistinct(a!, b!, equals) !== expression.negated);
		}
		case 'in':
			return membership(expression, env);
		case 'quantified':
			return quantified(expression, env);
		case 'call':
			return call(expression, env);
		case 'cast':
			return castTo(expression.type, expression.of.type, compile(expression.of, env));
		case 'collate':
			return compile(expression.of, env);
		case 'coalesce':
			return coalesce(expression.of, env);
		case 'greatest':
		case 'least':
			return extreme(expression, env);
		case 'concat':
			return mapped(compileAll(expression.of, env), (values) =>
				values.map((value) => (value === null ? '' : String(value as string))).join('')
			);
		case 'case':
			return branches(expression, env);
		case 'nullif':
			return nullIf(expression, env);
		case 'array':
			return mapped(compileAll(expression.of, env), (values) => listOf(values as Present[]));
		case 'subscript':
			return subscript(expression, env);
	}
}

function compileAll(parts: readonly Expression[], env: FilterEnv): Compiled[] {
	return parts.map((part) => compile(part, env));
}

function known(value: Value): Compiled {
	return { known: { value }, evaluate: () => value };
}

/** A part whose value is made of its parts' values, all of which are evaluated. */
function mapped(parts: readonly Compiled[], run: (values: readonly Value[]) => Value): Compiled {
	if (parts.every((part) => part.known)) return known(run(parts.map((part) => part.known!.value)));
	const [first, second] = parts;
	if (parts.length === 1) return { evaluate: (row) => run([first!.evaluate(row)]) };
	if (parts.length === 2) return { evaluate: (row) => run([first!.evaluate(row), second!.evaluate(row)]) };
	return { evaluate: (row) => run(parts.map((part) => part.evaluate(row))) };
}

function constantValue(type: SqlType, text: string | null): Value {
	return text === null ? null : reader(type)(text);
}

function column(name: string, type: SqlType): Evaluate {
	const read = reader(type);
	return (row) => {
		const text = textOf(row, name);
		return text === null ? null : read(text);
	};
}

function textOf(row: TextRow, name: string): string | null {
	const text = row[name];
	assert(text !== undefined, `the row has the filter's column ${name}`);
	return text;
}

/** NULL is equal to nothing, so beside it nothing is compared. */
function nullIf({ left, right }: Extract<Expression, { op: 'nullif' }>, env: FilterEnv): Compiled {
	const parts = compileAll([left, right], env);
	if (parts.some((part) => part.known?.value === null)) return parts[0]!;
	const equals = equality(left.type, right.type);
	return mapped(parts, ([a, b]) => (a !== null && b !== null && equals(a!, b!) ? null : a!));
}

/** Three-valued OR (`decisive` true) or AND (`decisive` false), in order, as far as it is needed. */
function every(expressions: readonly Expression[], decisive: boolean, env: FilterEnv): Compiled {
	const parts: Compiled[] = [];
	let settled: Value = !decisive;
	for (const expression of expressions) {
		const part = compile(expression, env);
		if (part.known?.value === decisive) return part;
		if (part.known?.value === null) settled = null;
		if (!part.known) parts.push(part);
	}
	if (parts.length === 0) return known(settled);
	if (parts.length === 1 && settled !== null) return parts[0]!;
	return {
		evaluate(row) {
			let result = settled;
			for (const part of parts) {
				const truth = part.evaluate(row);
				if (truth === decisive) return decisive;
				if (truth === null) result = null;
			}
			return result;
		}
	};
}

function negate(truth: boolean | null): boolean | null {
	return truth === null ? null : !truth;
}

function isNull({ of, negated }: Extract<Expression, { op: 'null' }>, env: FilterEnv): Compiled {
	if (of.op === 'opaque' || of.op === 'column') {
		const { name } = of;
		return { evaluate: (row) => (textOf(row, name) === null) !== negated };
	}
	return mapped([compile(of, env)], ([value]) => (value === null) !== negated);
}

type Equals = (a: Present, b: Present) => boolean;

function equality(a: SqlType, b: SqlType): Equals {
	const { takes, run } = comparison('=', [a, b])!;
	const [left, right] = [conversion(a, takes[0]!), conversion(b, takes[1]!)];
	return (x, y) => run(left(x), right(y)) === true;
}

function conversion(from: SqlType, to: SqlType): (value: Present) => Present {
	const { run } = findCast(from, to)!;
	return run as (value: Present) => Present;
}

function isDistinct(a: Value, b: Value, equals: Equals): boolean {
	return a === null || b === null ? a !== b : !equals(a, b);
}

/** `x IN (…)` of members that no row changes. */
function membership(expression: Extract<Expression, { op: 'in' }>, env: FilterEnv): Compiled {
	const written = writtenOut(expression);
	if (written) return compile(written, env);
	const { value, list, negated } = expression;
	const finish = (truth: boolean | null) => (negated ? negate(truth) : truth);
	if (value.op === 'column' && list.every((item) => isTextOf(item, value.type))) {
		const texts = list.map((item) => resolveConstant(item as Constant, env));
		const others = texts.includes(null) ? null : false;
		const set = new Set(texts.filter((text) => text !== null));
		return {
			evaluate(row) {
				const text = textOf(row, value.name);
				return text === null ? null : finish(set.has(text) ? true : others);
			}
		};
	}
	const tests = list.map((item) => equality(value.type, item.type));
	const parts = compileAll([value, ...list], env);
	if (parts[0]!.known?.value === null) return known(null);
	return mapped(parts, ([left, ...items]) =>
		finish(any(items, (item, i) => (left === null || item === null ? null : tests[i]!(left!, item))))
	);
}

/** Of no array no index is asked. */
function subscript(expression: Extract<Expression, { op: 'subscript' }>, env: FilterEnv): Compiled {
	const array = compile(expression.array, env);
	const indexes = compileAll(expression.indexes, env);
	const at = (value: Value, row: TextRow): Value => {
		if (value === null) return null;
		const numbers = indexes.map((index) => index.evaluate(row));
		return numbers.includes(null) ? null : itemAt(value as ArrayValue<Present>, numbers as number[]);
	};
	if (array.known && indexes.every((index) => index.known)) return known(at(array.known.value, {}));
	return { evaluate: (row) => at(array.evaluate(row), row) };
}

function isTextOf(item: Expression, type: SqlType): boolean {
	return isConstant(item) && haveSameText(item.type, type);
}

function any(items: readonly Value[], test: (item: Value, index: number) => Value): boolean | null {
	let result: boolean | null = false;
	for (const [i, item] of items.entries()) {
		const truth = test(item, i);
		if (truth === true) return true;
		if (truth === null) result = null;
	}
	return result;
}

function quantified(expression: Extract<Expression, { op: 'quantified' }>, env: FilterEnv): Compiled {
	const { operator, all, left, array } = expression;
	const found = resolve(operator, [left.type, elementOf(array.type)])!;
	const test = applied(found, [left.type, elementOf(array.type)]);
	return mapped(compileAll([left, array], env), ([value, list]) => {
		if (list === null) return null;
		const { items } = list as ArrayValue<Present>;
		// ALL is: there is none for which it is not so.
		const truth = any(items, (item) => {
			const one = test([value!, item]);
			return all ? negate(one as boolean | null) : one;
		});
		return all ? negate(truth) : truth;
	});
}

/** Runs an overload on values of these types. */
function applied(found: Overload, types: readonly SqlType[]): (values: readonly Value[]) => Value {
	const conversions = types.map((type, i) => conversion(type, found.takes[i]!));
	const { run, takesNull } = found;
	const isPlain = types.every((type, i) => type === found.takes[i]);
	if (isPlain && !takesNull) {
		return (values) => (values.includes(null) ? null : run(...(values as readonly Present[])));
	}
	return (values) => {
		// All are made what they must be first, so that one that can't be fails.
		const made = values.map((value, i) => (value === null ? null : conversions[i]!(value)));
		return made.includes(null) && !takesNull ? null : run(...(made as Present[]));
	};
}

function call(expression: Extract<Expression, { op: 'call' }>, env: FilterEnv): Compiled {
	const { name, of } = expression;
	if (name === '=' || name === '<>') {
		const quick = textEquality(of, name === '<>', env);
		if (quick) return quick;
	}
	if (isLike(name) && isConstant(of[1]!)) resolvePattern(of[1], env);
	const types = typesOf(of);
	const found = resolve(name, types)!;
	const parts = compileAll(of, env);
	// As in Postgres, nothing is evaluated beside a NULL that settles it.
	if (!found.takesNull && parts.some((part) => part.known?.value === null)) return known(null);
	return mapped(parts, applied(found, types));
}

/** A column beside a constant of its type: their texts are compared. */
function textEquality(of: readonly Expression[], negated: boolean, env: FilterEnv): Compiled | undefined {
	const [a, b] = of as [Expression, Expression];
	const [side, constant] = a.op === 'column' ? [a, b] : [b, a];
	if (side.op !== 'column' || !isConstant(constant)) return undefined;
	if (!haveSameText(side.type, constant.type)) return undefined;
	const { name } = side;
	const wanted = resolveConstant(constant, env);
	if (wanted === null) return known(null);
	return {
		evaluate(row) {
			const text = textOf(row, name);
			return text === null ? null : (text === wanted) !== negated;
		}
	};
}

function castTo(to: SqlType, from: SqlType, part: Compiled): Compiled {
	const { run } = findCast(from, to)!;
	return mapped([part], ([value]) => (value === null ? null : run(value!)));
}

/** The first that is not NULL; what follows it is not evaluated. */
function coalesce(expressions: readonly Expression[], env: FilterEnv): Compiled {
	const parts: Compiled[] = [];
	for (const expression of expressions) {
		const part = compile(expression, env);
		if (part.known?.value === null) continue;
		parts.push(part);
		if (part.known) break;
	}
	if (parts.length === 0) return known(null);
	if (parts[0]!.known) return parts[0]!;
	return {
		evaluate(row) {
			for (const part of parts) {
				const value = part.evaluate(row);
				if (value !== null) return value;
			}
			return null;
		}
	};
}

function extreme(
	{ op, type, of }: Extract<Expression, { op: 'coalesce' | 'greatest' | 'least' }>,
	env: FilterEnv
): Compiled {
	const compare = comparer(type);
	const sign = op === 'greatest' ? 1 : -1;
	return mapped(compileAll(of, env), (values) => {
		let best: Value = null;
		for (const value of values) {
			if (value !== null && (best === null || sign * compare(value, best) > 0)) best = value;
		}
		return best;
	});
}

/** The first branch whose condition holds; the others are not evaluated. */
function branches(expression: Extract<Expression, { op: 'case' }>, env: FilterEnv): Compiled {
	const parts: { when: Compiled; then: Compiled }[] = [];
	for (const { when, then } of expression.branches) {
		const condition = compile(when, env);
		if (condition.known && condition.known.value !== true) continue;
		parts.push({ when: condition, then: compile(then, env) });
		if (condition.known) break;
	}
	const isSettled = parts.at(-1)?.when.known !== undefined;
	const otherwise = isSettled ? known(null) : compile(expression.otherwise, env);
	if (parts.length === 0) return otherwise;
	if (parts[0]!.when.known) return parts[0]!.then;
	return {
		evaluate(row) {
			for (const { when, then } of parts) if (when.evaluate(row) === true) return then.evaluate(row);
			return otherwise.evaluate(row);
		}
	};
}
