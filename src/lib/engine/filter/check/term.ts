import { invalid, type Place } from '../errors.ts';
import { isNumber } from '../sql-type.ts';
import type { Constant, Expression, SqlType } from '../types.ts';
import { endsInEscape } from '../value/like.ts';
import { normalise } from '../value/normalise.ts';
import type { Syntax, SyntaxOf } from '../syntax/tree.ts';

/** A part while types are found: an expression, or a value that takes its type from beside it. */
export type Term = Place & { readonly syntax: Syntax } & (
		| { readonly kind: 'typed'; readonly expression: Expression }
		| { readonly kind: 'open'; readonly open: Open }
	);

type Open =
	SyntaxOf<'string'> | SyntaxOf<'null'> | SyntaxOf<'param'> | SyntaxOf<'position'> | SyntaxOf<'principal'>;

export function typed(syntax: Syntax, expression: Expression): Term {
	return { kind: 'typed', expression, syntax, offset: syntax.offset, length: syntax.length };
}

export function open(syntax: Open): Term {
	return { kind: 'open', open: syntax, syntax, offset: syntax.offset, length: syntax.length };
}

/** Undefined where it is open. */
export function typeOf(term: Term): SqlType | undefined {
	return term.kind === 'typed' ? term.expression.type : undefined;
}

/** What it is where nothing beside it says: principal() is a uuid, the rest is text. */
export function ownType(term: Term): SqlType {
	return typeOf(term) ?? (term.syntax.kind === 'principal' ? 'uuid' : 'text');
}

/** The term as one of that type, where it is open; a typed one keeps its own. */
export function asType(source: string, term: Term, type: SqlType): Expression {
	return term.kind === 'typed' ? term.expression : constant(source, term.open, type);
}

export function constant(source: string, syntax: Open, type: SqlType): Constant {
	switch (syntax.kind) {
		case 'null':
			return { op: 'literal', type, value: null };
		case 'param':
			return { op: 'param', type, name: syntax.name };
		case 'position':
			return { op: 'position', type, number: syntax.number };
		case 'principal':
			if (type === 'uuid' || type === 'text') return { op: 'principal', type };
			throw invalid(source, syntax, `principal() is a uuid and cannot be compared with ${aType(type)}.`);
		case 'string':
			return { op: 'literal', type, value: literalText(source, syntax, type) };
	}
}

function literalText(source: string, { text, ...place }: SyntaxOf<'string'>, type: SqlType): string {
	const value = normalise(type, text);
	if (value !== undefined) return value;
	const isMoment = ['date', 'time', 'timestamp', 'timestamptz', 'interval'].includes(type);
	const hint = isMoment
		? 'Write it as 2026-01-31, 13:45:00, 2026-01-31 13:45:00+00 or 1 day 2 hours.'
		: undefined;
	throw invalid(source, place, `'${text}' is no ${type}.`, hint);
}

/** A number takes the smallest of integer, bigint and numeric that holds it. */
export function numberConstant({ text }: SyntaxOf<'number'>): Constant {
	if (/^-?\d+$/.test(text)) {
		for (const type of ['integer', 'bigint'] as const) {
			const value = normalise(type, text);
			if (value !== undefined) return { op: 'literal', type, value };
		}
	}
	return { op: 'literal', type: 'numeric', value: normalise('numeric', text) ?? null };
}

/** The term as a condition. */
export function conditionOf(source: string, term: Term): Expression {
	if (term.kind === 'open') {
		const isText = term.open.kind === 'string' && normalise('boolean', term.open.text) === undefined;
		if (isText) throw invalid(source, term, 'A text is not a condition.', 'Compare it with a column.');
		return constant(source, term.open, 'boolean');
	}
	const { type } = term.expression;
	if (type === 'boolean') return term.expression;
	throw invalid(source, term, `This is ${aType(type)}, not a condition.`, 'Compare it with something.');
}

/** With its article, for messages. */
export function aType(type: SqlType): string {
	return /^[ai]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** Why two terms have nothing in common, in the words that help whoever wrote them. */
export function mismatch(source: string, left: Term, right: Term) {
	const [a, b] = [ownType(left), ownType(right)];
	if (isCondition(left) || isCondition(right)) {
		const place = isCondition(left) ? left : right;
		return invalid(source, place, 'A condition cannot be compared.', 'Join conditions with AND and OR.');
	}
	for (const [number, other] of [
		[left, b],
		[right, a]
	] as const) {
		if (number.syntax.kind !== 'number' || isNumber(other)) continue;
		return invalid(source, number, `A number cannot be compared with ${aType(other)}.`, 'Put it in quotes.');
	}
	return invalid(
		source,
		right,
		`${aType(b).replace('a', 'A')} cannot be compared with ${aType(a)}.`,
		'Cast one of them.'
	);
}

const conditions: ReadonlySet<string> = new Set([
	'logic',
	'not',
	'is',
	'distinct',
	'in',
	'between',
	'quantified'
]);

function isCondition({ syntax, ...term }: Term): boolean {
	const isComparison = syntax.kind === 'call' && 'expression' in term && term.expression.type === 'boolean';
	return conditions.has(syntax.kind) || (isComparison && /^\W/.test(syntax.name));
}

/** A pattern that is known must not end in a lone backslash. */
export function assertPattern(source: string, term: Term): void {
	if (term.kind !== 'open' || term.open.kind !== 'string' || !endsInEscape(term.open.text)) return;
	const hint = 'Write \\\\ for the backslash itself.';
	throw invalid(source, term, 'A pattern cannot end in a backslash.', hint);
}
