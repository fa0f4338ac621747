import { isArray } from '../sql-type.ts';
import type { SqlType } from '../types.ts';
import type { Present } from '../value/value.ts';
import { arithmetic, bits, isArithmetic, prefix } from './arithmetic.ts';
import { arrayFunction, arrayOperator, joinArrays } from './arrays.ts';
import { findCast, isImplicit } from './cast.ts';
import { comparison, isComparison } from './comparison.ts';
import { numberFunction } from './numbers.ts';
import { overload, type OperandTypes, type Overload } from './overload.ts';
import { isLike, likeOverload, textFunctions } from './text.ts';

const numberFunctions = ['abs', 'ceil', 'ceiling', 'floor', 'mod', 'round', 'sqrt', 'trunc'];
const arrayFunctions = ['array_length', 'array_ndims', 'cardinality'];

/** Names of the functions that a filter knows. */
export const functionNames: readonly string[] = [
	...Object.keys(textFunctions),
	'ilike',
	'like',
	...numberFunctions,
	...arrayFunctions,
	'coalesce',
	'concat',
	'greatest',
	'least',
	'nullif',
	'param',
	'principal'
].sort();

export function isOperator(name: string): boolean {
	return !/^\w/.test(name);
}

/** The operator or function of that name for operands of these types; undefined where there is none. */
export function resolve(name: string, types: OperandTypes): Overload | undefined {
	const found = isLike(name)
		? resolveLike(name, types)
		: isOperator(name)
			? resolveOperator(name, types)
			: resolveFunction(name, types);
	return found && found.takes.every((wanted, i) => fits(types[i], wanted)) ? found : undefined;
}

function fits(type: SqlType | undefined, wanted: SqlType): boolean {
	return type === undefined || isImplicit(type, wanted);
}

function resolveOperator(name: string, types: OperandTypes): Overload | undefined {
	if (types.length === 1) return prefix(name, types[0]);
	if (isComparison(name)) return comparison(name, types);
	if (isArithmetic(name)) return arithmetic(name, types);
	if (name === '||') return joinArrays(types) ?? joinTexts(types);
	if (name === '^@') return textFunctions['starts_with']![0];
	return bits(name, types) ?? arrayOperator(name, types);
}

/** char(n) is matched with the spaces at its end, which here mean nothing. */
function resolveLike(name: string, types: OperandTypes): Overload | undefined {
	return types.length === 2 && !types.includes('character') ? likeOverload(name) : undefined;
}

function resolveFunction(name: string, types: OperandTypes): Overload | undefined {
	if (Object.hasOwn(textFunctions, name)) {
		return textFunctions[name]!.find(({ takes }) => takes.length === types.length);
	}
	return numberFunction(name, types) ?? arrayFunction(name, types);
}

/** `a || b` where one is text: the other is written as text. */
function joinTexts([a, b]: OperandTypes): Overload | undefined {
	const isText = (type: SqlType | undefined) => type === undefined || type === 'text';
	if (!isText(a) && !isText(b)) return undefined;
	const [left, right] = [a ?? 'text', b ?? 'text'];
	if (isArray(left) || isArray(right)) return undefined;
	const [first, second] = [findCast(left, 'text'), findCast(right, 'text')];
	if (!first || !second) return undefined;
	return overload(
		[left, right],
		'text',
		(x: Present, y: Present) => `${String(first.run(x))}${String(second.run(y))}`
	);
}
