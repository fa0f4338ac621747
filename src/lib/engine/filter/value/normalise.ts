import { unreachable } from '#kernel';
import { elementOf, isArray } from '../sql-type.ts';
import type { ScalarType, SqlType } from '../types.ts';
import { parseArrayText, printArray } from './array.ts';
import { parseNumeric, printNumeric } from './decimal.ts';
import { parseFloat4 } from './float.ts';
import { isInRange, parseInteger } from './integer.ts';
import { parseInterval, printInterval } from './interval.ts';
import { parseDay, parseMoment, parseTime, printDay, printMoment, printTime } from './moment.ts';

/**
 * A constant's text in the one form that comparison, SQL and handles use; undefined where it is no value
 * of the type, or written in a way that depends on the server's settings.
 */
export function normalise(type: SqlType, text: string): string | undefined {
	const element = elementOf(type);
	if (!isArray(type)) return normaliseScalar(element, text);
	const array = parseArrayText(text, (item) => normaliseScalar(element, item));
	return array && printArray(array);
}

function normaliseScalar(type: ScalarType, text: string): string | undefined {
	const bare = text.trim();
	switch (type) {
		case 'text':
			return text.includes('\0') ? undefined : text;
		case 'character':
			return text.includes('\0') ? undefined : text.replace(/ +$/, '');
		case 'uuid':
			return normaliseUuid(text);
		case 'boolean':
			return normaliseBoolean(bare);
		case 'smallint':
		case 'integer':
		case 'bigint':
			return normaliseInteger(type, text);
		case 'numeric':
			return normaliseNumeric(bare);
		case 'real':
		case 'double precision':
			return normaliseFloat(type, bare);
		case 'date':
			return printed(parseDay(bare), printDay);
		case 'time':
			return printed(parseTime(bare), printTime);
		case 'timestamp':
			return printed(parseMoment(bare, false), printMoment)?.replace('+00', '');
		case 'timestamptz':
			return printed(parseMoment(bare, true), printMoment);
		case 'interval':
			return printed(parseInterval(bare), printInterval);
		default:
			return unreachable(type);
	}
}

function printed<T>(value: T | undefined, print: (value: T) => string | undefined): string | undefined {
	return value === undefined ? undefined : print(value);
}

/** As Postgres reads it: braces around it, and hyphens after any four digits. */
export function normaliseUuid(text: string): string | undefined {
	const bare = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
	if (!/^(?:[\da-f]{4}-?){7}[\da-f]{4}$/i.test(bare)) return undefined;
	const digits = bare.replaceAll('-', '').toLowerCase();
	const [a, b, c, d, e] = [0, 8, 12, 16, 20].map((from, i, all) => digits.slice(from, all[i + 1]));
	return [a, b, c, d, e].join('-');
}

/** As Postgres reads it: any beginning of the words that tells them apart. */
export function normaliseBoolean(text: string): string | undefined {
	const lower = text.toLowerCase();
	if (lower === '') return undefined;
	if ('true'.startsWith(lower) || 'yes'.startsWith(lower) || lower === 'on' || lower === '1') return 'true';
	const isFalse = 'false'.startsWith(lower) || 'no'.startsWith(lower) || lower === '0';
	return isFalse || lower === 'of' || lower === 'off' ? 'false' : undefined;
}

function normaliseInteger(type: SqlType, text: string): string | undefined {
	const value = parseInteger(text);
	return value !== undefined && isInRange(type, value) ? value.toString() : undefined;
}

function normaliseNumeric(text: string): string | undefined {
	const value = parseNumeric(text);
	return value === undefined ? undefined : printNumeric(value);
}

function normaliseFloat(type: 'real' | 'double precision', text: string): string | undefined {
	const exact = parseNumeric(text);
	if (exact === undefined) return undefined;
	if (typeof exact === 'string') return exact;
	const number = type === 'real' ? parseFloat4(printNumeric(exact)) : Number(printNumeric(exact));
	const isOutside = !Number.isFinite(number) || (number === 0 && exact.digits !== 0n);
	return isOutside ? undefined : String(number === 0 ? 0 : number);
}
