import { invalid } from '../errors.ts';
import { findCast } from '../run/cast.ts';
import { arrayOf, commonOf } from '../run/common-type.ts';
import { comparison } from '../run/comparison.ts';
import { columnType, elementOf, isArray, isInteger } from '../sql-type.ts';
import type { Syntax, SyntaxOf } from '../syntax/tree.ts';
import type { Expression, SqlType } from '../types.ts';
import { checkComparison, checkOrder } from './check-call.ts';
import { checkCondition, findColumn, madeOf, unified, type Checking } from './checking.ts';
import { aType, asType, constant, mismatch, ownType, typeOf, type Term } from './term.ts';

export type Compound = SyntaxOf<
	'is' | 'distinct' | 'in' | 'between' | 'quantified' | 'cast' | 'collate' | 'case' | 'array' | 'subscript'
>;

/** Everything that has a grammar of its own. */
export function checkCompound(checking: Checking, syntax: Compound): Expression {
	switch (syntax.kind) {
		case 'is':
			return checkIs(checking, syntax);
		case 'distinct': {
			const [left, right] = checkPair(checking, syntax.left, syntax.right);
			return { op: 'distinct', type: 'boolean', negated: syntax.negated, left, right };
		}
		case 'in':
			return checkIn(checking, syntax);
		case 'between':
			return checkBetween(checking, syntax);
		case 'quantified':
			return checkQuantified(checking, syntax);
		case 'cast':
			return checkCast(checking, syntax);
		case 'collate':
			throw invalid(checking.source, syntax, 'COLLATE stands only at a side of a comparison.');
		case 'case':
			return checkCase(checking, syntax);
		case 'array':
			return checkArray(checking, syntax);
		case 'subscript':
			return checkSubscript(checking, syntax);
	}
}

function checkIs(checking: Checking, { test, negated, of: asked }: SyntaxOf<'is'>): Expression {
	if (test !== 'null') {
		const value = test === 'unknown' ? null : test === 'true';
		return { op: 'truth', type: 'boolean', negated, value, of: checkCondition(checking, asked) };
	}
	if (asked.kind === 'column') {
		// A column of any type can be asked.
		const column = findColumn(checking, asked.name, asked);
		const type = columnType(column);
		const of = type ? ({ op: 'column', type, name: asked.name } as const) : opaque(asked.name);
		return { op: 'null', type: 'boolean', negated, of };
	}
	const term = checking.term(asked);
	return { op: 'null', type: 'boolean', negated, of: asType(checking.source, term, ownType(term)) };
}

function opaque(name: string) {
	return { op: 'opaque', name } as const;
}

/** Two operands that can be compared for equality. */
function checkPair(checking: Checking, a: Syntax, b: Syntax): [Expression, Expression] {
	const [left, right] = [checking.term(a), checking.term(b)];
	const found = comparison('=', [typeOf(left), typeOf(right)]);
	if (!found) throw mismatch(checking.source, left, right);
	const type = typeOf(left) ?? typeOf(right) ?? bothOpen(left, right);
	return [asType(checking.source, left, type), asType(checking.source, right, type)];
}

function bothOpen(left: Term, right: Term): SqlType {
	return ownType(left) === 'uuid' ? 'uuid' : ownType(right);
}

function checkIn(checking: Checking, { negated, value: asked, list: items }: SyntaxOf<'in'>): Expression {
	const { source } = checking;
	const value = checking.term(asked);
	const terms = items.map((item) => checking.term(item));
	const type = typeOf(value) ?? commonOf(terms.map(typeOf)) ?? ownType(value);
	for (const term of terms) if (!comparison('=', [type, typeOf(term)])) throw mismatch(source, value, term);
	const list = terms.map((term) => asType(source, term, type));
	return { op: 'in', type: 'boolean', negated, value: asType(source, value, type), list };
}

