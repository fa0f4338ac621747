/** Dates and timestamps as Postgres prints them under ISO style in UTC, and as people write them. */

const pattern =
	/^(\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?( BC)?$/i;
const microsecondsADay = 86_400_000_000n;

export type Moment = bigint | 'infinity' | '-infinity';

/**
 * Microseconds since 1970-01-01 UTC; undefined where the text is no moment. Without a zone it is UTC;
 * `zoned: false` ignores a zone, as Postgres does for a timestamp without one.
 */
export function parseMoment(text: string, zoned: boolean): Moment | undefined {
	const lower = text.toLowerCase();
	if (lower === 'infinity' || lower === '-infinity') return lower;
	const match = pattern.exec(text);
	if (!match) return undefined;
	const [, y, mo, d, h = '0', mi = '0', s = '0', fraction = '', zone, bc] = match;
	const [month, day, hour, minute, second] = [mo, d, h, mi, s].map(Number) as [
		number,
		number,
		number,
		number,
		number
	];
	const year = bc ? 1 - Number(y) : Number(y);
	if (Number(y) === 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
	if (hour > 23 || minute > 59 || second > 59) return undefined;
	const shift = zoned ? zoneMinutes(zone) : 0;
	if (shift === undefined) return undefined;
	const seconds = BigInt(hour * 3600 + (minute - shift) * 60 + second);
	return (
		BigInt(daysSinceEpoch(year, month, day)) * microsecondsADay +
		seconds * 1_000_000n +
		BigInt(fraction.padEnd(6, '0'))
	);
}

/** Whether the text names a day and no time of it. */
export function isDay(text: string): boolean {
	return /^-?infinity$/i.test(text) || /^\d{4,6}-\d\d-\d\d( BC)?$/i.test(text);
}

export function compareMoments(a: Moment, b: Moment): number {
	const [rankA, rankB] = [rank(a), rank(b)];
	if (rankA !== rankB) return rankA - rankB;
	return a < b ? -1 : a > b ? 1 : 0;
}

/** `2026-01-02 03:04:05.000006+00`, for years 1 to 9999; undefined outside. */
export function printMoment(moment: Moment): string | undefined {
	if (typeof moment === 'string') return moment;
	const milliseconds = floorDivide(moment, 1000n);
	if (milliseconds < -62_135_596_800_000n || milliseconds > 253_402_300_799_999n) return undefined;
	const micros = moment - milliseconds * 1000n;
	const iso = new Date(Number(milliseconds)).toISOString();
	return `${iso.slice(0, 23).replace('T', ' ')}${micros.toString().padStart(3, '0')}+00`;
}

function rank(moment: Moment): number {
	return moment === 'infinity' ? 1 : moment === '-infinity' ? -1 : 0;
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

function floorDivide(a: bigint, b: bigint): bigint {
	return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}
