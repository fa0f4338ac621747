import { fails } from '../errors.ts';

/** A numeric of Postgres, exact: `digits / 10 ** scale`; the scale is what it is printed with. */
export interface Decimal {
	readonly digits: bigint;
	/** From 0. */
	readonly scale: number;
}

/** NaN and the infinities stand beside the numbers. */
export type Numeric = Decimal | 'NaN' | 'Infinity' | '-Infinity';

const pattern = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?\s*$/i;
const specials: Readonly<Record<string, Numeric>> = {
	nan: 'NaN',
	infinity: 'Infinity',
	'+infinity': 'Infinity',
	inf: 'Infinity',
	'+inf': 'Infinity',
	'-infinity': '-Infinity',
	'-inf': '-Infinity'
};
/** Digits after the point that a product may have, and a quotient at most is given. */
const productScale = 16_383;
const quotientScale = 1_000;
/** Longer numbers than these are refused as constants. */
const exponentLimit = 400;

/** As Postgres prints or accepts it; undefined where the text is no number. */
export function parseNumeric(text: string): Numeric | undefined {
	const special = text.trim().toLowerCase();
	if (Object.hasOwn(specials, special)) return specials[special];
	const match = pattern.exec(text);
	if (!match) return undefined;
	const [, sign, whole = '', fraction = '', exponent = '0'] = match;
	if (whole + fraction === '' || Math.abs(Number(exponent)) > exponentLimit) return undefined;
	const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
	const scale = fraction.length - Number(exponent);
	return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

export function fromInteger(value: bigint | number): Decimal {
	return { digits: BigInt(value), scale: 0 };
}

export function printNumeric(value: Numeric): string {
	if (typeof value === 'string') return value;
	const { digits, scale } = value;
	const [sign, all] = digits < 0n ? ['-', (-digits).toString()] : ['', digits.toString()];
	if (scale === 0) return sign + all;
	const padded = all.padStart(scale + 1, '0');
	return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** Postgres's order: -Infinity, the numbers, Infinity, NaN; NaN equals itself. */
export function compareNumerics(a: Numeric, b: Numeric): number {
	if (typeof a === 'string' || typeof b === 'string') return rank(a) - rank(b);
	const [left, right] = aligned(a, b);
	return left < right ? -1 : left > right ? 1 : 0;
}

function rank(value: Numeric): number {
	if (typeof value !== 'string') return 0;
	return { '-Infinity': -1, Infinity: 1, NaN: 2 }[value];
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint] {
	if (a.scale === b.scale) return [a.digits, b.digits];
	const scale = Math.max(a.scale, b.scale);
	return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale)];
}

export function addNumerics(a: Numeric, b: Numeric): Numeric {
	if (typeof a === 'string' || typeof b === 'string') return addSpecials(a, b);
	const [left, right] = aligned(a, b);
	return { digits: left + right, scale: Math.max(a.scale, b.scale) };
}

function addSpecials(a: Numeric, b: Numeric): Numeric {
	if (a === 'NaN' || b === 'NaN') return 'NaN';
	if (typeof a !== 'string') return b;
	return typeof b !== 'string' || a === b ? a : 'NaN';
}

export function negateNumeric(value: Numeric): Numeric {
	switch (value) {
		case 'NaN':
			return 'NaN';
		case 'Infinity':
			return '-Infinity';
		case '-Infinity':
			return 'Infinity';
		default:
			return { digits: -value.digits, scale: value.scale };
	}
}

export function multiplyNumerics(a: Numeric, b: Numeric): Numeric {
	if (a === 'NaN' || b === 'NaN') return 'NaN';
	if (typeof a === 'string' || typeof b === 'string') {
		const sign = signOf(a) * signOf(b);
		return sign === 0 ? 'NaN' : sign > 0 ? 'Infinity' : '-Infinity';
	}
	const product = { digits: a.digits * b.digits, scale: a.scale + b.scale };
	return product.scale > productScale ? roundNumeric(product, productScale) : product;
}

/** -1, 0 or 1; of NaN 0. */
export function signOf(value: Numeric): number {
	if (typeof value === 'string') return rank(value) % 2;
	return value.digits < 0n ? -1 : value.digits > 0n ? 1 : 0;
}

