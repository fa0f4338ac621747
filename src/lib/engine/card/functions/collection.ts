import { EvaluationError } from '../language/ast.ts';
import { equal, integer, isRecord, list, property, stringify, text } from '../language/values.ts';
import { any, fn, type Functions } from './types.ts';

export const collectionFunctions: Functions = {
	count: fn(1, 1, ([value]) => count(value)),
	empty: fn(1, 1, ([value]) => isEmpty(value)),
	contains: fn(2, 2, ([values, item]) => contains(values, item)),
	first: fn(1, 1, ([values]) => ends(values)[0]),
	last: fn(1, 1, ([values]) => ends(values).at(-1)),
	join: fn(2, 3, ([values, separator, last]) => join(list(values), text(separator), last)),
	createArray: fn(0, any, (args) => args),
	flatten: fn(1, 2, ([values, depth]) =>
		list(values).flat(depth === undefined ? 100 : (integer(depth) as 1))
	),
	reverse: fn(1, 1, ([values]) =>
		typeof values === 'string' ? [...values].reverse().join('') : [...list(values)].reverse()
	),
	skip: fn(2, 2, ([values, n]) => list(values).slice(integer(n))),
	take: fn(2, 2, ([values, n]) => take(values, integer(n))),
	subArray: fn(2, 3, ([values, from, to]) =>
		list(values).slice(integer(from), to === undefined ? undefined : integer(to))
	),
	unique: fn(1, 1, ([values]) => [...new Set(list(values))]),
	union: fn(1, any, (args) => [...new Set(args.flatMap((arg) => [...list(arg)]))]),
	intersection: fn(1, any, (args) =>
		args.map(list).reduce((a, b) => [...new Set(a)].filter((item) => b.includes(item)))
	),
	range: fn(2, 2, ([from, n]) => range(integer(from), integer(n))),
	sortBy: fn(1, 2, ([values, key]) => sorted(list(values), key)),
	sortByDescending: fn(1, 2, ([values, key]) => sorted(list(values), key).reverse()),
	indicesAndValues: fn(1, 1, ([values]) => list(values).map((value, index) => ({ index, value }))),
	getProperty: fn(1, 2, ([of, name]) => property(of, text(name))),
	setProperty: fn(3, 3, ([of, name, value]) => ({ ...record(of), [text(name)]: value })),
	removeProperty: fn(2, 2, ([of, name]) =>
		Object.fromEntries(Object.entries(record(of)).filter(([key]) => key !== text(name)))
	),
	merge: fn(1, any, (args) => Object.assign({}, ...args.map(record)) as unknown)
};

function count(value: unknown): number {
	if (typeof value === 'string' || Array.isArray(value)) return value.length;
	if (isRecord(value)) return Object.keys(value).length;
	throw new EvaluationError(`${stringify(value)} can't be counted`);
}

export function isEmpty(value: unknown): boolean {
	if (value === null || value === undefined) return true;
	if (typeof value === 'string' || Array.isArray(value)) return value.length === 0;
	if (isRecord(value)) return Object.keys(value).length === 0;
	throw new EvaluationError(`${stringify(value)} can't be empty`);
}

function contains(values: unknown, item: unknown): boolean {
	if (typeof values === 'string' && typeof item === 'string') return values.includes(item);
	if (Array.isArray(values)) return values.some((value) => equal(value, item));
	return typeof item === 'string' && property(values, item) !== undefined;
}

/** A list or a text, for its first and last; anything else has none. */
function ends(value: unknown): readonly unknown[] {
	if (typeof value === 'string') return [...value];
	return Array.isArray(value) ? value : [];
}

function join(values: readonly unknown[], separator: string, last: unknown): string {
	const words = values.map(stringify);
	if (last === undefined) return words.join(separator);
	if (words.length < 3) return words.join(text(last));
	return words.slice(0, -1).join(separator) + text(last) + words.at(-1)!;
}

function take(values: unknown, n: number): unknown {
	return typeof values === 'string' ? values.slice(0, n) : list(values).slice(0, Math.max(0, n));
}

const longestRange = 1000;

function range(from: number, n: number): number[] {
	if (n <= 0 || n > longestRange) throw new EvaluationError(`a range has 1 to ${longestRange} numbers`);
	return Array.from({ length: n }, (_, i) => from + i);
}

function sorted(values: readonly unknown[], key: unknown): unknown[] {
	if (key === undefined) return [...values].sort();
	const of = (item: unknown) => property(item, text(key)) as string;
	return [...values].sort((a, b) => (of(a) > of(b) ? 1 : of(b) > of(a) ? -1 : 0));
}

function record(value: unknown): Record<string, unknown> {
	if (isRecord(value)) return value;
	throw new EvaluationError(`${stringify(value)} is not an object`);
}
