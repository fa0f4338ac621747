import { positionAt, type Diagnostic } from '#kernel';
import { schemaFile } from './findings.ts';

/**
 * What parsers report at the word after it: a `;` that is missing. Told at the end of what it should close;
 * undefined where what comes before `unexpected` (from 1) needs none.
 */
export function semicolonFinding(
	source: string,
	unexpected: { readonly line: number; readonly column: number }
): Diagnostic | undefined {
	const last = lastCodeBefore(source, offsetAt(source, unexpected));
	if (last === undefined || !mayEnd(source, last)) return undefined;
	const at = positionAt(source, last);
	const isLineEnd = at.line < unexpected.line;
	return {
		severity: 'error',
		file: schemaFile,
		...at,
		endLine: at.line,
		endColumn: at.column + 1,
		reason: 'PROTO_SEMICOLON',
		message: `A ";" is missing ${isLineEnd ? 'at the end of this line' : 'here'}.`,
		hint: 'Fields, imports, options and values of enums end with ";".'
	};
}

/** Brackets of a block close by themselves; those of an option's value don't. */
function mayEnd(source: string, last: number): boolean {
	const character = source[last]!;
	if (character !== '}') return !/[;{]/.test(character);
	const line = source.slice(source.lastIndexOf('\n', last) + 1, last);
	return line.includes('=');
}

function offsetAt(source: string, { line, column }: { line: number; column: number }): number {
	let start = 0;
	for (let at = 1; at < line; at++) {
		const end = source.indexOf('\n', start);
		if (end < 0) return source.length;
		start = end + 1;
	}
	return start + column - 1;
}

const piece = /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|\s+|[^\s"'/]+|./gu;

/** Offset of the last character before `offset` that is neither white space nor comment. */
function lastCodeBefore(source: string, offset: number): number | undefined {
	let last: number | undefined;
	for (const { 0: text, index } of source.matchAll(piece)) {
		if (index >= offset) break;
		if (/^(?:\s|\/[/*])/.test(text)) continue;
		last = Math.min(index + text.length, offset) - 1;
	}
	return last;
}
