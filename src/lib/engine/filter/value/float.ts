import { fails } from '../errors.ts';
import { compareNumerics, parseNumeric, type Decimal } from './decimal.ts';

/** As Postgres prints it, or as a canonical constant. */
export function parseFloat8(text: string): number {
	return Number(text.replace(/^([+-]?)inf(inity)?$/i, '$1Infinity'));
}

/** The nearest float4; a double in between would round twice. */
export function parseFloat4(text: string): number {
	const double = parseFloat8(text);
	const single = Math.fround(double);
	if (single === double || !Number.isFinite(double) || !Number.isFinite(single)) return single;
	const other = neighbour(single, double > single ? 1 : -1);
	// Only where the double stands right between two floats was something lost.
	if (Math.abs(double - single) !== Math.abs(other - double)) return single;
	const exact = compareNumerics(parseNumeric(text)!, exactDecimal(double));
	if (exact === 0) return single;
	return exact > 0 === other > single ? other : single;
}

function neighbour(value: number, direction: 1 | -1): number {
	const floats = new Float32Array([value]);
	const bits = new Int32Array(floats.buffer);
	if (value === 0) return direction * 2 ** -149;
	bits[0]! += value > 0 === direction > 0 ? 1 : -1;
	return floats[0]!;
}

/** The decimal that a double is. */
export function exactDecimal(value: number): Decimal {
	let scale = 0;
	let scaled = value;
	while (!Number.isInteger(scaled)) {
		scaled *= 2;
		scale++;
	}
	return { digits: BigInt(scaled) * 5n ** BigInt(scale), scale };
}

/** NaN is the greatest and equals itself. */
export function compareFloats(a: number, b: number): number {
	if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
	return a < b ? -1 : a > b ? 1 : 0;
}

type Round = (value: number) => number;

/** The four operations, failing where Postgres does; `round` is `Math.fround` for float4. */
export const floatArithmetic = {
	'+': (a: number, b: number, round: Round) => noOverflow(round(a + b), a, b),
	'-': (a: number, b: number, round: Round) => noOverflow(round(a - b), a, b),
	'*': (a: number, b: number, round: Round) => {
		const result = noOverflow(round(a * b), a, b);
		if (result === 0 && a !== 0 && b !== 0) throw fails('value out of range: underflow');
		return result;
	},
	'/': (a: number, b: number, round: Round) => {
		if (b === 0 && !Number.isNaN(a)) throw fails('division by zero');
		const result = round(a / b);
		if (isInfinite(result) && !isInfinite(a)) throw fails('value out of range: overflow');
		if (result === 0 && a !== 0 && !isInfinite(b)) throw fails('value out of range: underflow');
		return result;
	}
} as const;

function noOverflow(result: number, a: number, b: number): number {
	if (isInfinite(result) && !isInfinite(a) && !isInfinite(b)) throw fails('value out of range: overflow');
	return result;
}

export function isInfinite(value: number): boolean {
	return value === Infinity || value === -Infinity;
}

/** Half to even, as rint. */
export function roundHalfEven(value: number): number {
	if (!Number.isFinite(value)) return value;
	const floor = Math.floor(value);
	const rest = value - floor;
	if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
	return floor % 2 === 0 ? floor : floor + 1;
}
