import type { ViewSource } from './types.ts';

/** A table that a view may read. `TableSpec` of engine/schema is one. */
export interface CatalogTable {
	readonly name: string;
	readonly columns: readonly CatalogColumn[];
	/** Names of the primary key's columns, in order. */
	readonly key: readonly string[];
}

export interface CatalogColumn {
	readonly name: string;
	/** As in a column definition: `uuid`, `timestamptz`, `numeric` … */
	readonly type: string;
	readonly array: boolean;
	readonly nullable: boolean;
	/** Part of a stage's key: for programs, never for authors. */
	readonly hidden?: boolean;
	/** Of a hidden one: the column with the same value that authors see. */
	readonly shownAs?: string;
	/** Of a join's stage: the columns with the key of the table that it is of. */
	readonly follows?: readonly string[];
}

/** The table `people` that every installation has, kept by the platform from the project's members. */
export const peopleTable: CatalogTable = {
	name: 'people',
	key: ['id'],
	columns: [
		{ name: 'id', type: 'uuid', array: false, nullable: false },
		{ name: 'name', type: 'text', array: false, nullable: false },
		{ name: 'picture', type: 'text', array: false, nullable: true }
	]
};

/**
 * The table `clock` that every installation has: the moments at which this minute, hour and day began, in UTC.
 * A view over time reads it instead of now(), and follows it as it follows any table.
 */
export const clockTable: CatalogTable = {
	name: 'clock',
	key: ['every'],
	columns: [
		{ name: 'every', type: 'text', array: false, nullable: false },
		{ name: 'at', type: 'timestamptz', array: false, nullable: false },
		{ name: 'today', type: 'date', array: false, nullable: false }
	]
};

/** What views may read beside the module's own tables. */
export const platformTables: readonly CatalogTable[] = [peopleTable, clockTable];

export function columnOf(table: CatalogTable, name: string): CatalogColumn | undefined {
	return table.columns.find((column) => column.name === name);
}

/** The columns that an author may name. */
export function visibleColumns(table: CatalogTable): readonly CatalogColumn[] {
	return table.columns.filter((column) => !column.hidden);
}

export function sourceOf(table: CatalogTable): ViewSource {
	return { table: table.name, key: table.key };
}

/** The type to cast a value to, as SQL. */
export function castType(column: CatalogColumn): string {
	return column.type + (column.array ? '[]' : '');
}

/** Short names of types to those that format_type prints. */
const longNames: Readonly<Record<string, string>> = {
	timestamptz: 'timestamp with time zone',
	timestamp: 'timestamp without time zone',
	timetz: 'time with time zone',
	time: 'time without time zone',
	varchar: 'character varying',
	bpchar: 'character',
	int2: 'smallint',
	int4: 'integer',
	int: 'integer',
	int8: 'bigint',
	float4: 'real',
	float8: 'double precision',
	bool: 'boolean',
	decimal: 'numeric'
};

/** A column's type as format_type prints it: `timestamp with time zone`, `uuid[]`. */
export function formatType(column: CatalogColumn): string {
	return (longNames[column.type] ?? column.type) + (column.array ? '[]' : '');
}
