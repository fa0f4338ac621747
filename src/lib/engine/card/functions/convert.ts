import { EvaluationError } from '../language/ast.ts';
import { equal, isNumber, isRecord, stringify, text, truthy } from '../language/values.ts';
import { formatNumber } from './number.ts';
import { fn, type Functions } from './types.ts';

export const convertFunctions: Functions = {
	equals: fn(2, 2, ([a, b]) => equal(a, b)),
	notEquals: fn(2, 2, ([a, b]) => !equal(a, b)),
	less: fn(2, 2, ([a, b]) => compare(a, b) < 0),
	lessOrEquals: fn(2, 2, ([a, b]) => compare(a, b) <= 0),
	greater: fn(2, 2, ([a, b]) => compare(a, b) > 0),
	greaterOrEquals: fn(2, 2, ([a, b]) => compare(a, b) >= 0),
	exists: fn(1, 1, ([value]) => value !== null && value !== undefined),
	string: fn(1, 2, ([value, locale]) => string(value, locale)),
	int: fn(1, 1, ([value]) => parsed(value, (digits) => Number.parseInt(digits, 10))),
	float: fn(1, 1, ([value]) => parsed(value, Number.parseFloat)),
	bool: fn(1, 1, ([value]) => bool(value)),
	json: fn(1, 1, ([value]) => json(text(value))),
	jsonStringify: fn(1, 1, ([value]) => JSON.stringify(value)),
	isString: fn(1, 1, ([value]) => typeof value === 'string'),
	isBoolean: fn(1, 1, ([value]) => typeof value === 'boolean'),
	isInteger: fn(1, 1, ([value]) => Number.isInteger(value)),
	isFloat: fn(1, 1, ([value]) => isNumber(value) && !Number.isInteger(value)),
	isArray: fn(1, 1, ([value]) => Array.isArray(value)),
	isObject: fn(1, 1, ([value]) => isRecord(value))
};

function compare(a: unknown, b: unknown): number {
	if (isNumber(a) && isNumber(b)) return a - b;
	if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
	throw new EvaluationError(`${stringify(a)} and ${stringify(b)} can't be compared`);
}

function string(value: unknown, locale: unknown): string {
	if (!isNumber(value)) return stringify(value);
	return formatNumber(value, String(value).split('.')[1]?.length ?? 0, locale);
}

function parsed(value: unknown, parse: (text: string) => number): number {
	const number = typeof value === 'string' ? parse(value) : value;
	if (isNumber(number)) return parse(String(number));
	throw new EvaluationError(`${stringify(value)} is not a number`);
}

function bool(value: unknown): boolean {
	if (isNumber(value)) return value !== 0;
	return !/false/i.test(String(value)) && truthy(value);
}

function json(source: string): unknown {
	try {
		return JSON.parse(source) as unknown;
	} catch {
		throw new EvaluationError('the text is not JSON');
	}
}
