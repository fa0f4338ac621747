import { fails } from '../errors.ts';
import { likeMatcher } from '../value/like.ts';
import { lowerCase, upperCase } from '../value/letter-case.ts';
import type { SqlType } from '../types.ts';
import type { Present } from '../value/value.ts';
import { overload, type Overload } from './overload.ts';

/** Functions over text, by name; several where they take more or fewer operands. Characters are code points. */
export const textFunctions: Readonly<Record<string, readonly Overload[]>> = {
	lower: [text1(lowerCase)],
	upper: [text1(upperCase)],
	length: [count((text) => Array.from(text).length)],
	char_length: [count((text) => Array.from(text).length)],
	character_length: [count((text) => Array.from(text).length)],
	octet_length: [count((text) => new TextEncoder().encode(text).length)],
	btrim: trims(true, true),
	ltrim: trims(true, false),
	rtrim: trims(false, true),
	left: [overload<never>(['text', 'integer'], 'text', left as never)],
	right: [overload<never>(['text', 'integer'], 'text', right as never)],
	substr: [
		overload<never>(['text', 'integer'], 'text', ((text: string, from: number) =>
			substr(text, from)) as never),
		overload<never>(['text', 'integer', 'integer'], 'text', substr as never, true)
	],
	strpos: [text2('integer', (text, part) => position(text, part))],
	replace: [
		overload(['text', 'text', 'text'], 'text', (text: string, from: string, to: string) =>
			from === '' ? text : text.replaceAll(from, () => to)
		)
	],
	starts_with: [text2('boolean', (text, start) => text.startsWith(start))]
};

/** `~~` is LIKE, `~~*` ILIKE; each with `!` before it is the contrary. */
const likeNames: Readonly<Record<string, readonly [ignoreCase: boolean, negated: boolean]>> = {
	'~~': [false, false],
	'!~~': [false, true],
	'~~*': [true, false],
	'!~~*': [true, true],
	like: [false, false],
	notlike: [false, true],
	ilike: [true, false]
};

export function isLike(name: string): boolean {
	return Object.hasOwn(likeNames, name);
}

/** A matcher of its own, as it remembers the pattern. */
export function likeOverload(name: string): Overload {
	return likes(...likeNames[name]!);
}

function text1(run: (text: string) => string): Overload {
	return overload(['text'], 'text', run);
}

function text2(gives: SqlType, run: (a: string, b: string) => Present): Overload {
	return overload(['text', 'text'], gives, run);
}

function count(run: (text: string) => number): Overload {
	return overload(['text'], 'integer', run);
}

/** Any of these characters, a space unless told, cut from the ends. */
function trims(start: boolean, end: boolean): readonly Overload[] {
	const run = (text: string, characters: string) => {
		const cut = new Set(characters);
		const points = Array.from(text);
		let [from, to] = [0, points.length];
		while (start && from < to && cut.has(points[from]!)) from++;
		while (end && to > from && cut.has(points[to - 1]!)) to--;
		return points.slice(from, to).join('');
	};
	return [
		overload(['text'], 'text', (text: string) => run(text, ' ')),
		overload(['text', 'text'], 'text', run)
	];
}

/** The first so many; without the last so many where that is negative. */
function left(text: string, length: number): string {
	const points = Array.from(text);
	return points.slice(0, length >= 0 ? length : Math.max(points.length + length, 0)).join('');
}

function right(text: string, length: number): string {
	// Postgres cannot negate the least integer, and takes all.
	if (length === -2_147_483_648) return text;
	const points = Array.from(text);
	return points.slice(length >= 0 ? Math.max(points.length - length, 0) : -length).join('');
}

/** From 1; what lies before the first character counts as there. */
function substr(text: string, from: number, length = Infinity): string {
	if (length < 0) throw fails('negative substring length not allowed');
	const end = from + length;
	return Array.from(text)
		.slice(Math.max(from - 1, 0), Math.max(end - 1, 0))
		.join('');
}

function position(text: string, part: string): number {
	const at = text.indexOf(part);
	return at < 0 ? 0 : Array.from(text.slice(0, at)).length + 1;
}

/** A pattern that stays the same is prepared once. */
function likes(ignoreCase: boolean, negated: boolean): Overload {
	let prepared: { readonly pattern: string; readonly matches: (text: string) => boolean } | undefined;
	const run = (text: string, pattern: string) => {
		if (prepared?.pattern !== pattern) prepared = { pattern, matches: likeMatcher(pattern, ignoreCase) };
		return prepared.matches(text) !== negated;
	};
	return overload(['text', 'text'], 'boolean', run, true);
}
