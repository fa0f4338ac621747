import type { ViewColumn } from '#engine/view';

/** What `electric-schema` says of one column. */
export interface ColumnInfo {
	readonly type: string;
	readonly dims?: number;
	readonly pk_index?: number;
	readonly not_null?: boolean;
}

export type ShapeSchema = Readonly<Record<string, ColumnInfo>>;

/** `format_type` names to the catalogue's own, which the protocol uses. */
const catalogueNames: Readonly<Record<string, string>> = {
	smallint: 'int2',
	integer: 'int4',
	bigint: 'int8',
	boolean: 'bool',
	real: 'float4',
	'double precision': 'float8',
	'character varying': 'varchar',
	character: 'bpchar',
	'timestamp with time zone': 'timestamptz',
	'timestamp without time zone': 'timestamp',
	'time with time zone': 'timetz',
	'time without time zone': 'time',
	'bit varying': 'varbit'
};

export function catalogueName(type: string): string {
	return catalogueNames[type] ?? type;
}

export function schemaOf(columns: readonly ViewColumn[]): ShapeSchema {
	return Object.fromEntries(columns.map((column) => [column.name, columnInfo(column)]));
}

function columnInfo(column: ViewColumn): ColumnInfo {
	return {
		type: catalogueName(column.type),
		...(column.dims > 0 ? { dims: column.dims } : {}),
		...(column.keyIndex === undefined ? {} : { pk_index: column.keyIndex }),
		...(column.notNull ? { not_null: true } : {})
	};
}

/** JSON that an HTTP header can carry: nothing outside ASCII. */
export function headerJson(value: unknown): string {
	return JSON.stringify(value).replace(
		/[\u007f-\uffff]/g,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
	);
}
