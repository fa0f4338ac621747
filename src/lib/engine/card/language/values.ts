import { EvaluationError } from './ast.ts';

/** What the functions have in common: how values are read, compared and written. */

/** A property of a value; undefined where there is none. What is inherited can't be reached. */
export function property(of: unknown, name: string): unknown {
	if (of === null || of === undefined) return undefined;
	const value = (of as Record<string, unknown>)[name];
	if (typeof value === 'function' || name === '__proto__') return undefined;
	return value;
}

/** Only false and nothing are false: 0 and the empty text are true. */
export function truthy(value: unknown): boolean {
	return typeof value === 'boolean' ? value : value !== null && value !== undefined;
}

export function isNumber(value: unknown): value is number {
	return typeof value === 'number' && !Number.isNaN(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How a value stands in a text: nothing is empty, an object is its JSON. */
export function stringify(value: unknown): string {
	if (typeof value === 'string') return value;
	if (value === null || value === undefined) return '';
	if (typeof value === 'object') return JSON.stringify(value).replace(/^['"]+|['"]+$/g, '');
	return String(value as number | boolean);
}

export function equal(a: unknown, b: unknown): boolean {
	if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
	if (Array.isArray(a) && Array.isArray(b))
		return a.length === b.length && a.every((item, i) => equal(item, b[i]));
	if (isRecord(a) && isRecord(b)) {
		const keys = Object.keys(a);
		return keys.length === Object.keys(b).length && keys.every((key) => equal(a[key], b[key]));
	}
	return a === b || (isNumber(a) && isNumber(b) && Math.abs(a - b) < Number.EPSILON);
}

export function number(value: unknown): number {
	if (isNumber(value)) return value;
	throw new EvaluationError(`${stringify(value)} is not a number`);
}

export function integer(value: unknown): number {
	if (Number.isInteger(value)) return value as number;
	throw new EvaluationError(`${stringify(value)} is not a whole number`);
}

/** A text; nothing counts as the empty one. */
export function text(value: unknown): string {
	if (typeof value === 'string') return value;
	if (value === null || value === undefined) return '';
	throw new EvaluationError(`${stringify(value)} is not a text`);
}

export function list(value: unknown): readonly unknown[] {
	if (Array.isArray(value)) return value;
	throw new EvaluationError(`${stringify(value)} is not a list`);
}

/** A list, or an object's properties as `{key, value}`. */
export function collection(value: unknown): readonly unknown[] {
	if (isRecord(value)) return Object.keys(value).map((key) => ({ key, value: value[key] }));
	return list(value);
}

export function numbers(value: unknown): readonly number[] {
	return list(value).map(number);
}
