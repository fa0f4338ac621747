import { Cursor } from './cursor.ts';
import { readPrimary } from './read-primary.ts';
import type { Syntax } from './tree.ts';

const comparisons: ReadonlySet<string> = new Set(['=', '<>', '!=', '<', '<=', '>', '>=']);
const products: ReadonlySet<string> = new Set(['*', '/', '%']);
const sums: ReadonlySet<string> = new Set(['+', '-']);

/**
 * Reads a whole expression with Postgres's precedence, the loosest first: OR, AND, NOT, IS, comparisons,
 * BETWEEN IN LIKE, other operators, + -, * / %, ^, COLLATE, the sign, [], ::.
 */
export function parse(source: string): Syntax {
	const cursor = new Cursor(source);
	const syntax = readExpression(cursor);
	if (cursor.next.kind !== 'end') throw cursor.unexpected('AND, OR or the end');
	return syntax;
}

export function readExpression(cursor: Cursor): Syntax {
	return cursor.deeper(() => readLogic(cursor, 'or', () => readLogic(cursor, 'and', () => readNot(cursor))));
}

function readLogic(cursor: Cursor, op: 'and' | 'or', part: () => Syntax): Syntax {
	const first = part();
	if (!cursor.sees(op)) return first;
	const of = [first];
	while (cursor.accept(op)) of.push(part());
	return { kind: 'logic', op, of, ...cursor.placeFrom(first.offset) };
}

function readNot(cursor: Cursor): Syntax {
	const { offset } = cursor.next;
	if (!cursor.accept('not')) return readIs(cursor);
	const of = cursor.deeper(() => readNot(cursor));
	return { kind: 'not', of, ...cursor.placeFrom(offset) };
}

function readIs(cursor: Cursor): Syntax {
	const of = readComparison(cursor);
	const place = () => cursor.placeFrom(of.offset);
	if (cursor.accept('isnull')) return { kind: 'is', test: 'null', negated: false, of, ...place() };
	if (cursor.accept('notnull')) return { kind: 'is', test: 'null', negated: true, of, ...place() };
	if (!cursor.accept('is')) return of;
	const negated = cursor.accept('not');
	for (const test of ['null', 'true', 'false', 'unknown'] as const) {
		if (cursor.accept(test)) return { kind: 'is', test, negated, of, ...place() };
	}
	if (!cursor.accept('distinct')) throw cursor.unexpected('NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM');
	cursor.expect('from');
	const right = readComparison(cursor);
	return { kind: 'distinct', negated, left: of, right, ...place() };
}

function readComparison(cursor: Cursor): Syntax {
	const left = readMembership(cursor);
	const { next } = cursor;
	if (next.kind !== 'operator' || !comparisons.has(next.text)) return left;
	cursor.take();
	const name = next.text === '!=' ? '<>' : next.text;
	return (
		readQuantified(cursor, left, name, next) ?? operation(cursor, name, next, left, readMembership(cursor))
	);
}

/** What follows an operator, if it is `ANY (…)` or `ALL (…)`. */
function readQuantified(
	cursor: Cursor,
	left: Syntax,
	operator: string,
	at: { readonly offset: number; readonly length: number }
): Syntax | undefined {
	const isAny = cursor.sees('any') || cursor.sees('some');
	const all = cursor.sees('all');
	const isCall = cursor.second.kind === 'symbol' && cursor.second.text === '(';
	if (!(isAny || all) || !isCall) return undefined;
	cursor.take();
	cursor.expect('(');
	refuseSelect(cursor);
	const array = readExpression(cursor);
	cursor.expect(')');
	return { kind: 'quantified', operator, all, left, array, at, ...cursor.placeFrom(left.offset) };
}

/** BETWEEN, IN, LIKE and ILIKE. */
function readMembership(cursor: Cursor): Syntax {
	const value = readOther(cursor);
	const negated =
		cursor.sees('not') && ['between', 'in', 'like', 'ilike', 'similar'].includes(cursor.second.text);
	if (negated) cursor.take();
	const at = cursor.next;
	if (cursor.accept('between')) return readBetween(cursor, value, negated);
	if (cursor.accept('in')) return readIn(cursor, value, negated);
	if (cursor.accept('like')) return readLike(cursor, value, negated ? '!~~' : '~~', at);
	if (cursor.accept('ilike')) return readLike(cursor, value, negated ? '!~~*' : '~~*', at);
	if (!cursor.sees('similar')) return value;
	throw cursor.refused(cursor.next, 'SIMILAR TO is not part of the filter language.', 'Write LIKE.');
}

