import { assert } from '#kernel';
import { normalise } from './normalise.ts';
import { invalid } from './token.ts';
import type { ColumnOperand, Expression, Operand, ValueType } from './types.ts';
import { isFloat, isNumber } from './value-type.ts';

/** A part of a filter while it is read: what stands there, before its neighbours give it a type. */
export interface Term {
	readonly kind: 'column' | 'string' | 'number' | 'boolean' | 'null' | 'open' | 'test';
	readonly offset: number;
	readonly length: number;
	readonly text?: string;
	/** What it is whatever stands beside it. */
	readonly type?: ValueType;
	/** A column's type as declared, for messages. */
	readonly declared?: string;
	readonly operand?: ColumnOperand;
	readonly open?:
		| { readonly kind: 'principal' }
		| { readonly kind: 'param'; readonly name: string }
		| { readonly kind: 'position'; readonly number: number };
	readonly test?: Expression;
}

/** Something whose value comes with the request. */
export function openTerm(
	offset: number,
	length: number,
	open: NonNullable<Term['open']>,
	type?: ValueType
): Term {
	return { kind: 'open', offset, length, open, ...(type === undefined ? {} : { type }) };
}

export function testTerm({ offset, length }: { offset: number; length: number }, test: Expression): Term {
	return { kind: 'test', offset, length, test, type: 'boolean' };
}

/** The term as a condition: a test, or something boolean by itself. */
export function conditionOf(source: string, term: Term): Expression {
	if (term.test) return term.test;
	if (term.type !== undefined && term.type !== 'boolean') {
		throw invalid(source, term, `This is a ${term.type}, not a condition.`, 'Compare it with something.');
	}
	if (term.kind === 'string' && normalise('boolean', term.text ?? '') === undefined) {
		throw invalid(source, term, 'A text is not a condition.', 'Compare it with a column.');
	}
	return { op: 'truth', value: asType(source, term, 'boolean') };
}

/** The type that all these are compared as: that of the columns, or else of what is plainest. */
export function commonType(source: string, terms: readonly Term[]): ValueType {
	for (const term of terms) {
		if (term.kind === 'test')
			throw invalid(source, term, 'A condition cannot be compared.', 'Join conditions with AND and OR.');
		if (term.kind === 'column' && term.type === undefined) {
			throw invalid(source, term, `A column of type ${term.declared} can only be asked IS NULL.`);
		}
	}
	const columns = terms.filter((term) => term.kind === 'column');
	if (columns.length > 0) return columns.reduce((type, term) => join(source, type, term), columns[0]!.type!);
	return (
		terms.find((term) => term.type)?.type ??
		(terms.some((term) => term.kind === 'number') ? 'numeric' : 'text')
	);
}

function join(source: string, type: ValueType, term: Term): ValueType {
	const other = term.type!;
	if (type === other) return type;
	if (!isNumber(type) || !isNumber(other))
		throw invalid(source, term, `A ${other} cannot be compared with a ${type}.`);
	return isFloat(type) || isFloat(other) ? 'double precision' : 'numeric';
}

/** The term as an operand of that type. A column keeps its own. */
export function asType(source: string, term: Term, type: ValueType): Operand {
	switch (term.kind) {
		case 'column':
			assert(term.operand, 'a column term has its operand');
			return term.operand;
		case 'open':
			assert(term.open, 'an open term says what it stands for');
			return { ...term.open, type };
		case 'null':
			return { kind: 'literal', type, value: null };
		case 'number':
			if (!isNumber(type))
				throw invalid(source, term, `A number cannot be compared with a ${type}.`, 'Put it in quotes.');
			return literal(source, term, type);
		case 'boolean':
			if (type !== 'boolean')
				throw invalid(source, term, `TRUE and FALSE cannot be compared with a ${type}.`);
			return literal(source, term, type);
		case 'string':
			return literal(source, term, type);
		case 'test':
			throw invalid(source, term, 'A condition cannot stand here.');
	}
}

function literal(source: string, term: Term, type: ValueType): Operand {
	const value = normalise(type, term.text ?? '');
	if (value === undefined) throw invalid(source, term, `'${term.text}' is no ${type}.`);
	return { kind: 'literal', type, value };
}
