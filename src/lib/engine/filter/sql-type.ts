import type { FilterColumn, ScalarType, SqlType } from './types.ts';

/** Names of types as `format_type`, the catalogue and people write them. */
const names: Readonly<Record<string, ScalarType>> = {
	bool: 'boolean',
	boolean: 'boolean',
	smallint: 'smallint',
	int2: 'smallint',
	integer: 'integer',
	int: 'integer',
	int4: 'integer',
	bigint: 'bigint',
	int8: 'bigint',
	numeric: 'numeric',
	decimal: 'numeric',
	real: 'real',
	float4: 'real',
	'double precision': 'double precision',
	float8: 'double precision',
	text: 'text',
	varchar: 'text',
	'character varying': 'text',
	character: 'character',
	char: 'character',
	bpchar: 'character',
	uuid: 'uuid',
	date: 'date',
	time: 'time',
	'time without time zone': 'time',
	timestamp: 'timestamp',
	'timestamp without time zone': 'timestamp',
	timestamptz: 'timestamptz',
	'timestamp with time zone': 'timestamptz',
	interval: 'interval'
};

/** Undefined where the filter language has no such type. */
export function scalarType(name: string): ScalarType | undefined {
	return Object.hasOwn(names, name) ? names[name] : undefined;
}

/** The type of a column; undefined where it can only be asked IS NULL (jsonb, bytea, an enum …). */
export function columnType(column: FilterColumn): SqlType | undefined {
	const type = scalarType(column.type.toLowerCase().replace(/\(.*?\)/, ''));
	if (type === undefined) return undefined;
	const isArray = column.array === true || (column.dims ?? 0) > 0;
	// The catalogue's own "char" is one byte, and nobody's text.
	return isArray ? `${type}[]` : type;
}

/** A column's type as it was declared, for messages. */
export function declaredType(column: FilterColumn): string {
	return column.type + (column.array === true || (column.dims ?? 0) > 0 ? '[]' : '');
}

export function isArray(type: SqlType): type is `${ScalarType}[]` {
	return type.endsWith('[]');
}

/** Of an array its element's type, of a scalar itself. */
export function elementOf(type: SqlType): ScalarType {
	return (type.endsWith('[]') ? type.slice(0, -2) : type) as ScalarType;
}

export function isInteger(type: SqlType): boolean {
	return type === 'smallint' || type === 'integer' || type === 'bigint';
}

export function isFloat(type: SqlType): boolean {
	return type === 'real' || type === 'double precision';
}

export function isNumber(type: SqlType): boolean {
	return isInteger(type) || isFloat(type) || type === 'numeric';
}

/** A moment of time, of whatever kind, that can be compared with the others. */
export function isMoment(type: SqlType): boolean {
	return type === 'date' || type === 'timestamp' || type === 'timestamptz';
}

/** Whether equal values of these types have one text, in rows and as constants: others are compared as values. */
export function haveSameText(a: SqlType, b: SqlType): boolean {
	if (isInteger(a) && isInteger(b)) return true;
	return a === b && (a === 'text' || a === 'uuid');
}
