import { fails } from '../errors.ts';
import { elementOf, isArray, isFloat, isInteger, isMoment, isNumber } from '../sql-type.ts';
import type { ScalarType, SqlType } from '../types.ts';
import type { ArrayValue } from '../value/array.ts';
import {
	fromInteger,
	parseNumeric,
	printNumeric,
	roundNumeric,
	type Decimal,
	type Numeric
} from '../value/decimal.ts';
import { exactDecimal, isInfinite, parseFloat4, roundHalfEven } from '../value/float.ts';
import { fitInteger, parseInteger, type Integer } from '../value/integer.ts';
import {
	microsecondsADay,
	dayOfMoment,
	floorDivide,
	momentOfFittingDay,
	type Moment
} from '../value/moment.ts';
import { normaliseBoolean, normaliseUuid } from '../value/normalise.ts';
import type { Present } from '../value/value.ts';

export interface Cast {
	readonly mayFail: boolean;
	/** null: the value has none of that type. */
	run(value: Present): Present | null;
}

type Run<A> = (value: A) => Present | null;

function cast<A>(run: Run<A>, mayFail = false): Cast {
	return { run: run as unknown as Cast['run'], mayFail };
}

const same = cast((value: Present) => value);

/** How a value of one type is made one of another; undefined where it can't be, or not exactly. */
export function findCast(from: SqlType, to: SqlType): Cast | undefined {
	if (from === to) return same;
	if (isArray(from) !== isArray(to)) return undefined;
	const scalar = findScalarCast(elementOf(from), elementOf(to));
	if (!isArray(from) || !scalar) return scalar;
	return cast<ArrayValue<Present>>(
		(array) => ({ ...array, items: array.items.map((item) => (item === null ? null : scalar.run(item))) }),
		scalar.mayFail
	);
}

function findScalarCast(from: ScalarType, to: ScalarType): Cast | undefined {
	if (from === to) return same;
	if (to === 'character') return undefined;
	if (to === 'text') return toText(from);
	if (from === 'text' || from === 'character') return fromText(to);
	if (isNumber(from) && isNumber(to)) return betweenNumbers(from, to);
	if (from === 'boolean' && to === 'integer') return cast((value: boolean) => (value ? 1 : 0));
	if (from === 'integer' && to === 'boolean') return cast((value: number) => value !== 0);
	return betweenMoments(from, to);
}

/** Only of types whose text does not depend on how a number or a date is printed. */
function toText(from: ScalarType): Cast | undefined {
	switch (from) {
		case 'character':
		case 'uuid':
			return same;
		case 'boolean':
		case 'smallint':
		case 'integer':
		case 'bigint':
			return cast((value: Present) => String(value as number));
		case 'numeric':
			return cast(printNumeric);
		default:
			return undefined;
	}
}

/** Only to types that read the same text everywhere. */
function fromText(to: ScalarType): Cast | undefined {
	switch (to) {
		case 'boolean':
			return cast((text: string) => read(normaliseBoolean(text.trim()), to, text) === 'true', true);
		case 'uuid':
			return cast((text: string) => read(normaliseUuid(text), to, text), true);
		case 'numeric':
			return cast((text: string) => read(parseNumeric(text), to, text) as Present, true);
		case 'smallint':
		case 'integer':
		case 'bigint':
			return cast((text: string) => fitInteger(to, read(parseInteger(text), to, text)), true);
		default:
			return undefined;
	}
}

function read<T>(value: T | undefined, type: SqlType, text: string): T {
	if (value === undefined) throw fails(`invalid input syntax for type ${type}: "${text}"`);
	return value;
}

function betweenNumbers(from: ScalarType, to: ScalarType): Cast | undefined {
	if (isInteger(from)) return fromIntegers(from, to);
	if (isFloat(from)) return fromFloats(from, to);
	if (to === 'double precision')
		return cast((value: Numeric) => inRange(Number(printNumeric(value)), value), true);
	if (to === 'real') return cast((value: Numeric) => inRange(parseFloat4(printNumeric(value)), value), true);
	return cast((value: Numeric) => {
		if (typeof value === 'string')
			throw fails(`cannot convert ${value === 'NaN' ? 'NaN' : 'infinity'} to ${to}`);
		return fitInteger(to, (roundNumeric(value, 0) as Decimal).digits);
	}, true);
}

