/**
 * Lower and upper case by Unicode's simple mapping, code point by code point, as Postgres's collation
 * `pg_c_utf8` has it on every server.
 */
export function lowerCase(text: string): string {
	return /^[\x00-\x7f]*$/.test(text) ? text.toLowerCase() : mapped(text, lowerPoint);
}

export function upperCase(text: string): string {
	return /^[\x00-\x7f]*$/.test(text) ? text.toUpperCase() : mapped(text, upperPoint);
}

function mapped(text: string, map: (point: string) => string): string {
	let result = '';
	for (const point of text) result += map(point);
	return result;
}

/** The one code point whose full mapping is longer than its simple one. */
function lowerPoint(point: string): string {
	if (isNew(point)) return point;
	return point === '\u0130' ? 'i' : point.toLowerCase();
}

/** Letters of Unicode 17, which JavaScript knows and PostgreSQL 18 does not. */
function isNew(point: string): boolean {
	const code = point.codePointAt(0)!;
	return (
		(code >= 0xa7ce && code <= 0xa7d5 && code !== 0xa7d0 && code !== 0xa7d1) ||
		(code >= 0x16ea0 && code <= 0x16ed3)
	);
}

function upperPoint(point: string): string {
	if (isNew(point)) return point;
	const upper = point.toUpperCase();
	if (upper.length === point.length) return upper;
	return titles.get(point) ?? (Array.from(upper).length === 1 ? upper : point);
}

/** Greek letters with a subscript iota: the full mapping spells it out, the simple one is their title case. */
const titles: ReadonlyMap<string, string> = new Map(
	(
		[
			[0x1f80, 8, 8],
			[0x1f90, 8, 8],
			[0x1fa0, 8, 8],
			[0x1fb3, 1, 9],
			[0x1fc3, 1, 9],
			[0x1ff3, 1, 9]
		] as const
	).flatMap(([first, count, distance]) =>
		Array.from({ length: count }, (_, i): [string, string] => [
			String.fromCodePoint(first + i),
			String.fromCodePoint(first + i + distance)
		])
	)
);

/** The order of code points, which is that of the bytes of UTF-8. */
export function compareCodePoints(a: string, b: string): number {
	const length = Math.min(a.length, b.length);
	for (let i = 0; i < length; i++) {
		const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
		if (left === right) continue;
		// Halves of a pair stand for code points above all others.
		const [leftHigh, rightHigh] = [isSurrogate(left), isSurrogate(right)];
		if (leftHigh !== rightHigh) return leftHigh ? 1 : -1;
		return left - right;
	}
	return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
	return unit >= 0xd800 && unit <= 0xdfff;
}
