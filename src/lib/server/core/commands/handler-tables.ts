import type { TableSpec } from '#engine/schema';
import { errors } from './errors.ts';
import { decodeRows, type Row } from './rows.ts';
import {
	deleteStatement,
	getStatement,
	insertStatement,
	listStatement,
	peopleTable,
	updateStatement,
	type Listing,
	type Prepared,
	type TableColumns
} from './table-statements.ts';
import type { CommandTransaction } from './transaction.ts';

const maxRows = 32_000;
const defaultRows = 1000;

/** What `loam.db.<table>` of a handler does. Arguments come from the sandbox: nothing about them is believed. */
export type TableOperation = (transaction: CommandTransaction, args: readonly unknown[]) => Promise<unknown>;

export function tableOperations(tables: readonly TableSpec[]): Readonly<Record<string, TableOperation>> {
	const byName = new Map<unknown, TableColumns>([
		...tables.map((table) => [table.name, table] as const),
		['people', peopleTable]
	]);

	function tableOf(name: unknown, writes: boolean): TableColumns {
		const table = byName.get(name);
		if (!table) throw errors.HANDLER_ARGUMENT(`There is no table ${String(name)}.`);
		if (writes && table === peopleTable) throw errors.HANDLER_ARGUMENT('people can be read only.');
		return table;
	}

	return {
		async 'table.get'(transaction, [name, key]) {
			const table = tableOf(name, false);
			return (await run(transaction, getStatement(table, keyOf(table, key))))[0];
		},
		async 'table.list'(transaction, [name, options]) {
			const table = tableOf(name, false);
			return run(transaction, listStatement(table, listingOf(table, options)));
		},
		async 'table.insert'(transaction, [name, row]) {
			const table = tableOf(name, true);
			return (await run(transaction, insertStatement(table, columnsOf(table, row))))[0];
		},
		async 'table.update'(transaction, [name, key, patch]) {
			const table = tableOf(name, true);
			const values = columnsOf(table, patch);
			const prepared =
				Object.keys(values).length === 0
					? getStatement(table, keyOf(table, key))
					: updateStatement(table, keyOf(table, key), values);
			return (await run(transaction, prepared))[0];
		},
		async 'table.delete'(transaction, [name, key]) {
			const table = tableOf(name, true);
			return (await run(transaction, deleteStatement(table, keyOf(table, key)))).length > 0;
		}
	};
}

async function run(transaction: CommandTransaction, { statement, values }: Prepared): Promise<Row[]> {
	return decodeRows(await transaction.run(statement, values), statement.columns);
}

/** One value for a key of one column, an object for a longer one. */
function keyOf(table: TableColumns, key: unknown): Row {
	const [only, ...more] = table.key;
	const values = more.length === 0 && !isObject(key) ? { [only!]: key } : key;
	for (const name of table.key) {
		const value = isObject(values) ? values[name] : undefined;
		if (value === null || value === undefined) {
			throw errors.HANDLER_ARGUMENT(`The key of ${table.name} needs ${name}.`);
		}
	}
	return values as Row;
}

function columnsOf(table: TableColumns, row: unknown): Row {
	if (!isObject(row)) throw errors.HANDLER_ARGUMENT(`A row of ${table.name} is an object of its columns.`);
	const known = new Set(table.columns.map((column) => column.name));
	for (const name of Object.keys(row)) {
		if (!known.has(name)) throw unknownColumn(table, name);
	}
	return row;
}

function listingOf(table: TableColumns, options: unknown): Listing {
	const { where = {}, order = [], limit = defaultRows } = isObject(options) ? options : {};
	if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0 || limit > maxRows) {
		throw errors.HANDLER_ARGUMENT(`limit is a whole number of at most ${maxRows}.`);
	}
	const terms = (Array.isArray(order) ? order : [order]) as unknown[];
	return { where: columnsOf(table, where), order: terms.map((term) => orderOf(table, String(term))), limit };
}

function orderOf(table: TableColumns, term: string) {
	const [, column, direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(term) ?? [];
	if (!column || !table.columns.some(({ name }) => name === column))
		throw unknownColumn(table, column ?? term);
	return { column, descending: direction.toLowerCase() === 'desc' };
}

function unknownColumn(table: TableColumns, name: string) {
	const columns = table.columns.map((column) => column.name).join(', ');
	return errors.HANDLER_ARGUMENT(`${table.name} has no column ${name}. Its columns are ${columns}.`);
}

function isObject(value: unknown): value is Row {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
