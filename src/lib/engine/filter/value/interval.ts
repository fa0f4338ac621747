import { fails } from '../errors.ts';
import { microsecondsADay } from './moment.ts';

/** A length of time as Postgres keeps it: months, days and the rest are never made of each other. */
export interface Span {
	readonly months: number;
	readonly days: number;
	readonly micros: bigint;
}

/** The infinities compare with bigints as they should. */
export type Interval = Span | number;

const iso =
	/^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)W)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d{1,6}))?S)?)?$/;
const words = /([+-]?\d+)\s*([a-z]+)/gi;
const clock = /^([+-]?)(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/;

/** `P1Y2M3DT4H5M6.7S`, as Postgres prints it here, or `1 day 2 hours`, `04:05:06`. Undefined where it is none. */
export function parseInterval(text: string): Interval | undefined {
	const lower = text.trim().toLowerCase();
	if (lower === 'infinity') return Infinity;
	if (lower === '-infinity') return -Infinity;
	return checked(parseIso(text.trim()) ?? parseWords(lower));
}

function checked(span: Span | undefined): Span | undefined {
	if (!span) return undefined;
	const fits = isInt32(span.months) && isInt32(span.days) && isInt64(span.micros);
	return fits ? span : undefined;
}

function parseIso(text: string): Span | undefined {
	const match = iso.exec(text);
	if (!match || text === 'P' || text.endsWith('T')) return undefined;
	const [years, months, weeks, days, hours, minutes] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
		number,
		number,
		number,
		number,
		number,
		number
	];
	const seconds = micros(match[8], match[9]) * (match[7] === '-' ? -1n : 1n);
	const time = BigInt(hours * 3600 + minutes * 60) * 1_000_000n + seconds;
	return { months: years * 12 + months, days: weeks * 7 + days, micros: time };
}

const units: Readonly<Record<string, readonly ['months' | 'days' | 'micros', number]>> = {
	year: ['months', 12],
	month: ['months', 1],
	mon: ['months', 1],
	week: ['days', 7],
	day: ['days', 1],
	hour: ['micros', 3_600_000_000],
	minute: ['micros', 60_000_000],
	min: ['micros', 60_000_000],
	second: ['micros', 1_000_000],
	sec: ['micros', 1_000_000]
};

function parseWords(text: string): Span | undefined {
	const sum = { months: 0, days: 0, micros: 0n };
	let seen = '';
	const rest = text.replace(words, (_whole, count: string, name: string) => {
		const unit = units[name.replace(/s$/, '')];
		if (!unit || seen.includes(` ${unit.join('')} `)) return _whole as string;
		seen += ` ${unit.join('')} `;
		const [part, factor] = unit;
		if (part === 'micros') sum.micros += BigInt(count) * BigInt(factor);
		else sum[part] += Number(count) * factor;
		return '';
	});
	const time = rest.trim();
	if (time === '') return seen === '' ? undefined : sum;
	const match = clock.exec(time);
	if (!match || seen.includes('micros') || Number(match[3]) > 59 || Number(match[4] ?? 0) > 59)
		return undefined;
	const [, sign, hours, minutes, seconds, fraction] = match;
	const total = BigInt(hours!) * 3_600_000_000n + BigInt(minutes!) * 60_000_000n + micros(seconds, fraction);
	return { ...sum, micros: sign === '-' ? -total : total };
}

function micros(seconds = '0', fraction = ''): bigint {
	return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** One text for each interval that Postgres reads back as the same; equal ones may differ in it. */
export function printInterval(interval: Interval): string {
	if (typeof interval === 'number') return interval > 0 ? 'infinity' : '-infinity';
	const { months, days, micros: time } = interval;
	const [sign, size] = time < 0n ? ['-', -time] : ['', time];
	const seconds = `${sign}${size / 1_000_000n}.${(size % 1_000_000n).toString().padStart(6, '0')}`;
	return `P${months}M${days}DT${seconds}S`;
}

/** What intervals are compared by: a month has 30 days, a day 24 hours. */
export function lengthOf(interval: Interval): bigint | number {
	if (typeof interval === 'number') return interval;
	return BigInt(interval.months * 30 + interval.days) * microsecondsADay + interval.micros;
}

export function addIntervals(a: Interval, b: Interval): Interval {
	if (typeof a === 'number' || typeof b === 'number') return addInfinite(a, b);
	return fit({ months: a.months + b.months, days: a.days + b.days, micros: a.micros + b.micros });
}

function addInfinite(a: Interval, b: Interval): Interval {
	if (typeof a === 'number' && typeof b === 'number' && a !== b) throw fails('interval out of range');
	return typeof a === 'number' ? a : b;
}

export function negateInterval(interval: Interval): Interval {
	if (typeof interval === 'number') return -interval;
	const { months, days, micros: time } = interval;
	return fit({ months: 0 - months, days: 0 - days, micros: -time });
}

function fit(span: Span): Span {
	// The two ends of the range stand for the infinities.
	const ends = (month: number, day: number, time: bigint) =>
		span.months === month && span.days === day && span.micros === time;
	const isEnd =
		ends(2_147_483_647, 2_147_483_647, 2n ** 63n - 1n) || ends(-2_147_483_648, -2_147_483_648, -(2n ** 63n));
	if (checked(span) && !isEnd) return span;
	throw fails('interval out of range');
}

/** The difference of two moments: whole days, and the rest. */
export function spanOfMicros(difference: bigint): Span {
	if (!isInt64(difference)) throw fails('interval out of range');
	const days = difference / microsecondsADay;
	return { months: 0, days: Number(days), micros: difference - days * microsecondsADay };
}

function isInt32(value: number): boolean {
	return value >= -2_147_483_648 && value <= 2_147_483_647;
}

function isInt64(value: bigint): boolean {
	return value >= -(2n ** 63n) && value < 2n ** 63n;
}
