import { isUuid, unreachable } from '#kernel';
import { canonicalDecimal, isDecimal, integerOf } from './decimal.ts';
import { isDay, parseMoment, printMoment } from './moment.ts';
import type { ValueType } from './types.ts';

const integerBits: Readonly<Record<string, bigint>> = { smallint: 15n, integer: 31n, bigint: 63n };

/**
 * A constant's text in the one form that comparison, SQL and handles use; undefined where it is no value
 * of the type. Postgres accepts every text that this gives.
 */
export function normalise(type: ValueType, text: string): string | undefined {
	switch (type) {
		case 'text':
			return text.includes('\0') ? undefined : text;
		case 'uuid':
			return isUuid(text) ? text.toLowerCase() : undefined;
		case 'boolean':
			return normaliseBoolean(text);
		case 'smallint':
		case 'integer':
		case 'bigint':
		case 'numeric':
			return isDecimal(text.trim()) ? canonicalDecimal(text.trim()) : undefined;
		case 'real':
		case 'double precision':
			return normaliseFloat(text.trim());
		case 'date':
			return isDay(text.trim()) ? print(text, false)?.replace(' 00:00:00.000000+00', '') : undefined;
		case 'timestamp':
			return print(text, false)?.replace('+00', '');
		case 'timestamptz':
			return print(text, true);
		default:
			return unreachable(type);
	}
}

/** The type that a constant is cast to in SQL: the column's own where it fits, so that an index can be used. */
export function castType(type: ValueType, value: string | null): string {
	const bits = integerBits[type];
	if (value === null) return type;
	if (bits !== undefined) {
		const integer = integerOf(value);
		return integer !== undefined && integer >= -(1n << bits) && integer < 1n << bits ? type : 'numeric';
	}
	return type === 'real' && !fitsReal(value) ? 'double precision' : type;
}

/** The number that a constant or column of a floating type has in Postgres. */
export function floatOf(type: ValueType, text: string): number {
	const number = Number(text.replace(/^([+-]?)inf(inity)?$/i, '$1Infinity'));
	return type === 'real' && fitsReal(text) ? Math.fround(number) : number;
}

function fitsReal(text: string): boolean {
	const number = Number(text);
	const rounded = Math.fround(number);
	return Number.isFinite(number) ? Number.isFinite(rounded) && (rounded !== 0 || number === 0) : true;
}

function normaliseBoolean(text: string): string | undefined {
	const lower = text.toLowerCase();
	if (lower === 't' || lower === 'true') return 'true';
	return lower === 'f' || lower === 'false' ? 'false' : undefined;
}

function normaliseFloat(text: string): string | undefined {
	if (!isDecimal(text)) return undefined;
	const canonical = canonicalDecimal(text);
	const number = Number(canonical);
	if (Number.isNaN(number) || !/\d/.test(canonical)) return canonical;
	const outOfRange = !Number.isFinite(number) || (number === 0 && canonical !== '0');
	return outOfRange ? undefined : String(number === 0 ? 0 : number);
}

function print(text: string, zoned: boolean): string | undefined {
	const moment = parseMoment(text.trim(), zoned);
	return moment === undefined ? undefined : printMoment(moment);
}
