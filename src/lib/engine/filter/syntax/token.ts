import { invalid, syntaxError, type Place } from '../errors.ts';

export type TokenKind = 'name' | 'quoted' | 'string' | 'number' | 'position' | 'operator' | 'symbol' | 'end';

export interface Token extends Place {
	readonly kind: TokenKind;
	/** A name in lower case, a string without its quotes, anything else as it stands. */
	readonly text: string;
}

const patterns: readonly [TokenKind, RegExp][] = [
	['name', /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy],
	['quoted', /"(?:[^"]|"")+"/y],
	['string', /'(?:[^']|'')*'/y],
	['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy],
	['position', /\$\d+/y],
	['symbol', /::|[()[\],.;:]/y],
	['operator', /[+\-*/<>=~!@#%^&|`?]+/y]
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
		if (!match) continue;
		const raw = kind === 'operator' ? operatorOf(source, match[0], offset) : match[0];
		return { kind, text: textOf(kind, raw), offset, length: raw.length };
	}
	const character = source[offset]!;
	const open = character === "'" || character === '"';
	throw syntaxError(
		source,
		{ offset, length: open ? source.length - offset : 1 },
		open ? `This ${character} is never closed.` : `"${character}" has no meaning here.`,
		character
	);
}

/**
 * The operator that Postgres reads: a longer one ends in + or - only where it also has a character that
 * no arithmetic has, so that `a=-1` is a comparison.
 */
function operatorOf(source: string, raw: string, offset: number): string {
	for (const comment of ['--', '/*']) {
		const at = raw.indexOf(comment);
		if (at < 0) continue;
		throw invalid(source, { offset: offset + at, length: 2 }, 'A filter has no comments.');
	}
	if (/[~!@#%^&|`?]/.test(raw)) return raw;
	const cut = raw.replace(/[+-]+$/, '');
	return cut === '' ? raw[0]! : cut;
}

function textOf(kind: TokenKind, raw: string): string {
	switch (kind) {
		case 'name':
			return raw.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
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