/** A float that a number fits into; what is no number is none there either. */
function inRange(float: number, exact: Numeric): number {
	const isLost = typeof exact !== 'string' && (isInfinite(float) || (float === 0 && exact.digits !== 0n));
	if (isLost) throw fails('value out of range');
	return float;
}

function fromIntegers(from: ScalarType, to: ScalarType): Cast {
	if (to === 'numeric') return cast((value: Integer) => fromInteger(value));
	if (to === 'double precision') return cast((value: Integer) => Number(value));
	if (to === 'real') return cast((value: Integer) => parseFloat4(value.toString()));
	const order = ['smallint', 'integer', 'bigint'];
	const mayFail = order.indexOf(to) < order.indexOf(from);
	return cast((value: Integer) => fitInteger(to, value), mayFail);
}

function fromFloats(from: ScalarType, to: ScalarType): Cast {
	if (to === 'double precision') return same;
	if (to === 'real') {
		return cast((value: number) => {
			const single = Math.fround(value);
			if (isInfinite(single) && !isInfinite(value)) throw fails('value out of range: overflow');
			if (single === 0 && value !== 0) throw fails('value out of range: underflow');
			return single;
		}, true);
	}
	if (to === 'numeric') return cast((value: number) => floatToNumeric(value, from === 'real' ? 6 : 15));
	return cast((value: number) => {
		const rounded = roundHalfEven(value);
		if (!Number.isFinite(rounded)) throw fails(`${to} out of range`);
		return fitInteger(to, BigInt(rounded));
	}, true);
}

/** To so many significant digits, half to even, as C prints it. */
function floatToNumeric(value: number, digits: number): Numeric {
	if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
	const exact = exactDecimal(value);
	const size = (exact.digits < 0n ? -exact.digits : exact.digits).toString().length;
	const cut = size - digits;
	if (cut <= 0) return trimmed(exact);
	const unit = 10n ** BigInt(cut);
	const floor = floorDivide(exact.digits, unit);
	const rest = 2n * (exact.digits - floor * unit);
	const isUp = rest > unit || (rest === unit && floor % 2n !== 0n);
	const rounded = isUp ? floor + 1n : floor;
	const scale = exact.scale - cut;
	return trimmed(
		scale >= 0 ? { digits: rounded, scale } : { digits: rounded * 10n ** BigInt(-scale), scale: 0 }
	);
}

function trimmed(value: Decimal): Decimal {
	let { digits, scale } = value;
	while (scale > 0 && digits % 10n === 0n) [digits, scale] = [digits / 10n, scale - 1];
	return { digits, scale };
}

/** In UTC, which all sessions have. */
function betweenMoments(from: ScalarType, to: ScalarType): Cast | undefined {
	if (isMoment(from) && isMoment(to)) {
		if (from === 'date') return cast(momentOfFittingDay, true);
		return to === 'date' ? cast(dayOfMoment) : same;
	}
	if (to === 'time' && (from === 'timestamp' || from === 'timestamptz')) {
		return cast((moment: Moment) =>
			typeof moment === 'number'
				? null
				: Number(((moment % microsecondsADay) + microsecondsADay) % microsecondsADay)
		);
	}
	if (from === 'time' && to === 'interval')
		return cast((time: number) => ({ months: 0, days: 0, micros: BigInt(time) }));
	return undefined;
}

/** Casts that an operator may add by itself, without one being written. */
export function isImplicit(from: SqlType, to: SqlType): boolean {
	if (from === to) return true;
	if (from === 'character') return to === 'text';
	if (isMoment(from) && isMoment(to))
		return from === 'date' || (from === 'timestamp' && to === 'timestamptz');
	const order: readonly SqlType[] = ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'];
	const [a, b] = [order.indexOf(from), order.indexOf(to)];
	return a >= 0 && b > a;
}
