import { ExpressionSyntaxError } from './ast.ts';

export type Token =
	| { readonly kind: 'number'; readonly value: number; readonly at: number }
	| { readonly kind: 'string'; readonly value: string; readonly at: number }
	/** A back-quoted text with its `${…}` still inside. */
	| { readonly kind: 'template'; readonly value: string; readonly at: number }
	| { readonly kind: 'name'; readonly value: string; readonly at: number }
	| { readonly kind: 'sign'; readonly value: string; readonly at: number }
	| { readonly kind: 'end'; readonly value: ''; readonly at: number };

const space = /[\s\u00a0\ufeff]+/y;
const number = /\d+(?:\.\d+)?/y;
const name = /(?:[A-Za-z_#@$]|%(?=[A-Za-z_]))[\w$]*/y;
const sign = /&&|\|\||\?\?|==|!=|<>|<=|>=|=>|[-+*/%^&<>!?:()[\]{},.]/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Splits a source; throws ExpressionSyntaxError on a character that the language doesn't have. */
export function tokenize(source: string): Token[] {
	const tokens: Token[] = [];
	let at = 0;
	while (at < source.length) {
		const white = match(space, source, at);
		if (white) {
			at += white.length;
			continue;
		}
		const token = next(source, at);
		tokens.push(token.token);
		at = token.end;
	}
	tokens.push({ kind: 'end', value: '', at: source.length });
	return tokens;
}

function next(source: string, at: number): { token: Token; end: number } {
	const first = source[at]!;
	if (first === "'" || first === '"') return quoted(source, at, first);
	if (first === '`') return template(source, at);
	const digits = match(number, source, at);
	if (digits) return { token: { kind: 'number', value: Number(digits), at }, end: at + digits.length };
	const word = match(name, source, at);
	if (word) return { token: { kind: 'name', value: word, at }, end: at + word.length };
	const operator = match(sign, source, at);
	if (operator) return { token: { kind: 'sign', value: operator, at }, end: at + operator.length };
	throw new ExpressionSyntaxError(`"${first}" can't stand here`, at);
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
	pattern.lastIndex = at;
	return pattern.exec(source)?.[0];
}

function quoted(source: string, start: number, quote: string): { token: Token; end: number } {
	let value = '';
	for (let at = start + 1; at < source.length; at++) {
		const character = source[at]!;
		if (character === quote) return { token: { kind: 'string', value, at: start }, end: at + 1 };
		if (character === '\\' && at + 1 < source.length) {
			const escaped = source[++at]!;
			value += escapes[escaped] ?? (escaped === quote || escaped === '\\' ? escaped : `\\${escaped}`);
		} else value += character;
	}
	throw new ExpressionSyntaxError('this text has no closing quote', start);
}

function template(source: string, start: number): { token: Token; end: number } {
	let at = start + 1;
	while (at < source.length) {
		if (source[at] === '\\') at += 2;
		else if (source.startsWith('${', at)) at = endOfExpression(source, at + 2) + 1;
		else if (source[at] === '`')
			return { token: { kind: 'template', value: source.slice(start + 1, at), at: start }, end: at + 1 };
		else at++;
	}
	throw new ExpressionSyntaxError('this text has no closing back quote', start);
}

/** Offset of the `}` that ends an expression beginning at `start`; quotes and inner braces are minded. */
export function endOfExpression(source: string, start: number): number {
	let depth = 0;
	let at = start;
	while (at < source.length) {
		const character = source[at]!;
		if (character === "'" || character === '"') at = quoted(source, at, character).end - 1;
		else if (character === '`') at = template(source, at).end - 1;
		else if (character === '{') depth++;
		else if (character === '}' && depth-- === 0) return at;
		at++;
	}
	throw new ExpressionSyntaxError('"${" has no closing "}"', start - 2);
}
