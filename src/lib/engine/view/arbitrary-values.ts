/** Types of columns and expressions of random views, and values of each that meet often and are awkward. */

/** As SQL writes it: `integer`, `text[]`. */
export type Type = string;

/** Column types that a schema can declare (engine/schema's ColumnType). */
export const scalarTypes: readonly Type[] = [
	'text',
	'integer',
	'bigint',
	'numeric',
	'double precision',
	'real',
	'boolean',
	'date',
	'timestamptz',
	'interval',
	'uuid',
	'bytea',
	'jsonb'
];
export const arrayTypes: readonly Type[] = ['text[]', 'integer[]', 'numeric[]', 'uuid[]', 'date[]'];

/**
 * Types of which equal values can have different texts (`1.0` and `1.00`): which of them a group or
 * DISTINCT shows is Postgres's free choice, so nothing that depends on the text may be made of it.
 */
export function isExact(type: Type): boolean {
	return !/^(numeric|double precision|real|interval|jsonb)/.test(type) && type !== 'json';
}

export function isOrdered(type: Type): boolean {
	return type !== 'json';
}

export function isArray(type: Type): boolean {
	return type.endsWith('[]');
}

export function elementOf(type: Type): Type {
	return type.slice(0, -2);
}

/** SQL of a literal of the type: NULL, or text in quotes with its type behind where that is not plain. */
export function literalOf(type: Type, text: string | null): string {
	if (text === null) return `NULL::${type}`;
	if (type === 'boolean') return text;
	if (type === 'integer' && /^\d+$/.test(text)) return text;
	const quoted = `'${text.replaceAll("'", "''")}'`;
	return type === 'text' ? quoted : `${quoted}::${type}`;
}

/** Texts of values, few enough to meet often; without NULL. */
export const valuesOf: Readonly<Record<Type, readonly string[]>> = {
	text: ['x', '', 'y', 'a/b', 'd"é', '_', "it's"],
	integer: ['1', '2', '3', '0', '-2147483648', '2147483647'],
	bigint: ['1', '2', '3', '-9223372036854775808', '9223372036854775807'],
	numeric: ['1', '1.0', '2', '2.50', '-3', 'NaN', 'Infinity'],
	'double precision': ['1', '0.25', '1.5', '-0', '0', 'NaN', '-Infinity'],
	real: ['1', '0.5', '2', '-0', 'NaN'],
	boolean: ['true', 'false'],
	date: ['2026-01-31', '2026-02-01', '2027-02-28', 'infinity'],
	timestamptz: ['2026-01-31 23:59:59.5+00', '2026-02-01 00:00:00+00', '2026-02-01 01:00:00+01', '-infinity'],
	interval: ['P1D', 'PT24H', 'P1M', 'P30D', 'P1M-1D'],
	uuid: [
		'00000000-0000-4000-8000-00000000000a',
		'00000000-0000-4000-8000-00000000000b',
		'0192f0a1-0000-7000-8000-000000000001',
		'ffffffff-ffff-ffff-ffff-ffffffffffff'
	],
	bytea: ['\\x', '\\x00', '\\xff2f'],
	jsonb: ['{"k": 1}', '{"k": 1.0}', '{"k": "x"}', 'null', '[1, null]', '"x"'],
	'text[]': ['{}', '{x}', '{x,NULL}', '{a/b,x}'],
	'integer[]': ['{}', '{1,2}', '{2,NULL}'],
	'numeric[]': ['{1.0}', '{1}', '{NULL,2}'],
	'uuid[]': ['{}', '{00000000-0000-4000-8000-00000000000a}'],
	'date[]': ['{}', '{2026-01-31,infinity}']
};

/** Values of a key column: more of them, all told apart by equality but where a type can't. */
export const keysOf: Readonly<Record<Type, readonly string[]>> = {
	integer: ['1', '2', '3', '4', '5'],
	bigint: ['1', '2', '3', '4', '9007199254740993'],
	text: ['x', 'y', 'a/b', 'd"é', '', '_'],
	uuid: [...valuesOf['uuid']!, '0192f0a1-0000-7000-8000-000000000002'],
	date: ['2026-01-31', '2026-02-01', '2027-02-28', 'infinity'],
	boolean: ['true', 'false'],
	timestamptz: ['2026-01-31 23:59:59.5+00', '2026-02-01 00:00:00+00', '2026-02-01 01:00:00+01', 'infinity'],
	numeric: ['1', '1.0', '2', '2.5', '3'],
	bytea: ['\\x', '\\x00', '\\xff2f', '\\x01'],
	interval: ['P1D', 'PT24H', 'P1M', 'P2D']
};
