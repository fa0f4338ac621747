import { endsInEscape } from './like.ts';
import { readTerm, type Reading } from './read-term.ts';
import { asType, commonType, testTerm, type Term } from './term.ts';
import { invalid } from './token.ts';
import type { Comparison, Constant } from './types.ts';
import { isOrdered } from './value-type.ts';

const comparisons: Readonly<Record<string, Comparison>> = {
	'=': '=',
	'<>': '<>',
	'!=': '<>',
	'<': '<',
	'<=': '<=',
	'>': '>',
	'>=': '>='
};

/**
 * `predicate := term [= <> < <= > >= term | IS [NOT] NULL | [NOT] IN (constant, …) | [NOT] LIKE constant |
 * [NOT] ILIKE constant]`
 */
export function readPredicate(reading: Reading): Term {
	const { cursor } = reading;
	const left = readTerm(reading);
	const { kind, text } = cursor.next;
	if (kind === 'symbol' && Object.hasOwn(comparisons, text)) return readComparison(reading, left);
	if (cursor.accept('is')) return readIsNull(reading, left);
	const negated = cursor.accept('not');
	if (cursor.accept('in')) return readIn(reading, left, negated);
	if (cursor.accept('like')) return readLike(reading, left, negated, false);
	if (cursor.accept('ilike')) return readLike(reading, left, negated, true);
	refuseForeign(reading);
	if (negated) throw cursor.unexpected('IN, LIKE or ILIKE');
	return left;
}

/** What SQL has and the filter language hasn't, each with what to write instead. */
function refuseForeign({ cursor }: Reading): void {
	if (cursor.sees('between')) {
		const hint = 'Write a >= x AND a <= y.';
		throw invalid(cursor.source, cursor.next, 'BETWEEN is not part of the filter language.', hint);
	}
	if (cursor.next.kind === 'symbol' && cursor.next.text === '::') {
		const hint = 'A value takes the type of the column that it is compared with.';
		throw invalid(cursor.source, cursor.next, 'A cast is not part of the filter language.', hint);
	}
}

function readComparison(reading: Reading, left: Term): Term {
	const { source } = reading.cursor;
	const symbol = reading.cursor.take();
	const operator = comparisons[symbol.text]!;
	const right = readTerm(reading);
	const type = commonType(source, [left, right]);
	if (operator !== '=' && operator !== '<>' && !isOrdered(type)) {
		throw invalid(source, symbol, `${operator} works on numbers, dates and times only, not on ${type}.`);
	}
	return testTerm(left, {
		op: 'compare',
		operator,
		left: asType(source, left, type),
		right: asType(source, right, type)
	});
}

function readIsNull({ cursor }: Reading, left: Term): Term {
	const negated = cursor.accept('not');
	cursor.expect('null');
	if (left.kind === 'test') {
		throw invalid(cursor.source, left, 'IS NULL asks about a column or a value, not about a condition.');
	}
	// A column of any type can be asked.
	const value = left.operand ?? asType(cursor.source, left, left.type ?? 'text');
	return testTerm(left, { op: 'null', negated, value });
}

function readIn(reading: Reading, left: Term, negated: boolean): Term {
	const { cursor } = reading;
	cursor.expect('(');
	const list = [readTerm(reading)];
	while (cursor.accept(',')) list.push(readTerm(reading));
	cursor.expect(')');
	const type = commonType(cursor.source, [left, ...list]);
	return testTerm(left, {
		op: 'in',
		negated,
		value: asType(cursor.source, left, type),
		list: list.map((term) => constantOf(reading, term, type))
	});
}

function readLike(reading: Reading, left: Term, negated: boolean, ignoreCase: boolean): Term {
	const { source } = reading.cursor;
	const right = readTerm(reading);
	const type = commonType(source, [left, right]);
	if (type !== 'text') throw invalid(source, left, `LIKE works on text only, not on ${type}.`);
	const pattern = constantOf(reading, right, 'text');
	if (pattern.kind === 'literal' && pattern.value !== null && endsInEscape(pattern.value)) {
		throw invalid(
			source,
			right,
			'A pattern cannot end in a backslash.',
			'Write \\\\ for the backslash itself.'
		);
	}
	return testTerm(left, { op: 'like', negated, ignoreCase, value: asType(source, left, 'text'), pattern });
}

function constantOf({ cursor }: Reading, term: Term, type: Parameters<typeof asType>[2]): Constant {
	const operand = asType(cursor.source, term, type);
	if (operand.kind !== 'column') return operand;
	throw invalid(cursor.source, term, 'Here a value must stand, not a column.');
}
