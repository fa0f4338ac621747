/** Exact comparison of numbers as Postgres prints or accepts them, of any size. */

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i;
const specials: Readonly<Record<string, number>> = { '-infinity': -1, infinity: 1, '+infinity': 1, nan: 2 };

/** Postgres's order: -Infinity, the numbers, Infinity, NaN; NaN equals itself. */
export function compareDecimals(a: string, b: string): number {
	const [rankA, rankB] = [special(a), special(b)];
	if (rankA !== 0 || rankB !== 0) return Math.sign(rankA - rankB);
	const [left, right] = [parts(a), parts(b)];
	const scale = Math.max(left.scale, right.scale);
	const difference =
		left.digits * 10n ** BigInt(scale - left.scale) - right.digits * 10n ** BigInt(scale - right.scale);
	return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function isDecimal(text: string): boolean {
	if (special(text) !== 0) return true;
	const match = pattern.exec(text);
	return (
		match !== null && (match[2] ?? '') + (match[3] ?? '') !== '' && Math.abs(Number(match[4] ?? 0)) <= 400
	);
}

/** The integer that the text stands for, where it is one. */
export function integerOf(text: string): bigint | undefined {
	return /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
}

/** One text for equal numbers. */
export function canonicalDecimal(text: string): string {
	switch (special(text)) {
		case -1:
			return '-Infinity';
		case 1:
			return 'Infinity';
		case 2:
			return 'NaN';
	}
	const { digits, scale } = parts(text);
	const [sign, all] = digits < 0n ? ['-', (-digits).toString()] : ['', digits.toString()];
	const padded = all.padStart(scale + 1, '0');
	const whole = padded.slice(0, padded.length - scale);
	const fraction = padded.slice(padded.length - scale).replace(/0+$/, '');
	return sign + whole + (fraction ? `.${fraction}` : '');
}

function special(text: string): number {
	const key = text.toLowerCase();
	return Object.hasOwn(specials, key) ? specials[key]! : 0;
}

/** `digits / 10 ** scale` with a scale of at least 0. */
function parts(text: string): { digits: bigint; scale: number } {
	const [, sign, whole = '', fraction = '', exponent = '0'] = pattern.exec(text)!;
	const digits = BigInt(whole + fraction || '0') * (sign === '-' ? -1n : 1n);
	const scale = fraction.length - Number(exponent);
	return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}
