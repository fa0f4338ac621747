import { fails } from '../errors.ts';
import type { SqlType } from '../types.ts';

/** smallint and integer are numbers in here, bigint is a bigint. */
export type Integer = number | bigint;

interface Range {
	readonly least: Integer;
	readonly most: Integer;
	readonly name: string;
}

const ranges: Readonly<Record<string, Range>> = {
	smallint: { least: -32_768, most: 32_767, name: 'smallint' },
	integer: { least: -2_147_483_648, most: 2_147_483_647, name: 'integer' },
	bigint: { least: -(2n ** 63n), most: 2n ** 63n - 1n, name: 'bigint' }
};

/** The value as one of that type; fails where it does not fit. */
export function fitInteger(type: SqlType, value: Integer): Integer {
	const range = ranges[type]!;
	if (value < range.least || value > range.most) throw fails(`${range.name} out of range`);
	return type === 'bigint' ? BigInt(value) : Number(value);
}

export function isInRange(type: SqlType, value: Integer): boolean {
	const range = ranges[type]!;
	return value >= range.least && value <= range.most;
}

/** As Postgres reads it: spaces around, digits apart by `_`, and other bases. Undefined where it is none. */
export function parseInteger(text: string): bigint | undefined {
	const match = /^[ \t\n\v\f\r]*([+-]?)(0x_?[\da-f_]+|0o_?[0-7_]+|0b_?[01_]+|\d[\d_]*)[ \t\n\v\f\r]*$/i.exec(
		text
	);
	if (!match) return undefined;
	const [, sign, body] = match as unknown as [string, string, string];
	// Between digits, or after the base, never at the end or doubled.
	if (/__|_$/.test(body)) return undefined;
	const value = BigInt(body.replaceAll('_', '').toLowerCase());
	return sign === '-' ? -value : value;
}
