import { fails } from '../errors.ts';

/** Dates, times and timestamps as Postgres prints them under ISO style in UTC, and as people write them. */

const pattern =
	/^(\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?( BC)?$/i;
export const microsecondsADay = 86_400_000_000n;

/** Microseconds since 1970-01-01 UTC, or an infinity, which compares with bigints as it should. */
export type Moment = bigint | number;

/** The ends of what Postgres can hold: 4714-11-24 BC, and the first moment after the last. */
const firstMoment = -210_866_803_200_000_000n;
const momentsEnd = 9_224_318_016_000_000_000n;
const firstDay = -2_440_588;
const daysEnd = 2_145_042_906;

/**
 * Undefined where the text is no moment. Without a zone it is UTC; `zoned: false` ignores a zone, as
 * Postgres does for a timestamp without one.
 */
export function parseMoment(text: string, zoned: boolean): Moment | undefined {
	const infinite = parseInfinity(text);
	if (infinite !== undefined) return infinite;
	const match = pattern.exec(text);
	if (!match) return undefined;
	const [, y, mo, d, h = '0', mi = '0', s = '0', fraction = '', zone, bc] = match;
	const day = dayOf(Number(y), Number(mo), Number(d), bc !== undefined);
	const [hour, minute, second] = [Number(h), Number(mi), Number(s)];
	if (day === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
	const shift = zoned ? zoneMinutes(zone) : 0;
	if (shift === undefined) return undefined;
	const seconds = BigInt(hour * 3600 + (minute - shift) * 60 + second);
	return BigInt(day) * microsecondsADay + seconds * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** Days since 1970-01-01, or an infinity. */
export function parseDay(text: string): number | undefined {
	const infinite = parseInfinity(text);
	if (infinite !== undefined) return infinite;
	const match = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/i.exec(text);
	if (!match) return undefined;
	const [, y, mo, d, bc] = match;
	return dayOf(Number(y), Number(mo), Number(d), bc !== undefined);
}

/** Microseconds since midnight, which 24:00 ends. */
export function parseTime(text: string): number | undefined {
	const match = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text);
	if (!match) return undefined;
	const [, h, mi, s = '0', fraction = ''] = match;
	if (Number(mi) > 59 || Number(s) > 59) return undefined;
	const seconds = Number(h) * 3600 + Number(mi) * 60 + Number(s);
	const micros = seconds * 1_000_000 + Number(fraction.padEnd(6, '0'));
	return micros <= Number(microsecondsADay) ? micros : undefined;
}

function parseInfinity(text: string): number | undefined {
	const lower = text.toLowerCase();
	return lower === 'infinity' ? Infinity : lower === '-infinity' ? -Infinity : undefined;
}

function dayOf(yearShown: number, month: number, day: number, bc: boolean): number | undefined {
	const year = bc ? 1 - yearShown : yearShown;
	if (yearShown === 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
	return daysSinceEpoch(year, month, day);
}

/** `2026-01-02 03:04:05.000006+00`, for years 1 to 9999; undefined outside. */
export function printMoment(moment: Moment): string | undefined {
	if (typeof moment === 'number') return moment > 0 ? 'infinity' : '-infinity';
	const milliseconds = floorDivide(moment, 1000n);
	if (milliseconds < -62_135_596_800_000n || milliseconds > 253_402_300_799_999n) return undefined;
	const micros = moment - milliseconds * 1000n;
	const iso = new Date(Number(milliseconds)).toISOString();
	return `${iso.slice(0, 23).replace('T', ' ')}${micros.toString().padStart(3, '0')}+00`;
}

export function printDay(day: number): string | undefined {
	return printMoment(momentOfDay(day))?.replace(' 00:00:00.000000+00', '');
}

export function printTime(micros: number): string {
	const part = (value: number, length = 2) => String(Math.floor(value)).padStart(length, '0');
	const seconds = micros / 1_000_000;
	const clock = [part(seconds / 3600), part((seconds / 60) % 60), part(seconds % 60)].join(':');
	return `${clock}.${part(micros % 1_000_000, 6)}`;
}

export function momentOfDay(day: number): Moment {
	return Number.isFinite(day) ? BigInt(day) * microsecondsADay : day;
}

export function dayOfMoment(moment: Moment): number {
	return typeof moment === 'number' ? moment : Number(floorDivide(moment, microsecondsADay));
}

/** Fails where no timestamp is so early or late. */
export function fitMoment(moment: bigint): bigint {
	if (moment >= firstMoment && moment < momentsEnd) return moment;
	throw fails('timestamp out of range');
}

export function fitDay(day: number): number {
	if (day >= firstDay && day < daysEnd) return day;
	throw fails('date out of range');
}

/** A date as a timestamp: the late ones have none. */
export function momentOfFittingDay(day: number): Moment {
	if (!Number.isFinite(day)) return day;
	const moment = BigInt(day) * microsecondsADay;
	if (moment < momentsEnd) return moment;
	throw fails('date out of range for timestamp');
}

/** The same day of another month, or its last one. */
export function addMonths(moment: bigint, months: number): bigint {
	if (months === 0) return moment;
	const day = Number(floorDivide(moment, microsecondsADay));
	const { year, month, dayOfMonth } = civil(day);
	const count = year * 12 + (month - 1) + months;
	const [toYear, toMonth] = [Math.floor(count / 12), (((count % 12) + 12) % 12) + 1];
	const toDay = daysSinceEpoch(toYear, toMonth, Math.min(dayOfMonth, daysIn(toYear, toMonth)));
	return moment + BigInt(toDay - day) * microsecondsADay;
}

function zoneMinutes(zone: string | undefined): number | undefined {
	if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
	const hours = Number(zone.slice(1, 3));
	const minutes = Number(zone.slice(3).replace(':', '') || 0);
	if (hours > 15 || minutes > 59) return undefined;
	return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function daysIn(year: number, month: number): number {
	const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
	return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Proleptic Gregorian calendar, year 0 being 1 BC. */
function daysSinceEpoch(year: number, month: number, day: number): number {
	const shifted = month <= 2 ? year - 1 : year;
	const era = Math.floor(shifted / 400);
	const yearOfEra = shifted - era * 400;
	const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
	const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
	return era * 146097 + dayOfEra - 719468;
}

/** The reverse. */
function civil(day: number): { year: number; month: number; dayOfMonth: number } {
	const shifted = day + 719468;
	const era = Math.floor(shifted / 146097);
	const dayOfEra = shifted - era * 146097;
	const leaps = Math.floor(dayOfEra / 1460);
	const yearOfEra = Math.floor(
		(dayOfEra - leaps + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365
	);
	const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
	const part = Math.floor((5 * dayOfYear + 2) / 153);
	const month = part < 10 ? part + 3 : part - 9;
	return {
		year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
		month,
		dayOfMonth: dayOfYear - Math.floor((153 * part + 2) / 5) + 1
	};
}

export function floorDivide(a: bigint, b: bigint): bigint {
	return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}
