import { unreachable } from '#kernel';
import { elementOf, isArray, isFloat, isInteger, isMoment, isNumber } from '../sql-type.ts';
import type { ScalarType, SqlType } from '../types.ts';
import type { ArrayValue } from '../value/array.ts';
import { compareNumerics, type Numeric } from '../value/decimal.ts';
import { compareFloats } from '../value/float.ts';
import { lengthOf, type Interval } from '../value/interval.ts';
import { compareCodePoints } from '../value/letter-case.ts';
import { momentOfDay } from '../value/moment.ts';
import type { Present } from '../value/value.ts';
import { commonNumber, commonType } from './common-type.ts';
import { overload, type Overload, type OperandTypes } from './overload.ts';

export const comparisons = ['=', '<>', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof comparisons)[number];

export function isComparison(name: string): name is Comparison {
	return (comparisons as readonly string[]).includes(name);
}

/** Comparing values of two types, if they can be; text is ordered by its code points. */
export function comparison(name: Comparison, [a, b]: OperandTypes): Overload | undefined {
	const takes = comparedAs(a ?? b ?? 'text', b ?? a ?? 'text');
	if (!takes) return undefined;
	if (isArray(takes[0]) && name !== '=' && name !== '<>') return undefined;
	const compare = isMoment(takes[0]) && takes[0] !== takes[1] ? compareMoments : comparer(takes[0]);
	const holds = outcome(name);
	return overload(takes, 'boolean', (left: Present, right: Present) => holds(compare(left, right)));
}

/** What both are made to be compared; integers of any size, and dates with timestamps, compare as they are. */
function comparedAs(a: SqlType, b: SqlType): [SqlType, SqlType] | undefined {
	if ((isInteger(a) && isInteger(b)) || (isMoment(a) && isMoment(b))) return [a, b];
	const common = isNumber(a) && isNumber(b) ? commonNumber(a, b) : commonType(a, b);
	return common && [common, common];
}

export function outcome(name: Comparison): (order: number) => boolean {
	switch (name) {
		case '=':
			return (order) => order === 0;
		case '<>':
			return (order) => order !== 0;
		case '<':
			return (order) => order < 0;
		case '<=':
			return (order) => order <= 0;
		case '>':
			return (order) => order > 0;
		case '>=':
			return (order) => order >= 0;
		default:
			return unreachable(name);
	}
}

type Compare = (a: Present, b: Present) => number;

/** The order of two values of a type; of arrays only 0 for equal. */
export function comparer(type: SqlType): Compare {
	if (isArray(type)) {
		const compare = scalarComparer(elementOf(type));
		return (a, b) => (equalArrays(a as ArrayValue<Present>, b as ArrayValue<Present>, compare) ? 0 : 1);
	}
	return scalarComparer(type as ScalarType);
}

function scalarComparer(type: ScalarType): Compare {
	if (type === 'numeric') return (a, b) => compareNumerics(a as Numeric, b as Numeric);
	if (isFloat(type)) return (a, b) => compareFloats(a as number, b as number);
	if (type === 'text' || type === 'character') return (a, b) => compareCodePoints(a as string, b as string);
	if (type === 'interval') return (a, b) => order(lengthOf(a as Interval), lengthOf(b as Interval));
	return (a, b) => order(a as bigint, b as bigint);
}

/** A date is a number of days, a timestamp a bigint. */
function compareMoments(a: Present, b: Present): number {
	const moment = (value: Present) => (typeof value === 'number' ? momentOfDay(value) : (value as bigint));
	return order(moment(a), moment(b));
}

/** Numbers and bigints compare with each other exactly. */
function order<T extends bigint | number>(a: T, b: T): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** Same dimensions, and items that are equal or both NULL. */
function equalArrays(a: ArrayValue<Present>, b: ArrayValue<Present>, compare: Compare): boolean {
	const sameShape = String(a.lengths) === String(b.lengths) && String(a.firsts) === String(b.firsts);
	if (!sameShape || a.items.length !== b.items.length) return false;
	return a.items.every((item, i) => {
		const other = b.items[i]!;
		return item === null || other === null ? item === other : compare(item, other) === 0;
	});
}
