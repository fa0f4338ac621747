import { scalarType } from '../sql-type.ts';
import type { ScalarType, SqlType } from '../types.ts';
import type { Cursor } from './cursor.ts';

/** The second and later words of types that have several. */
const furtherWords: Readonly<Record<string, readonly string[]>> = {
	double: ['precision'],
	character: ['varying'],
	timestamp: ['with time zone', 'without time zone'],
	time: ['without time zone']
};

/** A type after `::` or AS: `int`, `double precision`, `text[]`. */
export function readType(cursor: Cursor): SqlType {
	const start = cursor.next;
	const name = readName(cursor);
	const type = scalarType(name);
	if (type === undefined) {
		const hint = 'It knows boolean, numbers, text, uuid, dates, times, intervals and arrays of them.';
		const place = cursor.placeFrom(start.offset);
		throw cursor.refused(place, `A filter has no type ${name}.`, hint);
	}
	if (cursor.next.text === '(' && cursor.next.kind === 'symbol') {
		throw cursor.refused(cursor.next, 'A type has no length or precision here.', 'Leave it out.');
	}
	return readBrackets(cursor, type);
}

function readBrackets(cursor: Cursor, type: ScalarType): SqlType {
	let isArray = false;
	while (cursor.next.kind === 'symbol' && cursor.next.text === '[') {
		cursor.take();
		const length = cursor.next;
		if (length.kind === 'number') cursor.take();
		cursor.expect(']');
		isArray = true;
	}
	return isArray ? `${type}[]` : type;
}

function readName(cursor: Cursor): string {
	const token = cursor.take();
	if (token.kind !== 'name' && token.kind !== 'quoted') throw cursor.unexpected('a type', token);
	for (const words of furtherWords[token.text] ?? []) {
		const [first, second] = words.split(' ');
		const isNext = second === undefined ? cursor.sees(first!) : cursor.seesBoth(first!, second);
		if (!isNext) continue;
		for (const word of words.split(' ')) cursor.expect(word);
		return `${token.text} ${words}`;
	}
	return token.text;
}

/** Whether a typed literal comes next, as `date '2026-01-01'`. */
export function seesTypedLiteral(cursor: Cursor): boolean {
	const { kind, text } = cursor.next;
	return kind === 'name' && cursor.second.kind === 'string' && scalarType(text) !== undefined;
}
