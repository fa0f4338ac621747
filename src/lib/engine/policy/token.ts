import { positionAt } from '#kernel';
import { errors } from './errors.ts';

export type TokenKind = 'name' | 'quoted' | 'string' | 'number' | 'position' | 'symbol' | 'end';

export interface Token {
	readonly kind: TokenKind;
	/** A name in lower case, a string without its quotes, a symbol as it stands. */
	readonly text: string;
	readonly offset: number;
	readonly length: number;
}

const patterns: readonly [TokenKind, RegExp][] = [
	['name', /[a-z_][a-z0-9_]*/iy],
	['quoted', /"(?:[^"]|"")+"/y],
	['string', /'(?:[^']|'')*'/y],
	['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy],
	['position', /\$\d+/y],
	['symbol', /<=|>=|<>|!=|::|[=<>(),+-]/y]
];

/** Cuts a filter into tokens, the last of kind `end`. Throws FILTER_INVALID. */
export function tokenise(source: string): Token[] {
	const tokens: Token[] = [];
	let at = 0;
	while (at < source.length) {
		const space = /\s+/y;
		space.lastIndex = at;
		const gap = space.exec(source);
		if (gap) {
			at += gap[0].length;
			continue;
		}
		const token = tokenAt(source, at);
		tokens.push(token);
		at += token.length;
	}
	tokens.push({ kind: 'end', text: '', offset: source.length, length: 0 });
	return tokens;
}

function tokenAt(source: string, offset: number): Token {
	for (const [kind, pattern] of patterns) {
		pattern.lastIndex = offset;
		const match = pattern.exec(source);
		if (match) return { kind, text: textOf(kind, match[0]), offset, length: match[0].length };
	}
	const character = source[offset]!;
	const open = character === "'" || character === '"';
	throw invalid(
		source,
		{ offset, length: open ? source.length - offset : 1 },
		open ? `This ${character} is never closed.` : `"${character}" has no meaning here.`
	);
}

function textOf(kind: TokenKind, raw: string): string {
	switch (kind) {
		case 'name':
			return raw.toLowerCase();
		case 'quoted':
			return raw.slice(1, -1).replaceAll('""', '"');
		case 'string':
			return raw.slice(1, -1).replaceAll("''", "'");
		case 'position':
			return raw.slice(1);
		default:
			return raw;
	}
}

/** A FILTER_INVALID that points at a place in the filter. */
export function invalid(
	source: string,
	place: { offset: number; length: number },
	message: string,
	hint?: string
) {
	return errors.FILTER_INVALID(hint ? `${message} ${hint}` : message, {
		filter: source,
		offset: place.offset,
		length: place.length,
		...positionAt(source, place.offset),
		problem: message,
		...(hint ? { hint } : {})
	});
}
