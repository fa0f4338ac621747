import { present } from '#kernel';
import { elementOf, isArray } from '../sql-type.ts';
import type { SqlType } from '../types.ts';
import { parseArrayText } from './array.ts';
import { parseNumeric } from './decimal.ts';
import { parseFloat4, parseFloat8 } from './float.ts';
import { parseInterval } from './interval.ts';
import { parseDay, parseMoment, parseTime } from './moment.ts';
import type { Read, ScalarRead } from './value.ts';

/** Texts as Postgres prints them in rows and as `normalise` gives them. */
const scalars: ScalarRead = {
	boolean: (text) => text === 't' || text === 'true',
	smallint: Number,
	integer: Number,
	bigint: BigInt,
	numeric: (text) => present(parseNumeric(text), 'a numeric as Postgres prints it'),
	real: parseFloat4,
	'double precision': parseFloat8,
	text: (text) => text,
	character: (text) => text.replace(/ +$/, ''),
	uuid: (text) => text,
	date: (text) => present(parseDay(text), 'a date as Postgres prints it'),
	time: (text) => present(parseTime(text), 'a time as Postgres prints it'),
	timestamp: (text) => present(parseMoment(text, true), 'a timestamp as Postgres prints it'),
	timestamptz: (text) => present(parseMoment(text, true), 'a timestamp as Postgres prints it'),
	interval: (text) => present(parseInterval(text), 'an interval as Postgres prints it')
};

/** How a value of that type is read out of a row. */
export function reader(type: SqlType): Read {
	const read = scalars[elementOf(type)];
	if (!isArray(type)) return read;
	return (text) => present(parseArrayText(text, read), 'an array as Postgres prints it');
}
