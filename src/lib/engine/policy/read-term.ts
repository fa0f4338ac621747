import type { Cursor } from './cursor.ts';
import { openTerm, type Term } from './term.ts';
import { invalid, type Token } from './token.ts';
import type { FilterColumn } from './types.ts';
import { valueType } from './value-type.ts';

/** What the parts of the grammar share. */
export interface Reading {
	readonly cursor: Cursor;
	readonly columns: ReadonlyMap<string, FilterColumn>;
	/** Columns that were met. */
	readonly used: Set<string>;
	/** Reads a whole filter, as between parentheses. */
	readonly nested: () => Term;
}

const reserved = new Set([
	'and',
	'or',
	'not',
	'is',
	'in',
	'like',
	'ilike',
	'null',
	'true',
	'false',
	'between',
	'similar'
]);

/** `term := column | 'text' | number | TRUE | FALSE | NULL | principal() | param('name') | $1 | (filter)` */
export function readTerm(reading: Reading): Term {
	const token = reading.cursor.take();
	const { kind, text, offset, length } = token;
	switch (kind) {
		case 'string':
		case 'number':
			return { kind, offset, length, text };
		case 'position':
			return openTerm(offset, length, { kind, number: Number(text) });
		case 'quoted':
			return readColumn(reading, token);
		case 'name':
			return readWord(reading, token);
		case 'symbol':
			return readSymbol(reading, token);
		case 'end':
			throw reading.cursor.unexpected('a column or a value', token);
	}
}

function readSymbol({ cursor, nested }: Reading, token: Token): Term {
	if (token.text === '(') {
		return cursor.deeper(() => {
			const inner = nested();
			cursor.expect(')');
			return inner;
		});
	}
	const isSign = token.text === '-' || token.text === '+';
	if (!isSign || cursor.next.kind !== 'number') throw cursor.unexpected('a column or a value', token);
	const text = token.text + cursor.take().text;
	return { kind: 'number', offset: token.offset, length: cursor.lengthFrom(token.offset), text };
}

function readWord(reading: Reading, token: Token): Term {
	const { cursor } = reading;
	const { text, offset, length } = token;
	if (text === 'true' || text === 'false') return { kind: 'boolean', offset, length, text, type: 'boolean' };
	if (text === 'null') return { kind: 'null', offset, length };
	if (reserved.has(text)) throw cursor.unexpected('a column or a value', token);
	return cursor.accept('(') ? readCall(cursor, token) : readColumn(reading, token);
}

function readCall(cursor: Cursor, token: Token): Term {
	const { text, offset } = token;
	if (text === 'principal') {
		cursor.expect(')');
		return openTerm(offset, cursor.lengthFrom(offset), { kind: 'principal' }, 'uuid');
	}
	if (text === 'param') {
		if (cursor.next.kind !== 'string') throw cursor.unexpected("a name in quotes, as in param('id'),");
		const name = cursor.take().text;
		cursor.expect(')');
		return openTerm(offset, cursor.lengthFrom(offset), { kind: 'param', name });
	}
	const hint = "A filter knows principal() and param('name').";
	throw invalid(cursor.source, token, `There is no function ${text}().`, hint);
}

function readColumn({ cursor, columns, used }: Reading, { text, offset, length }: Token): Term {
	const column = columns.get(text);
	if (!column) {
		const known = [...columns.keys()].slice(0, 30).join(', ');
		throw invalid(
			cursor.source,
			{ offset, length },
			`There is no column ${text}.`,
			known ? `Columns: ${known}.` : undefined
		);
	}
	used.add(text);
	const type = valueType(column);
	const isArray = column.array || (column.dims ?? 0) > 0;
	return {
		kind: 'column',
		offset,
		length,
		declared: `${column.type}${isArray ? '[]' : ''}`,
		operand: { kind: 'column', name: text, type },
		...(type === undefined ? {} : { type })
	};
}
