import { fails } from '../errors.ts';
import { isFloat, isInteger, isNumber } from '../sql-type.ts';
import type { SqlType } from '../types.ts';
import {
	addNumerics,
	divideNumerics,
	multiplyNumerics,
	negateNumeric,
	remainderOfNumerics,
	type Numeric
} from '../value/decimal.ts';
import { floatArithmetic } from '../value/float.ts';
import { fitInteger, type Integer } from '../value/integer.ts';
import { commonNumber } from './common-type.ts';
import { momentArithmetic } from './moment-arithmetic.ts';
import { overload, type Overload, type OperandTypes } from './overload.ts';

type Sign = '+' | '-' | '*' | '/' | '%';

const signs: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);

export function isArithmetic(name: string): name is Sign {
	return signs.has(name);
}

/** `a + b` and its like, for numbers, dates, times and intervals. */
export function arithmetic(name: Sign, [a, b]: OperandTypes): Overload | undefined {
	const [left, right] = [a ?? b, b ?? a];
	if (left === undefined || right === undefined) return undefined;
	if (isNumber(left) && isNumber(right)) return ofNumbers(name, commonNumber(left, right));
	return momentArithmetic(name, a, b);
}

function ofNumbers(name: Sign, type: SqlType): Overload | undefined {
	const takes = [type, type];
	if (isInteger(type)) {
		const run = integerOperations[name];
		return overload(
			takes,
			type,
			(x: Integer, y: Integer) => fitInteger(type, run(BigInt(x), BigInt(y))),
			true
		);
	}
	if (type === 'numeric') {
		const mayFail = name === '/' || name === '%';
		return overload<never>(takes, type, numericOperations[name] as never, mayFail);
	}
	if (name === '%') return undefined;
	const run = floatArithmetic[name];
	const round = type === 'real' ? Math.fround : (value: number) => value;
	return overload(takes, type, (x: number, y: number) => run(x, y, round), true);
}

const integerOperations: Readonly<Record<Sign, (a: bigint, b: bigint) => bigint>> = {
	'+': (a, b) => a + b,
	'-': (a, b) => a - b,
	'*': (a, b) => a * b,
	'/': (a, b) => a / notZero(b),
	'%': (a, b) => a % notZero(b)
};

function notZero(value: bigint): bigint {
	if (value === 0n) throw fails('division by zero');
	return value;
}

const numericOperations: Readonly<Record<Sign, (a: Numeric, b: Numeric) => Numeric>> = {
	'+': addNumerics,
	'-': (a, b) => addNumerics(a, negateNumeric(b)),
	'*': multiplyNumerics,
	'/': divideNumerics,
	'%': remainderOfNumerics
};

const bitwise: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
	'&': (a, b) => a & b,
	'|': (a, b) => a | b,
	'#': (a, b) => a ^ b
};

/** `a & b`, `a | b`, `a # b` of integers. */
export function bits(name: string, [a, b]: OperandTypes): Overload | undefined {
	const [left, right] = [a ?? b, b ?? a];
	const run = bitwise[name];
	if (!run || left === undefined || right === undefined || !isInteger(left) || !isInteger(right))
		return undefined;
	const type = commonNumber(left, right);
	return overload([type, type], type, (x: Integer, y: Integer) =>
		fitInteger(type, run(BigInt(x), BigInt(y)))
	);
}

/** An operator before its operand: `-a`, `+a`, `~a`, `@a`, `|/a`. */
export function prefix(name: string, type: SqlType | undefined): Overload | undefined {
	if (type === undefined) return undefined;
	if (name === '|/') return isNumber(type) ? squareRoot() : undefined;
	if (name === '-' && type === 'interval') return momentArithmetic('-', undefined, type);
	if (!isNumber(type)) return undefined;
	switch (name) {
		case '+':
			return overload([type], type, (value: number) => value);
		case '-':
			return negation(type);
		case '@':
			return absolute(type);
		case '~':
			return isInteger(type)
				? overload([type], type, (value: Integer) => fitInteger(type, ~BigInt(value)))
				: undefined;
		default:
			return undefined;
	}
}

function negation(type: SqlType): Overload {
	if (type === 'numeric') return overload<never>([type], type, negateNumeric as never);
	if (isFloat(type)) return overload([type], type, (value: number) => -value);
	return overload([type], type, (value: Integer) => fitInteger(type, -BigInt(value)), true);
}

export function absolute(type: SqlType): Overload {
	if (isFloat(type)) return overload([type], type, (value: number) => Math.abs(value));
	if (type === 'numeric') {
		const run = (value: Numeric) => {
			if (value === '-Infinity') return 'Infinity';
			return typeof value !== 'string' && value.digits < 0n ? negateNumeric(value) : value;
		};
		return overload<never>([type], type, run as never);
	}
	return overload(
		[type],
		type,
		(value: Integer) => fitInteger(type, value < 0 ? -BigInt(value) : value),
		true
	);
}

export function squareRoot(): Overload {
	const run = (value: number) => {
		if (value < 0) throw fails('cannot take square root of a negative number');
		return Math.sqrt(value);
	};
	return overload(['double precision'], 'double precision', run, true);
}
