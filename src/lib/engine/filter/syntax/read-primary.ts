import type { Cursor } from './cursor.ts';
import { readFunction } from './read-function.ts';
import { readType, seesTypedLiteral } from './read-type.ts';
import type { Token } from './token.ts';
import type { Syntax } from './tree.ts';
import { momentary, reserved } from './words.ts';

/** Reads a whole expression, as between parentheses. */
export type ReadNested = (cursor: Cursor) => Syntax;

/** A column, a value, a call or a parenthesis, with its subscripts and casts. */
export function readPrimary(cursor: Cursor, nested: ReadNested): Syntax {
	let syntax = readAtom(cursor, nested);
	const isIndexed = cursor.next.kind === 'symbol' && cursor.next.text === '[';
	if (isIndexed) syntax = readSubscript(cursor, syntax, nested);
	while (cursor.accept('::')) {
		const type = readType(cursor);
		syntax = { kind: 'cast', of: syntax, type, ...cursor.placeFrom(syntax.offset) };
	}
	return syntax;
}

function readSubscript(cursor: Cursor, array: Syntax, nested: ReadNested): Syntax {
	const indexes: Syntax[] = [];
	while (cursor.accept('[')) {
		const isSlice = cursor.next.kind === 'symbol' && cursor.next.text === ':';
		if (!isSlice) indexes.push(nested(cursor));
		if (cursor.next.kind === 'symbol' && cursor.next.text === ':') {
			throw cursor.refused(cursor.next, 'A slice of an array is not part of the filter language.');
		}
		cursor.expect(']');
	}
	return { kind: 'subscript', array, indexes, ...cursor.placeFrom(array.offset) };
}

function readAtom(cursor: Cursor, nested: ReadNested): Syntax {
	if (seesTypedLiteral(cursor)) return readTypedLiteral(cursor);
	const token = cursor.take();
	const { kind, text, offset, length } = token;
	switch (kind) {
		case 'string':
		case 'number':
			return { kind, text, offset, length };
		case 'position':
			return { kind, number: Number(text), offset, length };
		case 'quoted':
			return readColumn(cursor, token);
		case 'name':
			return readWord(cursor, token, nested);
		case 'symbol':
			return readParenthesis(cursor, token, nested);
		case 'operator':
		case 'end':
			throw cursor.unexpected('a column or a value', token);
	}
}

function readTypedLiteral(cursor: Cursor): Syntax {
	const { offset } = cursor.next;
	const type = readType(cursor);
	const { text, ...place } = cursor.take();
	const of: Syntax = { kind: 'string', text, offset: place.offset, length: place.length };
	return { kind: 'cast', of, type, ...cursor.placeFrom(offset) };
}

function readParenthesis(cursor: Cursor, token: Token, nested: ReadNested): Syntax {
	if (token.text !== '(') throw cursor.unexpected('a column or a value', token);
	if (cursor.sees('select')) {
		throw cursor.refused(cursor.next, 'A filter has no subqueries.', 'Put it into a view, and filter that.');
	}
	const inner = nested(cursor);
	if (cursor.next.kind === 'symbol' && cursor.next.text === ',') {
		const hint = 'Compare the columns one by one, and join that with AND or OR.';
		throw cursor.refused(cursor.next, 'Rows cannot be compared as a whole.', hint);
	}
	cursor.expect(')');
	return inner;
}

function readWord(cursor: Cursor, token: Token, nested: ReadNested): Syntax {
	const { text, offset, length } = token;
	switch (text) {
		case 'true':
		case 'false':
			return { kind: 'boolean', value: text === 'true', offset, length };
		case 'null':
			return { kind: 'null', offset, length };
		case 'case':
			return readCase(cursor, token, nested);
		case 'array':
			return readArray(cursor, token, nested);
		case 'exists':
			if (cursor.next.text !== '(') break;
			throw cursor.refused(token, 'A filter has no subqueries.', 'Put it into a view, and filter that.');
	}
	const isCall = cursor.next.kind === 'symbol' && cursor.next.text === '(';
	if (isCall) return readFunction(cursor, token, nested);
	if (momentary.has(text) && reserved.has(text)) {
		const hint = 'A filter holds for a row, whenever and whoever asks; principal() is the reader.';
		throw cursor.refused(token, `${text.toUpperCase()} changes from one moment to the next.`, hint);
	}
	if (reserved.has(text)) throw cursor.unexpected('a column or a value', token);
	return readColumn(cursor, token);
}

function readColumn(cursor: Cursor, { text, offset, length }: Token): Syntax {
	if (cursor.next.kind === 'symbol' && cursor.next.text === '.') {
		throw cursor.refused(cursor.next, 'A column stands by itself, without a table.', 'Leave the table out.');
	}
	return { kind: 'column', name: text, offset, length };
}

/** `CASE WHEN …`; a CASE over a value is written out as comparisons. */
function readCase(cursor: Cursor, token: Token, nested: ReadNested): Syntax {
	if (!cursor.sees('when')) {
		const hint = 'Write CASE WHEN x = 1 THEN …';
		throw cursor.refused(cursor.next, 'A CASE begins with WHEN here.', hint);
	}
	const branches: { when: Syntax; then: Syntax }[] = [];
	while (cursor.accept('when')) {
		const when = nested(cursor);
		cursor.expect('then');
		branches.push({ when, then: nested(cursor) });
	}
	const otherwise = cursor.accept('else') ? nested(cursor) : undefined;
	cursor.expect('end');
	return { kind: 'case', branches, otherwise, ...cursor.placeFrom(token.offset) };
}

function readArray(cursor: Cursor, token: Token, nested: ReadNested): Syntax {
	cursor.expect('[');
	const of: Syntax[] = [];
	if (!cursor.accept(']')) {
		if (cursor.next.text === '[') {
			throw cursor.refused(cursor.next, 'An ARRAY has one dimension here.', `Write '{{1,2},{3,4}}'.`);
		}
		do of.push(nested(cursor));
		while (cursor.accept(','));
		cursor.expect(']');
	}
	return { kind: 'array', of, ...cursor.placeFrom(token.offset) };
}
