import { dateTimeFormat } from './formats.ts';
import { offsetOf, toLocal, type Moment } from './moment.ts';

const monthNames =
	'January February March April May June July August September October November December'.split(' ');
const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const tokens =
	/'[^']*'|"[^"]*"|\\.|y{1,4}|Y{4}|Y{2}|M{1,4}|d{1,4}|D{1,2}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|f{3}|F{3}|t{1,2}|z{1,3}|K|Z/g;

/**
 * By a .NET custom pattern (`yyyy-MM-dd HH:mm`), by the clock of the moment's zone, names of months and
 * days in the language; without a pattern, ISO 8601 in UTC with milliseconds.
 */
export function formatDate(moment: Moment, pattern: string | undefined, language: string): string {
	if (pattern === undefined) return moment.at.toISOString();
	const local = toLocal(moment);
	return pattern.replace(tokens, (token) => part(local, token, moment, language));
}

function part(local: Date, token: string, moment: Moment, language: string): string {
	const hours = local.getUTCHours();
	switch (token) {
		case 'y':
		case 'yy':
		case 'YY':
			return pad(local.getUTCFullYear() % 100);
		case 'yyy':
		case 'yyyy':
		case 'YYYY':
			return String(local.getUTCFullYear()).padStart(4, '0');
		case 'M':
			return String(local.getUTCMonth() + 1);
		case 'MM':
			return pad(local.getUTCMonth() + 1);
		case 'MMM':
			return monthName(local, 'short', language);
		case 'MMMM':
			return monthName(local, 'long', language);
		case 'd':
		case 'D':
			return String(local.getUTCDate());
		case 'dd':
		case 'DD':
			return pad(local.getUTCDate());
		case 'ddd':
			return dayName(local, 'short', language);
		case 'dddd':
			return dayName(local, 'long', language);
		case 'H':
			return String(hours);
		case 'HH':
			return pad(hours);
		case 'h':
			return String(hours % 12 || 12);
		case 'hh':
			return pad(hours % 12 || 12);
		case 'm':
			return String(local.getUTCMinutes());
		case 'mm':
			return pad(local.getUTCMinutes());
		case 's':
			return String(local.getUTCSeconds());
		case 'ss':
			return pad(local.getUTCSeconds());
		case 'fff':
		case 'FFF':
			return String(local.getUTCMilliseconds()).padStart(3, '0');
		case 't':
		case 'tt':
			return hours < 12 ? 'AM' : 'PM';
		case 'z':
		case 'zz':
			return offset(moment, '');
		case 'zzz':
		case 'K':
		case 'Z':
			return offset(moment, ':');
		default:
			return token.startsWith('\\') ? token.slice(1) : token.slice(1, -1);
	}
}

/** English has its own list, which needs nothing of the machine. */
function monthName(local: Date, length: 'short' | 'long', language: string): string {
	const name = monthNames[local.getUTCMonth()]!;
	if (isEnglish(language)) return length === 'short' ? name.slice(0, 3) : name;
	return dateTimeFormat(language, `month ${length}`, 'UTC', { month: length }).format(local);
}

function dayName(local: Date, length: 'short' | 'long', language: string): string {
	const name = dayNames[local.getUTCDay()]!;
	if (isEnglish(language)) return length === 'short' ? name.slice(0, 3) : name;
	return dateTimeFormat(language, `day ${length}`, 'UTC', { weekday: length }).format(local);
}

function isEnglish(language: string): boolean {
	return language === 'en' || language.startsWith('en-');
}

/** `+0100` or `+01:00`. */
function offset({ at, zone }: Moment, between: string): string {
	const minutes = zone === undefined ? 0 : Math.round(offsetOf(at, zone) / 60_000);
	const size = Math.abs(minutes);
	return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${between}${pad(size % 60)}`;
}

function pad(value: number): string {
	return String(value).padStart(2, '0');
}
