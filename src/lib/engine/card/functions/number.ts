import { EvaluationError } from '../language/ast.ts';
import { integer, isNumber, number, numbers, property, stringify } from '../language/values.ts';
import { isLanguage } from '../time/locale.ts';
import { any, fn, type Functions } from './types.ts';

export const numberFunctions: Functions = {
	add: fn(2, any, (args) => args.reduce(add)),
	sub: fn(2, any, (args) => args.map(number).reduce((a, b) => a - b)),
	mul: fn(2, any, (args) => args.map(number).reduce((a, b) => a * b)),
	div: fn(2, any, (args) => args.map(number).reduce(divide)),
	mod: fn(2, 2, ([a, b]) => integer(a) % divisor(integer(b))),
	exp: fn(2, any, (args) => args.map(number).reduce((a, b) => a ** b)),
	abs: fn(1, 1, ([value]) => Math.abs(number(value))),
	sqrt: fn(1, 1, ([value]) => Math.sqrt(number(value))),
	floor: fn(1, 1, ([value]) => Math.floor(number(value))),
	ceiling: fn(1, 1, ([value]) => Math.ceil(number(value))),
	round: fn(1, 2, ([value, digits]) => round(number(value), digits === undefined ? 0 : integer(digits))),
	min: fn(1, any, (args) => Math.min(...spread(args))),
	max: fn(1, any, (args) => Math.max(...spread(args))),
	sum: fn(1, 1, ([values]) => numbers(values).reduce((a, b) => a + b, 0)),
	average: fn(1, 1, ([values]) => average(numbers(values))),
	formatNumber: fn(2, 3, ([value, digits, language], scope) =>
		formatNumber(number(value), integer(digits), language ?? property(scope.host, 'language'))
	)
};

/** Adds numbers; where one is a text it joins. A number and nothing can't be added. */
function add(a: unknown, b: unknown): unknown {
	if (isNumber(a) && isNumber(b)) return a + b;
	const lone = (isNumber(a) && (b ?? null) === null) || (isNumber(b) && (a ?? null) === null);
	const wrong = [a, b].some(
		(value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null)
	);
	if (lone || wrong) throw new EvaluationError('a number and nothing can’t be added');
	return stringify(a) + stringify(b);
}

/** Whole numbers divide to a whole number, as the language says. */
function divide(a: number, b: number): number {
	const quotient = a / divisor(b);
	return Number.isInteger(a) && Number.isInteger(b) ? Math.floor(quotient) : quotient;
}

function divisor(value: number): number {
	if (value === 0) throw new EvaluationError('division by zero');
	return value;
}

function round(value: number, digits: number): number {
	if (digits < 0 || digits > 15) throw new EvaluationError('digits go from 0 to 15');
	return Math.round(value * 10 ** digits) / 10 ** digits;
}

function spread(args: readonly unknown[]): number[] {
	return args.flatMap((arg) => (Array.isArray(arg) ? numbers(arg) : [number(arg)]));
}

function average(values: readonly number[]): number {
	if (values.length === 0) throw new EvaluationError('an empty list has no average');
	return values.reduce((a, b) => a + b) / values.length;
}

const formats = new Map<string, Intl.NumberFormat>();
const keep = 200;

/** With the marks of the language; English ones where it is none. */
export function formatNumber(value: number, digits: number, wanted: unknown): string {
	const rounded = round(value, digits);
	const language = isLanguage(wanted) ? wanted : 'en-US';
	const key = `${language} ${digits}`;
	let format = formats.get(key);
	if (!format) {
		if (formats.size >= keep) formats.clear();
		format = new Intl.NumberFormat(language, {
			minimumFractionDigits: digits,
			maximumFractionDigits: digits
		});
		formats.set(key, format);
	}
	return format.format(rounded);
}
