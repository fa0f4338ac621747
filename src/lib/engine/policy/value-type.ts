import type { FilterColumn, ValueType } from './types.ts';

const names: Readonly<Record<string, ValueType>> = {
	text: 'text',
	varchar: 'text',
	'character varying': 'text',
	boolean: 'boolean',
	bool: 'boolean',
	uuid: 'uuid',
	smallint: 'smallint',
	int2: 'smallint',
	integer: 'integer',
	int4: 'integer',
	bigint: 'bigint',
	int8: 'bigint',
	numeric: 'numeric',
	real: 'real',
	float4: 'real',
	'double precision': 'double precision',
	float8: 'double precision',
	date: 'date',
	timestamp: 'timestamp',
	'timestamp without time zone': 'timestamp',
	timestamptz: 'timestamptz',
	'timestamp with time zone': 'timestamptz'
};

/** The type that a column is compared as; undefined where only IS NULL can be asked (arrays, jsonb, bytea …). */
export function valueType(column: FilterColumn): ValueType | undefined {
	if (column.array || (column.dims ?? 0) > 0) return undefined;
	const bare = column.type.toLowerCase().replace(/\(.*?\)/, '');
	return Object.hasOwn(names, bare) ? names[bare] : undefined;
}

export function isNumber(type: ValueType): boolean {
	return isFloat(type) || isInteger(type) || type === 'numeric';
}

export function isFloat(type: ValueType): boolean {
	return type === 'real' || type === 'double precision';
}

export function isInteger(type: ValueType): boolean {
	return type === 'smallint' || type === 'integer' || type === 'bigint';
}

/** Whether `<` and `>` mean the same in Postgres whatever the collation. */
export function isOrdered(type: ValueType): boolean {
	return isNumber(type) || type === 'date' || type === 'timestamp' || type === 'timestamptz';
}
