import { fails } from '../errors.ts';
import { isMoment } from '../sql-type.ts';
import type { SqlType } from '../types.ts';
import { addIntervals, negateInterval, spanOfMicros, type Interval } from '../value/interval.ts';
import {
	addMonths,
	fitDay,
	fitMoment,
	microsecondsADay,
	momentOfFittingDay,
	type Moment
} from '../value/moment.ts';
import type { Present } from '../value/value.ts';
import { commonType } from './common-type.ts';
import { overload, type Overload } from './overload.ts';

type Run = (a: never, b: never) => Present;

interface Rule {
	readonly left: SqlType;
	readonly right: SqlType;
	readonly gives: SqlType;
	readonly run: Run;
}

const day = Number(microsecondsADay);

const sums: readonly Rule[] = [
	{ left: 'date', right: 'integer', gives: 'date', run: addDays },
	{ left: 'date', right: 'interval', gives: 'timestamp', run: addToDay },
	{ left: 'date', right: 'time', gives: 'timestamp', run: addTimeToDay },
	{ left: 'timestamp', right: 'interval', gives: 'timestamp', run: addSpan },
	{ left: 'timestamptz', right: 'interval', gives: 'timestamptz', run: addSpan },
	{ left: 'time', right: 'interval', gives: 'time', run: addToTime },
	{ left: 'interval', right: 'interval', gives: 'interval', run: addIntervals }
];

const differences: readonly Rule[] = [
	{ left: 'date', right: 'date', gives: 'integer', run: daysBetween },
	{ left: 'date', right: 'integer', gives: 'date', run: (a: number, b: number) => addDays(a, -b) },
	{ left: 'date', right: 'interval', gives: 'timestamp', run: subtracting(addToDay) },
	{ left: 'timestamp', right: 'timestamp', gives: 'interval', run: between },
	{ left: 'timestamptz', right: 'timestamptz', gives: 'interval', run: between },
	{ left: 'timestamp', right: 'interval', gives: 'timestamp', run: subtracting(addSpan) },
	{ left: 'timestamptz', right: 'interval', gives: 'timestamptz', run: subtracting(addSpan) },
	{ left: 'time', right: 'time', gives: 'interval', run: (a: number, b: number) => timeSpan(a - b) },
	{ left: 'time', right: 'interval', gives: 'time', run: subtracting(addToTime) },
	{
		left: 'interval',
		right: 'interval',
		gives: 'interval',
		run: (a: Interval, b: Interval) => addIntervals(a, negateInterval(b))
	}
];

/** Sums and differences of dates, times and intervals; without a left operand the sign of an interval. */
export function momentArithmetic(
	name: string,
	left: SqlType | undefined,
	right: SqlType | undefined
): Overload | undefined {
	if (left === undefined && right === 'interval' && name === '-') {
		return overload<never>(['interval'], 'interval', negateInterval as never, true);
	}
	const rules = name === '+' ? [...sums, ...sums.map(swapped)] : name === '-' ? differences : [];
	const rule = find(rules, left, right) ?? find(rules, ...met(left, right));
	return rule && overload<never>([rule.left, rule.right], rule.gives, rule.run as never, true);
}

/** The one rule for these types. A value without one takes its neighbour's, or the only one that fits. */
function find(rules: readonly Rule[], left?: SqlType, right?: SqlType): Rule | undefined {
	const same = rules.find((rule) => rule.left === (left ?? right) && rule.right === (right ?? left));
	if (same) return same;
	const fitting = rules.filter(
		(rule) =>
			(left === undefined || rule.left === left) &&
			(right === undefined || rule.right === right) &&
			(left ?? right) !== undefined
	);
	return fitting.length === 1 ? fitting[0] : undefined;
}

/** A small number is as good as an integer beside a date, and a date as a timestamp beside one. */
function met(
	left: SqlType | undefined,
	right: SqlType | undefined
): [SqlType | undefined, SqlType | undefined] {
	if (left && right && isMoment(left) && isMoment(right)) {
		const common = commonType(left, right);
		return [common, common];
	}
	return [left === 'smallint' ? 'integer' : left, right === 'smallint' ? 'integer' : right];
}

function swapped({ left, right, gives, run }: Rule): Rule {
	const turned = (a: never, b: never) => run(b, a);
	return { left: right, right: left, gives, run: left === right ? run : turned };
}

function addDays(date: number, days: number): number {
	return Number.isFinite(date) ? fitDay(date + days) : date;
}

function daysBetween(a: number, b: number): number {
	if (!Number.isFinite(a) || !Number.isFinite(b)) throw fails('cannot subtract infinite dates');
	return a - b;
}

function addToDay(date: number, span: Interval): Moment {
	return addSpan(momentOfFittingDay(date), span);
}

function addTimeToDay(date: number, time: number): Moment {
	const moment = momentOfFittingDay(date);
	return typeof moment === 'number' ? moment : fitMoment(moment + BigInt(time));
}

/** First the months, then the days, then the rest, as a calendar does. */
function addSpan(moment: Moment, span: Interval): Moment {
	if (typeof span === 'number') {
		if (typeof moment === 'number' && moment !== span) throw fails('timestamp out of range');
		return span;
	}
	if (typeof moment === 'number') return moment;
	const later = fitMoment(addMonths(moment, span.months));
	return fitMoment(fitMoment(later + BigInt(span.days) * microsecondsADay) + span.micros);
}

function between(a: Moment, b: Moment): Interval {
	if (typeof a === 'bigint' && typeof b === 'bigint') return spanOfMicros(a - b);
	if (a === b) throw fails('interval out of range');
	return typeof a === 'number' ? a : (-b as number);
}

function addToTime(time: number, span: Interval): number {
	if (typeof span === 'number') throw fails('cannot add infinite interval to time');
	const rest = Number((BigInt(time) + span.micros) % microsecondsADay);
	return rest < 0 ? rest + day : rest;
}

function timeSpan(micros: number): Interval {
	return { months: 0, days: 0, micros: BigInt(micros) };
}

function subtracting<A extends Present>(add: (a: A, span: Interval) => Present) {
	return (a: A, span: Interval): Present => add(a, negated(span));
}

/** Subtracting an infinity is adding the other one. */
function negated(span: Interval): Interval {
	return typeof span === 'number' ? -span : { months: -span.months, days: -span.days, micros: -span.micros };
}