export function divideNumerics(a: Numeric, b: Numeric): Numeric {
	if (a === 'NaN' || b === 'NaN') return 'NaN';
	if (typeof a === 'string') {
		if (typeof b === 'string') return 'NaN';
		if (b.digits === 0n) throw fails('division by zero');
		return signOf(b) > 0 ? a : negateNumeric(a);
	}
	if (typeof b === 'string') return { digits: 0n, scale: 0 };
	if (b.digits === 0n) throw fails('division by zero');
	const scale = scaleOfQuotient(a, b);
	const shift = scale + b.scale - a.scale;
	const [top, bottom] =
		shift >= 0 ? [a.digits * 10n ** BigInt(shift), b.digits] : [a.digits, b.digits * 10n ** BigInt(-shift)];
	return { digits: divideRounded(top, bottom), scale };
}

/** Rounds half away from zero. */
function divideRounded(top: bigint, bottom: bigint): bigint {
	const isNegative = top < 0n !== bottom < 0n;
	const [a, b] = [top < 0n ? -top : top, bottom < 0n ? -bottom : bottom];
	const quotient = (2n * a + b) / (2n * b);
	return isNegative ? -quotient : quotient;
}

/** Postgres's own choice: 16 significant digits, or as many as an operand shows (`select_div_scale`). */
function scaleOfQuotient(a: Decimal, b: Decimal): number {
	const [left, right] = [leadOf(a), leadOf(b)];
	let weight = left.weight - right.weight;
	if (left.first <= right.first) weight--;
	const scale = Math.max(16 - weight * 4, a.scale, b.scale, 0);
	return Math.min(scale, quotientScale);
}

/** The first digit to the base of 10,000 that is not 0, and the power of the base that it stands for. */
function leadOf({ digits, scale }: Decimal): { weight: number; first: number } {
	if (digits === 0n) return { weight: 0, first: 0 };
	const text = (digits < 0n ? -digits : digits).toString();
	/** Power of ten of the first digit. */
	const power = text.length - 1 - scale;
	const weight = Math.floor(power / 4);
	const length = power - weight * 4 + 1;
	return { weight, first: Number(text.slice(0, length).padEnd(length, '0')) };
}

/** The rest of a division that is cut towards zero. */
export function remainderOfNumerics(a: Numeric, b: Numeric): Numeric {
	if (a === 'NaN' || b === 'NaN') return 'NaN';
	if (typeof b !== 'string' && b.digits === 0n) throw fails('division by zero');
	if (typeof a === 'string') return 'NaN';
	if (typeof b === 'string') return a;
	const [left, right] = aligned(a, b);
	return { digits: left % right, scale: Math.max(a.scale, b.scale) };
}

/** Half away from zero; a negative place is one before the point. */
export function roundNumeric(value: Numeric, places: number): Numeric {
	if (typeof value === 'string') return value;
	return atPlaces(value, places, divideRounded);
}

export function truncateNumeric(value: Numeric, places: number): Numeric {
	if (typeof value === 'string') return value;
	return atPlaces(value, places, (top, bottom) => top / bottom);
}

function atPlaces(
	{ digits, scale }: Decimal,
	places: number,
	divide: (top: bigint, bottom: bigint) => bigint
): Decimal {
	const wanted = Math.min(Math.max(places, -2_000), 2_000);
	if (wanted >= scale) return { digits: digits * 10n ** BigInt(wanted - scale), scale: wanted };
	const cut = divide(digits, 10n ** BigInt(scale - wanted));
	return wanted >= 0 ? { digits: cut, scale: wanted } : { digits: cut * 10n ** BigInt(-wanted), scale: 0 };
}

export function floorNumeric(value: Numeric): Numeric {
	if (typeof value === 'string') return value;
	const one = 10n ** BigInt(value.scale);
	const cut = value.digits / one;
	const isBelow = value.digits < 0n && value.digits % one !== 0n;
	return { digits: isBelow ? cut - 1n : cut, scale: 0 };
}

export function ceilNumeric(value: Numeric): Numeric {
	return negateNumeric(floorNumeric(negateNumeric(value)));
}