function readBetween(cursor: Cursor, value: Syntax, negated: boolean): Syntax {
	const symmetric = cursor.accept('symmetric');
	if (!symmetric) cursor.accept('asymmetric');
	const low = readOther(cursor);
	cursor.expect('and');
	const high = readOther(cursor);
	return { kind: 'between', negated, symmetric, value, low, high, ...cursor.placeFrom(value.offset) };
}

function readIn(cursor: Cursor, value: Syntax, negated: boolean): Syntax {
	cursor.expect('(');
	refuseSelect(cursor);
	const list = [readExpression(cursor)];
	while (cursor.accept(',')) list.push(readExpression(cursor));
	cursor.expect(')');
	return { kind: 'in', negated, value, list, ...cursor.placeFrom(value.offset) };
}

function readLike(
	cursor: Cursor,
	value: Syntax,
	name: string,
	at: { readonly offset: number; readonly length: number }
): Syntax {
	const quantified = readQuantified(cursor, value, name, at);
	if (quantified) return quantified;
	const pattern = readOther(cursor);
	if (cursor.sees('escape')) {
		throw cursor.refused(
			cursor.next,
			'ESCAPE is not part of the filter language.',
			'Escape with a backslash.'
		);
	}
	return operation(cursor, name, at, value, pattern);
}

function refuseSelect(cursor: Cursor): void {
	if (!cursor.sees('select') && !cursor.sees('with') && !cursor.sees('values')) return;
	const hint = 'Put it into a view, and filter that.';
	throw cursor.refused(cursor.next, 'A filter has no subqueries.', hint);
}

/** Operators that are not arithmetic, before their operand or between two. */
function readOther(cursor: Cursor): Syntax {
	const { next } = cursor;
	const isPrefix = next.kind === 'operator' && !sums.has(next.text) && !comparisons.has(next.text);
	let left = isPrefix ? readPrefix(cursor) : readSum(cursor);
	for (let at = cursor.next; isOther(at); at = cursor.next) {
		cursor.take();
		left = readQuantified(cursor, left, at.text, at) ?? operation(cursor, at.text, at, left, readSum(cursor));
	}
	return left;
}

function isOther({ kind, text }: { readonly kind: string; readonly text: string }): boolean {
	if (kind !== 'operator') return false;
	return !comparisons.has(text) && !sums.has(text) && !products.has(text) && text !== '^';
}

function readPrefix(cursor: Cursor): Syntax {
	const at = cursor.take();
	const of = [cursor.deeper(() => (isOther(cursor.next) ? readPrefix(cursor) : readSum(cursor)))];
	return { kind: 'call', name: at.text, of, at, ...cursor.placeFrom(at.offset) };
}

function readSum(cursor: Cursor): Syntax {
	return readLeft(cursor, sums, () =>
		readLeft(cursor, products, () => readLeft(cursor, new Set(['^']), () => readCollate(cursor)))
	);
}

function readLeft(cursor: Cursor, operators: ReadonlySet<string>, part: () => Syntax): Syntax {
	let left = part();
	for (let at = cursor.next; at.kind === 'operator' && operators.has(at.text); at = cursor.next) {
		cursor.take();
		left = operation(cursor, at.text, at, left, part());
	}
	return left;
}

function readCollate(cursor: Cursor): Syntax {
	const of = readSigned(cursor);
	if (!cursor.accept('collate')) return of;
	const name = cursor.take();
	if (name.kind !== 'quoted' || name.text !== 'C') {
		throw cursor.refused(name, 'Only COLLATE "C" means the same everywhere.', 'Write COLLATE "C".');
	}
	return { kind: 'collate', of, ...cursor.placeFrom(of.offset) };
}

function readSigned(cursor: Cursor): Syntax {
	const at = cursor.next;
	if (at.kind !== 'operator' || !sums.has(at.text)) return readPrimary(cursor, readExpression);
	cursor.take();
	if (cursor.next.kind === 'number' && at.text === '-') return readNegative(cursor, at.offset);
	const of = [cursor.deeper(() => readSigned(cursor))];
	return { kind: 'call', name: at.text, of, at, ...cursor.placeFrom(at.offset) };
}

/** A sign before a number belongs to it, unless a cast binds closer. */
function readNegative(cursor: Cursor, offset: number): Syntax {
	const operand = readPrimary(cursor, readExpression);
	const place = cursor.placeFrom(offset);
	if (operand.kind === 'number') return { kind: 'number', text: `-${operand.text}`, ...place };
	return { kind: 'call', name: '-', of: [operand], at: { offset, length: 1 }, ...place };
}

function operation(
	cursor: Cursor,
	name: string,
	at: { readonly offset: number; readonly length: number },
	left: Syntax,
	right: Syntax
): Syntax {
	const place = cursor.placeFrom(left.offset);
	return { kind: 'call', name, of: [left, right], at: { offset: at.offset, length: at.length }, ...place };
}