/** Written out as the comparisons that it stands for. */
function checkBetween(checking: Checking, syntax: SyntaxOf<'between'>): Expression {
	const { negated, symmetric, value, low, high } = syntax;
	const at = { offset: syntax.offset, length: syntax.length };
	const compare = (name: '<' | '<=' | '>' | '>=', left: Syntax, right: Syntax): Expression =>
		checkComparison(checking, { kind: 'call', name, of: [left, right], at, ...at });
	const within = (a: Syntax, b: Syntax): Expression => ({
		op: negated ? 'or' : 'and',
		type: 'boolean',
		of: negated
			? [compare('<', value, a), compare('>', value, b)]
			: [compare('>=', value, a), compare('<=', value, b)]
	});
	if (!symmetric) return within(low, high);
	return { op: negated ? 'and' : 'or', type: 'boolean', of: [within(low, high), within(high, low)] };
}

function checkQuantified(checking: Checking, syntax: SyntaxOf<'quantified'>): Expression {
	const { source } = checking;
	const [left, right] = [checking.term(syntax.left), checking.term(syntax.array)];
	const arrayType = typeOf(right) ?? arrayOf(ownType(left));
	if (!isArray(arrayType)) {
		throw invalid(
			source,
			right,
			`ANY and ALL take an array, not ${aType(arrayType)}.`,
			`Write '{a,b}' or ARRAY[…].`
		);
	}
	const element = elementOf(arrayType);
	if (isArray(typeOf(left) ?? element)) throw mismatch(source, left, right);
	const { operator, all } = syntax;
	checkOrder(checking, operator, syntax.at, [typeOf(left) ?? element, element], false);
	return {
		op: 'quantified',
		type: 'boolean',
		operator,
		all,
		left: asType(source, left, element),
		array: asType(source, right, arrayType)
	};
}

function checkCast(checking: Checking, { of: inner, type, ...place }: SyntaxOf<'cast'>): Expression {
	const { source } = checking;
	if (elementOf(type) === 'character') {
		throw invalid(source, place, 'A cast to char cuts to one character.', 'Cast to text.');
	}
	const term = checking.term(inner);
	if (term.kind === 'open') return constant(source, term.open, type);
	const { expression } = term;
	if (expression.type === type) return expression;
	if (findCast(expression.type, type)) return { op: 'cast', type, of: expression };
	const message = `${aType(expression.type).replace('a', 'A')} cannot be made ${aType(type)} here.`;
	throw invalid(source, place, message, 'Casts whose result depends on settings of the server are left out.');
}

function checkCase(checking: Checking, { branches, otherwise }: SyntaxOf<'case'>): Expression {
	const { source } = checking;
	const whens = branches.map(({ when }) => checkCondition(checking, when));
	const thens = branches.map(({ then }) => checking.term(then));
	const last = otherwise && checking.term(otherwise);
	const terms = last ? [...thens, last] : thens;
	const type = unified(source, terms);
	return {
		op: 'case',
		type,
		branches: whens.map((when, i) => ({ when, then: madeOf(source, thens[i]!, type) })),
		otherwise: last ? madeOf(source, last, type) : { op: 'literal', type, value: null }
	};
}

function checkArray(checking: Checking, { of: items, ...place }: SyntaxOf<'array'>): Expression {
	const { source } = checking;
	if (items.length === 0) throw invalid(source, place, 'An empty ARRAY has no type.', `Write '{}'::text[].`);
	const terms = items.map((item) => checking.term(item));
	const item = unified(source, terms);
	if (isArray(item))
		throw invalid(source, place, 'An ARRAY has one dimension here.', `Write '{{1,2},{3,4}}'.`);
	return { op: 'array', type: arrayOf(item), of: terms.map((term) => madeOf(source, term, item)) };
}

function checkSubscript(
	checking: Checking,
	{ array: of, indexes, ...place }: SyntaxOf<'subscript'>
): Expression {
	const { source } = checking;
	const array = checking.term(of);
	const type = typeOf(array);
	if (type === undefined || !isArray(type)) throw invalid(source, place, 'Only an array has an index.');
	const numbers = indexes.map((index) => {
		const term = checking.term(index);
		const isIndex = typeOf(term) === undefined || (isInteger(typeOf(term)!) && typeOf(term) !== 'bigint');
		if (!isIndex) throw invalid(source, term, 'The index of an array is an integer.');
		return asType(source, term, 'integer');
	});
	return { op: 'subscript', type: elementOf(type), array: asType(source, array, type), indexes: numbers };
}
