import { EvaluationError } from '../language/ast.ts';
import type { Scope } from '../language/scope.ts';
import { integer, number, property, stringify, text } from '../language/values.ts';
import { formatDate } from '../time/format-date.ts';
import { isLanguage, noLocale } from '../time/locale.ts';
import { fromLocal, readMoment, toLocal, type Moment } from '../time/moment.ts';
import { fn, type Functions } from './types.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
/** .NET's ticks: 100 ns since the year 1. */
const ticksPerMs = 10_000;
const epochTicks = 621_355_968_000_000_000;

/**
 * Dates are read by the clock and calendar of `$host.zone`, so that what an author compares and what
 * stands on the page are the viewer's own days; without one, in UTC, as the standard has it.
 */
export const dateFunctions: Functions = {
	formatDateTime: fn(1, 3, ([value, format, language], scope) =>
		write(date(value, scope), format, scope, language)
	),
	formatEpoch: fn(1, 3, ([value, format, language], scope) =>
		write(moment(new Date(number(value) * second), scope), format, scope, language)
	),
	utcNow: fn(0, 2, ([format, language], scope) =>
		write({ at: now(scope).at, zone: undefined }, format, scope, language)
	),
	addDays: shifted((at, n) => calendar(at, (local) => new Date(local.getTime() + n * day))),
	addHours: shifted((at, n) => later(at, n * hour)),
	addMinutes: shifted((at, n) => later(at, n * minute)),
	addSeconds: shifted((at, n) => later(at, n * second)),
	addToTime: fn(3, 5, ([value, n, unit, format, language], scope) =>
		write(add(date(value, scope), integer(n), unit), format, scope, language)
	),
	subtractFromTime: fn(3, 5, ([value, n, unit, format, language], scope) =>
		write(add(date(value, scope), -integer(n), unit), format, scope, language)
	),
	getFutureTime: fn(2, 4, ([n, unit, format, language], scope) =>
		write(add(now(scope), integer(n), unit), format, scope, language)
	),
	getPastTime: fn(2, 4, ([n, unit, format, language], scope) =>
		write(add(now(scope), -integer(n), unit), format, scope, language)
	),
	startOfDay: starting((local) => new Date(local.setUTCHours(0, 0, 0, 0))),
	startOfHour: starting((local) => new Date(local.setUTCMinutes(0, 0, 0))),
	startOfMonth: starting((local) => new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1))),
	dateTimeDiff: fn(
		2,
		2,
		([a, b], scope) => (date(a, scope).at.getTime() - date(b, scope).at.getTime()) * ticksPerMs
	),
	ticks: fn(1, 1, ([value], scope) => epochTicks + date(value, scope).at.getTime() * ticksPerMs),
	ticksToDays: fn(1, 1, ([value]) => number(value) / (day * ticksPerMs)),
	ticksToHours: fn(1, 1, ([value]) => number(value) / (hour * ticksPerMs)),
	ticksToMinutes: fn(1, 1, ([value]) => number(value) / (minute * ticksPerMs)),
	year: field((local) => local.getUTCFullYear()),
	month: field((local) => local.getUTCMonth() + 1),
	dayOfMonth: field((local) => local.getUTCDate()),
	dayOfWeek: field((local) => local.getUTCDay()),
	dayOfYear: field(dayOfYear),
	date: fn(1, 1, ([value], scope) => write(date(value, scope), 'M/dd/yyyy', scope))
};

/** The page's `now`, so that the server and the browser print the same; the clock where there is none. */
function now(scope: Scope): Moment {
	const told = property(scope.root, 'now');
	return typeof told === 'string' ? date(told, scope) : moment(new Date(), scope);
}

function date(value: unknown, scope: Scope): Moment {
	const read = readMoment(text(value), zoneOf(scope));
	if (!read) throw new EvaluationError(`${stringify(value)} is not a date`);
	return read;
}

function moment(at: Date, scope: Scope): Moment {
	return { at, zone: zoneOf(scope) };
}

function zoneOf(scope: Scope): string | undefined {
	const zone = property(scope.host, 'zone');
	return typeof zone === 'string' ? zone : undefined;
}

function write(at: Moment, format: unknown, scope: Scope, language?: unknown): string {
	if (Number.isNaN(at.at.getTime())) throw new EvaluationError('no calendar goes so far');
	const pattern = typeof format === 'string' && format !== '' ? format : undefined;
	const wanted = isLanguage(language) ? language : property(scope.host, 'language');
	return formatDate(at, pattern, isLanguage(wanted) ? wanted : noLocale.language);
}

function shifted(move: (at: Moment, n: number) => Moment) {
	return fn(2, 4, ([value, n, format, language], scope) =>
		write(move(date(value, scope), number(n)), format, scope, language)
	);
}

function starting(start: (local: Date) => Date) {
	return fn(1, 3, ([value, format, language], scope) =>
		write(calendar(date(value, scope), start), format, scope, language)
	);
}

function field(read: (local: Date) => number) {
	return fn(1, 1, ([value], scope) => read(toLocal(date(value, scope))));
}

function later({ at, zone }: Moment, ms: number): Moment {
	return { at: new Date(at.getTime() + ms), zone };
}

/** A change of what the calendar shows: a day later is the same time of day, whatever the clocks do. */
function calendar(moment: Moment, change: (local: Date) => Date): Moment {
	const local = change(new Date(toLocal(moment)));
	if (Number.isNaN(local.getTime())) return { at: local, zone: undefined };
	return { at: fromLocal(local, moment.zone), zone: moment.zone };
}

function add(at: Moment, n: number, unit: unknown): Moment {
	switch (unit) {
		case 'Second':
			return later(at, n * second);
		case 'Minute':
			return later(at, n * minute);
		case 'Hour':
			return later(at, n * hour);
		case 'Day':
			return calendar(at, (local) => new Date(local.getTime() + n * day));
		case 'Week':
			return calendar(at, (local) => new Date(local.getTime() + n * 7 * day));
		case 'Month':
			return calendar(at, (local) => addMonths(local, n));
		case 'Year':
			return calendar(at, (local) => addMonths(local, n * 12));
		default:
			throw new EvaluationError(`${stringify(unit)} is not a unit of time`);
	}
}

/** The same day of the month, or the last one where the month is shorter. */
function addMonths(at: Date, n: number): Date {
	const dayOfMonth = at.getUTCDate();
	at.setUTCDate(1);
	at.setUTCMonth(at.getUTCMonth() + n);
	const last = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
	at.setUTCDate(Math.min(dayOfMonth, last));
	return at;
}

function dayOfYear(local: Date): number {
	return Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / day) + 1;
}
