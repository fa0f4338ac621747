import { fails } from '../errors.ts';
import { lowerCase } from './letter-case.ts';

/** LIKE as Postgres has it: the whole text, `%`, `_` for one code point, backslash to escape. */

/** A stretch between two `%`: null stands for `_`. */
type Stretch = readonly (string | null)[];

/**
 * Tests texts against a pattern in time proportional to both, whatever the pattern. ILIKE lowers both.
 */
export function likeMatcher(pattern: string, ignoreCase: boolean): (text: string) => boolean {
	const matches = matcher(ignoreCase ? lowerCase(pattern) : pattern);
	return ignoreCase ? (text) => matches(Array.from(lowerCase(text))) : (text) => matches(Array.from(text));
}

/** Whether the pattern ends in a lone backslash, which Postgres refuses. */
export function endsInEscape(pattern: string): boolean {
	return (/\\*$/.exec(pattern)![0].length & 1) === 1;
}

function matcher(pattern: string): Matches {
	if (endsInEscape(pattern)) return (points) => matchUnfinished(points, Array.from(pattern)) === true;
	const stretches = stretchesOf(pattern);
	return stretches.length === 1 ? whole(stretches[0]!) : between(stretches);
}

function stretchesOf(pattern: string): Stretch[] {
	const stretches: (string | null)[][] = [[]];
	const points = Array.from(pattern);
	for (let i = 0; i < points.length; i++) {
		const point = points[i]!;
		if (point === '%') stretches.push([]);
		else stretches.at(-1)!.push(point === '_' ? null : point === '\\' ? points[++i]! : point);
	}
	return stretches;
}

type Matches = (points: readonly string[]) => boolean;

function whole(stretch: Stretch): Matches {
	return (points) => points.length === stretch.length && fitsAt(points, 0, stretch);
}

/** The first stretch begins the text, the last ends it, and each in between is taken where it fits first. */
function between(stretches: readonly Stretch[]): Matches {
	const [first, last] = [stretches[0]!, stretches.at(-1)!];
	const middle = stretches.slice(1, -1).filter((stretch) => stretch.length > 0);
	return (points) => {
		const end = points.length - last.length;
		if (end < first.length || !fitsAt(points, 0, first) || !fitsAt(points, end, last)) return false;
		let at = first.length;
		for (const stretch of middle) {
			const found = firstFit(points, at, end, stretch);
			if (found === undefined) return false;
			at = found + stretch.length;
		}
		return true;
	};
}

function firstFit(
	points: readonly string[],
	from: number,
	end: number,
	stretch: Stretch
): number | undefined {
	for (let at = from; at + stretch.length <= end; at++) if (fitsAt(points, at, stretch)) return at;
	return undefined;
}

function fitsAt(points: readonly string[], at: number, stretch: Stretch): boolean {
	for (let i = 0; i < stretch.length; i++) {
		const wanted = stretch[i];
		if (wanted !== null && points[at + i] !== wanted) return false;
	}
	return true;
}

/**
 * A pattern that ends in a lone backslash fails only where a text comes that far, so it is followed step by
 * step as Postgres does. `undefined`: no later place in the text can match either.
 */
function matchUnfinished(text: readonly string[], pattern: readonly string[]): boolean | undefined {
	let [t, p] = [0, 0];
	for (; t < text.length && p < pattern.length; t++, p++) {
		if (pattern[p] === '%') return matchAnywhere(text.slice(t), pattern.slice(p));
		if (pattern[p] === '_') continue;
		if (pattern[p] === '\\') p = afterEscape(pattern, p);
		if (pattern[p] !== text[t]) return false;
	}
	if (t < text.length) return false;
	while (pattern[p] === '%') p++;
	return p >= pattern.length ? true : undefined;
}

/** The pattern begins with `%`: what follows it is tried at each place. */
function matchAnywhere(text: readonly string[], pattern: readonly string[]): boolean | undefined {
	let [t, p] = [0, 0];
	for (; pattern[p] === '%' || pattern[p] === '_'; p++) {
		if (pattern[p] === '%') continue;
		if (t >= text.length) return undefined;
		t++;
	}
	if (p >= pattern.length) return true;
	const first = pattern[pattern[p] === '\\' ? afterEscape(pattern, p) : p];
	for (; t < text.length; t++) {
		if (text[t] !== first) continue;
		const found = matchUnfinished(text.slice(t), pattern.slice(p));
		if (found !== false) return found;
	}
	return undefined;
}

function afterEscape(pattern: readonly string[], at: number): number {
	if (at + 1 < pattern.length) return at + 1;
	throw fails('LIKE pattern must not end with escape character');
}
