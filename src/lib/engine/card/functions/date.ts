import { EvaluationError } from '../language/ast.ts';
import { property } from '../language/values.ts';
import { integer, number, stringify, text } from '../language/values.ts';
import type { Scope } from '../language/scope.ts';
import { formatDate } from './format-date.ts';
import { fn, type Functions } from './types.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
/** .NET's ticks: 100 ns since the year 1. */
const ticksPerMs = 10_000;
const epochTicks = 621_355_968_000_000_000;

export const dateFunctions: Functions = {
	formatDateTime: fn(1, 3, ([value, format]) => formatDate(date(value), pattern(format))),
	formatEpoch: fn(1, 3, ([value, format]) => formatDate(new Date(number(value) * second), pattern(format))),
	utcNow: fn(0, 2, ([format], scope) => formatDate(now(scope), pattern(format))),
	addDays: shifted((at, n) => new Date(at.getTime() + n * day)),
	addHours: shifted((at, n) => new Date(at.getTime() + n * hour)),
	addMinutes: shifted((at, n) => new Date(at.getTime() + n * minute)),
	addSeconds: shifted((at, n) => new Date(at.getTime() + n * second)),
	addToTime: fn(3, 5, ([value, n, unit, format]) =>
		formatDate(add(date(value), integer(n), unit), pattern(format))
	),
	subtractFromTime: fn(3, 5, ([value, n, unit, format]) =>
		formatDate(add(date(value), -integer(n), unit), pattern(format))
	),
	getFutureTime: fn(2, 4, ([n, unit, format], scope) =>
		formatDate(add(now(scope), integer(n), unit), pattern(format))
	),
	getPastTime: fn(2, 4, ([n, unit, format], scope) =>
		formatDate(add(now(scope), -integer(n), unit), pattern(format))
	),
	startOfDay: fn(1, 3, ([value, format]) =>
		formatDate(new Date(date(value).setUTCHours(0, 0, 0, 0)), pattern(format))
	),
	startOfHour: fn(1, 3, ([value, format]) =>
		formatDate(new Date(date(value).setUTCMinutes(0, 0, 0)), pattern(format))
	),
	startOfMonth: fn(1, 3, ([value, format]) => formatDate(startOfMonth(date(value)), pattern(format))),
	dateTimeDiff: fn(2, 2, ([a, b]) => (date(a).getTime() - date(b).getTime()) * ticksPerMs),
	ticks: fn(1, 1, ([value]) => epochTicks + date(value).getTime() * ticksPerMs),
	ticksToDays: fn(1, 1, ([value]) => number(value) / (day * ticksPerMs)),
	ticksToHours: fn(1, 1, ([value]) => number(value) / (hour * ticksPerMs)),
	ticksToMinutes: fn(1, 1, ([value]) => number(value) / (minute * ticksPerMs)),
	year: fn(1, 1, ([value]) => date(value).getUTCFullYear()),
	month: fn(1, 1, ([value]) => date(value).getUTCMonth() + 1),
	dayOfMonth: fn(1, 1, ([value]) => date(value).getUTCDate()),
	dayOfWeek: fn(1, 1, ([value]) => date(value).getUTCDay()),
	dayOfYear: fn(1, 1, ([value]) => dayOfYear(date(value))),
	date: fn(1, 1, ([value]) => formatDate(date(value), 'M/dd/yyyy'))
};

/** The page's `now`, so that the server and the browser print the same; the clock where there is none. */
function now(scope: Scope): Date {
	const told = property(scope.root, 'now');
	return typeof told === 'string' ? date(told) : new Date();
}

function date(value: unknown): Date {
	const parsed = new Date(zoned(text(value)));
	if (Number.isNaN(parsed.getTime())) throw new EvaluationError(`${stringify(value)} is not a date`);
	return parsed;
}

/** A time without a zone is UTC. */
function zoned(value: string): string {
	const spaced = value
		.replace(/^(\d{4}-\d\d-\d\d) (\d\d:)/, '$1T$2')
		.replace(/([+-]\d\d)$/, (zone) => (value.includes(':') ? `${zone}:00` : zone));
	return /T[\d:.]+$/.test(spaced) ? `${spaced}Z` : spaced;
}

function pattern(format: unknown): string | undefined {
	return typeof format === 'string' && format !== '' ? format : undefined;
}

function shifted(move: (at: Date, n: number) => Date) {
	return fn(2, 4, ([value, n, format]) => formatDate(move(date(value), number(n)), pattern(format)));
}

function add(at: Date, n: number, unit: unknown): Date {
	const next = new Date(at);
	switch (unit) {
		case 'Second':
			return new Date(at.getTime() + n * second);
		case 'Minute':
			return new Date(at.getTime() + n * minute);
		case 'Hour':
			return new Date(at.getTime() + n * hour);
		case 'Day':
			return new Date(at.getTime() + n * day);
		case 'Week':
			return new Date(at.getTime() + n * 7 * day);
		case 'Month':
			return addMonths(next, n);
		case 'Year':
			return addMonths(next, n * 12);
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

function startOfMonth(at: Date): Date {
	return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1));
}

function dayOfYear(at: Date): number {
	return Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / day) + 1;
}
