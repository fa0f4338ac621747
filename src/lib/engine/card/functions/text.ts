import { EvaluationError } from '../language/ast.ts';
import { integer, isRecord, stringify, text } from '../language/values.ts';
import { any, fn, type Functions } from './types.ts';

export const textFunctions: Functions = {
	concat: fn(1, any, (args) => args.reduce(join2)),
	length: fn(1, 1, ([value]) => text(value).length),
	toUpper: fn(1, 2, ([value]) => text(value).toUpperCase()),
	toLower: fn(1, 2, ([value]) => text(value).toLowerCase()),
	titleCase: fn(1, 2, ([value]) => text(value).toLowerCase().replace(/\w\S*/g, capital)),
	sentenceCase: fn(1, 2, ([value]) => capital(text(value).toLowerCase())),
	trim: fn(1, 1, ([value]) => text(value).trim()),
	replace: fn(3, 3, ([value, from, to]) => text(value).split(nonEmpty(from)).join(text(to))),
	replaceIgnoreCase: fn(3, 3, ([value, from, to]) =>
		text(value).replace(new RegExp(nonEmpty(from).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi'), () =>
			text(to)
		)
	),
	startsWith: fn(2, 2, ([value, start]) => text(value).startsWith(text(start))),
	endsWith: fn(2, 2, ([value, end]) => text(value).endsWith(text(end))),
	substring: fn(2, 3, ([value, start, length]) => substring(text(value), integer(start), length)),
	split: fn(1, 2, ([value, separator]) => text(value).split(text(separator))),
	indexOf: fn(2, 2, ([value, part]) =>
		Array.isArray(value) ? value.indexOf(part) : text(value).indexOf(text(part))
	),
	lastIndexOf: fn(2, 2, ([value, part]) =>
		Array.isArray(value) ? value.lastIndexOf(part) : text(value).lastIndexOf(text(part))
	),
	countWord: fn(1, 1, ([value]) => text(value).trim().split(/\s+/).filter(Boolean).length),
	addOrdinal: fn(1, 1, ([value]) => ordinal(integer(value))),
	uriComponent: fn(1, 1, ([value]) => encodeURIComponent(text(value))),
	uriComponentToString: fn(1, 1, ([value]) => decodeURIComponent(text(value))),
	eol: fn(0, 0, () => '\n')
};

function join2(first: unknown, second: unknown): unknown {
	const [noFirst, noSecond] = [
		first === null || first === undefined,
		second === null || second === undefined
	];
	if (noFirst && noSecond) return undefined;
	if (Array.isArray(first) && Array.isArray(second))
		return [...(first as unknown[]), ...(second as unknown[])];
	if (noFirst && Array.isArray(second)) return second;
	if (noSecond && Array.isArray(first)) return first;
	if (isRecord(first) || isRecord(second)) return stringify(first) + stringify(second);
	return stringify(first) + stringify(second);
}

function substring(value: string, start: number, length: unknown): string {
	const count = length === undefined ? value.length - start : integer(length);
	if (start < 0 || count < 0 || start + count > value.length) {
		throw new EvaluationError(`${start}, ${count} is outside of "${value}"`);
	}
	return value.slice(start, start + count);
}

function nonEmpty(value: unknown): string {
	if (text(value) === '') throw new EvaluationError('the text to replace is empty');
	return text(value);
}

function capital(word: string): string {
	return word.charAt(0).toUpperCase() + word.slice(1);
}

function ordinal(value: number): string {
	if (value <= 0) return String(value);
	const teens = value % 100 >= 11 && value % 100 <= 13;
	const suffix = teens ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th');
	return `${value}${suffix}`;
}
