import pg from 'pg';
import type { ColumnSpec } from '#engine/schema';
import { typeOfColumn, type PostgresType } from './postgres-types.ts';
import type { NamedType, WalledStatement } from './transaction.ts';
import { encodeValue } from './values.ts';

/**
 * Statements over one table, made of its description alone: their types are known without asking
 * Postgres, and their values never stand in the text.
 */
export interface TableColumns {
	readonly name: string;
	readonly key: readonly string[];
	readonly columns: readonly Pick<ColumnSpec, 'name' | 'type' | 'array'>[];
}

export interface Prepared {
	readonly statement: WalledStatement;
	readonly values: readonly (string | null)[];
}

/** A condition in which `$n` counts from the value after those before it. */
export interface Condition {
	readonly text: string;
	readonly values: readonly (string | null)[];
}

/** The project's members, in every installation; read only. */
export const peopleTable: TableColumns = {
	name: 'people',
	key: ['id'],
	columns: [
		{ name: 'id', type: 'uuid', array: false },
		{ name: 'name', type: 'text', array: false },
		{ name: 'picture', type: 'text', array: false }
	]
};

const quote = (name: string) => pg.escapeIdentifier(name);

/** What every statement over a table needs of it, made once. */
interface Shape {
	readonly types: ReadonlyMap<string, PostgresType>;
	readonly named: readonly NamedType[];
	readonly list: string;
}

const shapes = new WeakMap<TableColumns, Shape>();

function shapeOf(table: TableColumns): Shape {
	const found = shapes.get(table);
	if (found) return found;
	const named = table.columns.map((column) => ({ name: column.name, type: typeOfColumn(column) }));
	const made: Shape = {
		types: new Map(named.map(({ name, type }) => [name, type])),
		named,
		list: table.columns.map(({ name }) => quote(name)).join(', ')
	};
	shapes.set(table, made);
	return made;
}

const named = (table: TableColumns) => shapeOf(table).named;
const columnList = (table: TableColumns) => shapeOf(table).list;

/** Collects values and writes their places: `($1[3])::uuid`. */
function collector(table: TableColumns) {
	const { types } = shapeOf(table);
	const values: (string | null)[] = [];
	return {
		values,
		place(column: string, value: unknown): string {
			const type = types.get(column)!;
			values.push(encodeValue(value, type));
			return `($1[${values.length}])::${type.name}`;
		},
		/** A condition's own `$n` become places after those that are there. */
		condition({ text, values: more }: Condition): string {
			const offset = values.length;
			values.push(...more);
			return text.replace(/\$(\d+)/g, (_, n: string) => `($1[${offset + Number(n)}])`);
		}
	};
}

type Collector = ReturnType<typeof collector>;

function whereKey(table: TableColumns, key: Readonly<Record<string, unknown>>, collect: Collector): string {
	return table.key.map((name) => `${quote(name)} = ${collect.place(name, key[name])}`).join(' AND ');
}

function andAlso(collect: Collector, filter: Condition | undefined): string {
	return filter ? ` AND ${collect.condition(filter)}` : '';
}

export function insertStatement(table: TableColumns, row: Readonly<Record<string, unknown>>): Prepared {
	const collect = collector(table);
	const names = Object.keys(row);
	const places = names.map((name) => collect.place(name, row[name]));
	const what =
		names.length > 0 ? `(${names.map(quote).join(', ')}) VALUES (${places.join(', ')})` : 'DEFAULT VALUES';
	return {
		statement: {
			text: `INSERT INTO ${quote(table.name)} ${what} RETURNING ${columnList(table)}`,
			columns: named(table),
			writes: true,
			fixed: true
		},
		values: collect.values
	};
}

export function getStatement(
	table: TableColumns,
	key: Readonly<Record<string, unknown>>,
	filter?: Condition
): Prepared {
	const collect = collector(table);
	const where = whereKey(table, key, collect) + andAlso(collect, filter);
	return {
		statement: {
			text: `SELECT ${columnList(table)} FROM ${quote(table.name)} WHERE ${where}`,
			columns: named(table),
			writes: false,
			fixed: true
		},
		values: collect.values
	};
}

export function updateStatement(
	table: TableColumns,
	key: Readonly<Record<string, unknown>>,
	patch: Readonly<Record<string, unknown>>,
	filter?: Condition
): Prepared {
	const collect = collector(table);
	const set = Object.keys(patch).map((name) => `${quote(name)} = ${collect.place(name, patch[name])}`);
	const where = whereKey(table, key, collect) + andAlso(collect, filter);
	return {
		statement: {
			text: `UPDATE ${quote(table.name)} SET ${set.join(', ')} WHERE ${where} RETURNING ${columnList(table)}`,
			columns: named(table),
			writes: true,
			fixed: true
		},
		values: collect.values
	};
}

export function deleteStatement(
	table: TableColumns,
	key: Readonly<Record<string, unknown>>,
	filter?: Condition
): Prepared {
	const collect = collector(table);
	const where = whereKey(table, key, collect) + andAlso(collect, filter);
	return {
		statement: {
			text: `DELETE FROM ${quote(table.name)} WHERE ${where} RETURNING true`,
			columns: [{ name: 'deleted', type: typeOfColumn({ type: 'boolean', array: false }) }],
			writes: true,
			fixed: true
		},
		values: collect.values
	};
}

/** Whether the row of this key passes a filter: what was written must stay in the writer's sight. */
export function visibleStatement(
	table: TableColumns,
	key: Readonly<Record<string, unknown>>,
	filter: Condition
): Prepared {
	const collect = collector(table);
	const where = whereKey(table, key, collect) + andAlso(collect, filter);
	return {
		statement: {
			text: `SELECT true FROM ${quote(table.name)} WHERE ${where}`,
			columns: [{ name: 'visible', type: typeOfColumn({ type: 'boolean', array: false }) }],
			writes: false,
			fixed: true
		},
		values: collect.values
	};
}

export interface Listing {
	/** Columns that equal these values; null: that are NULL. */
	readonly where?: Readonly<Record<string, unknown>>;
	readonly order: readonly { readonly column: string; readonly descending: boolean }[];
	readonly limit: number;
	/** Keys after this one, in the order of the key. */
	readonly after?: Readonly<Record<string, unknown>>;
	readonly filter?: Condition | undefined;
}

export function listStatement(
	table: TableColumns,
	{ where = {}, order, limit, after, filter }: Listing
): Prepared {
	const collect = collector(table);
	const conditions = Object.entries(where).map(([name, value]) =>
		value === null ? `${quote(name)} IS NULL` : `${quote(name)} = ${collect.place(name, value)}`
	);
	if (after) {
		const places = table.key.map((name) => collect.place(name, after[name]));
		conditions.push(`(${table.key.map(quote).join(', ')}) > (${places.join(', ')})`);
	}
	if (filter) conditions.push(collect.condition(filter));
	const by = order.map(({ column, descending }) => `${quote(column)}${descending ? ' DESC' : ''}`);
	return {
		statement: {
			text: [
				`SELECT ${columnList(table)} FROM ${quote(table.name)}`,
				...(conditions.length > 0 ? [`WHERE ${conditions.join(' AND ')}`] : []),
				...(by.length > 0 ? [`ORDER BY ${by.join(', ')}`] : []),
				`LIMIT ${limit}`
			].join(' '),
			columns: named(table),
			writes: false,
			fixed: true
		},
		values: collect.values
	};
}
