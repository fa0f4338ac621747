import type { Cursor } from './cursor.ts';
import type { ReadNested } from './read-primary.ts';
import { readType } from './read-type.ts';
import type { Token } from './token.ts';
import type { Syntax } from './tree.ts';

/** What follows the name of a function; the functions with a grammar of their own are made plain calls. */
export function readFunction(cursor: Cursor, name: Token, nested: ReadNested): Syntax {
	cursor.expect('(');
	switch (name.text) {
		case 'principal':
			cursor.expect(')');
			return { kind: 'principal', ...cursor.placeFrom(name.offset) };
		case 'param':
			return readParam(cursor, name);
		case 'cast':
			return readCast(cursor, name, nested);
		case 'position':
			return readPosition(cursor, name, nested);
		case 'substring':
			return readSubstring(cursor, name, nested);
		case 'trim':
			return readTrim(cursor, name, nested);
		default:
			return call(cursor, name, name.text, readArguments(cursor, nested));
	}
}

function call(cursor: Cursor, at: Token, name: string, of: readonly Syntax[]): Syntax {
	const place = cursor.placeFrom(at.offset);
	return { kind: 'call', name, of, at: { offset: at.offset, length: at.length }, ...place };
}

function readArguments(cursor: Cursor, nested: ReadNested): Syntax[] {
	const list: Syntax[] = [];
	if (cursor.accept(')')) return list;
	do list.push(nested(cursor));
	while (cursor.accept(','));
	cursor.expect(')');
	return list;
}

function readParam(cursor: Cursor, at: Token): Syntax {
	if (cursor.next.kind !== 'string') throw cursor.unexpected("a name in quotes, as in param('id'),");
	const name = cursor.take().text;
	cursor.expect(')');
	return { kind: 'param', name, ...cursor.placeFrom(at.offset) };
}

function readCast(cursor: Cursor, at: Token, nested: ReadNested): Syntax {
	const of = nested(cursor);
	cursor.expect('as');
	const type = readType(cursor);
	cursor.expect(')');
	return { kind: 'cast', of, type, ...cursor.placeFrom(at.offset) };
}

/** `position('b' IN 'abc')`: IN stands in it without a list, so the two are read as arguments apart. */
function readPosition(cursor: Cursor, at: Token, nested: ReadNested): Syntax {
	const part = readPart(cursor, nested);
	cursor.expect('in');
	const whole = nested(cursor);
	cursor.expect(')');
	return call(cursor, at, 'strpos', [whole, part]);
}

/** A column, a value or a parenthesis. */
function readPart(cursor: Cursor, nested: ReadNested): Syntax {
	const { kind, text, offset, length } = cursor.next;
	if (kind === 'string') {
		cursor.take();
		return { kind, text, offset, length };
	}
	if (kind === 'name' || kind === 'quoted') {
		cursor.take();
		return { kind: 'column', name: text, offset, length };
	}
	cursor.expect('(');
	const inner = nested(cursor);
	cursor.expect(')');
	return inner;
}

function readSubstring(cursor: Cursor, at: Token, nested: ReadNested): Syntax {
	const of = [nested(cursor)];
	if (cursor.accept('from')) {
		of.push(nested(cursor));
		if (cursor.accept('for')) of.push(nested(cursor));
	} else while (cursor.accept(',')) of.push(nested(cursor));
	cursor.expect(')');
	return call(cursor, at, 'substr', of);
}

const trims: Readonly<Record<string, string>> = { both: 'btrim', leading: 'ltrim', trailing: 'rtrim' };

/** `trim(x)`, `trim(BOTH 'y' FROM x)`, `trim(LEADING FROM x)`. */
function readTrim(cursor: Cursor, at: Token, nested: ReadNested): Syntax {
	const side = Object.keys(trims).find((word) => cursor.accept(word));
	const name = trims[side ?? 'both']!;
	if (cursor.accept('from')) return call(cursor, at, name, readArguments(cursor, nested));
	const first = nested(cursor);
	if (cursor.accept('from')) {
		const whole = nested(cursor);
		cursor.expect(')');
		return call(cursor, at, name, [whole, first]);
	}
	if (cursor.accept(',')) return call(cursor, at, name, [first, ...readArguments(cursor, nested)]);
	cursor.expect(')');
	return call(cursor, at, name, [first]);
}
