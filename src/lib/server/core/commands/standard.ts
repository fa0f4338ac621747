import { parseFilter, toSql } from '#engine/policy';
import type { ColumnSpec, StandardOperation, TableSpec } from '#engine/schema';
import { assert, unreachable, type AppError, type Json } from '#kernel';
import { errors } from './errors.ts';
import { decodeRows, type Row } from './rows.ts';
import {
	deleteStatement,
	getStatement,
	insertStatement,
	listStatement,
	updateStatement,
	visibleStatement,
	type Condition,
	type Prepared
} from './table-statements.ts';
import type { CommandTransaction } from './transaction.ts';
import type { CommandCall, CommandResult } from './types.ts';

const defaultPage = 50;
const maxPage = 1000;

interface StandardCall {
	readonly table: TableSpec;
	readonly request: Row;
	readonly filter: Condition | undefined;
	readonly transaction: CommandTransaction;
}

/**
 * Create, Get, List, Update or Delete of a table: no sandbox, one round trip where no filter must be
 * looked at after the write. A row that the filter hides is not there.
 */
export async function runStandard(
	call: CommandCall,
	transaction: CommandTransaction
): Promise<CommandResult> {
	const { run } = call.method;
	assert(run.kind === 'standard', 'a standard method');
	const table = call.release.artifact.tables.find(({ name }) => name === run.table);
	assert(table, `the release has the table ${run.table}`);
	const standard = { table, request: call.request as Row, filter: filterOf(call, table), transaction };
	return operations[run.operation](standard);
}

function filterOf({ rowFilter, principal }: CommandCall, table: TableSpec): Condition | undefined {
	if (rowFilter === undefined) return undefined;
	const filter = parseFilter(rowFilter, table.columns);
	return toSql(filter, { principal: principal.id });
}

const operations: Record<StandardOperation, (call: StandardCall) => Promise<CommandResult>> = {
	create,
	get,
	list,
	update,
	delete: remove
};

async function create({ table, request, filter, transaction }: StandardCall): Promise<CommandResult> {
	const row: Row = {};
	for (const column of table.columns) {
		const value = request[column.name];
		if (value !== undefined && value !== null) row[column.name] = value;
		else if (!column.nullable && column.default === undefined) row[column.name] = zeroOf(column);
	}
	return write({ table, filter, transaction }, insertStatement(table, row), () => {
		throw errors.ROW_DENIED(
			`You may not create this ${table.label}. Change its fields to what you have the rights for.`
		);
	});
}

async function get({ table, request, filter, transaction }: StandardCall): Promise<CommandResult> {
	const { statement, values } = getStatement(table, keyOf(table, request), filter);
	const { rows } = await transaction.runLast(statement, values);
	const [row] = decodeRows(rows, statement.columns);
	if (!row) throw unknownRow(table);
	return { response: toResponse(row), txid: undefined };
}

async function list({ table, request, filter, transaction }: StandardCall): Promise<CommandResult> {
	const size = Math.min(Number(request['page_size'] ?? 0) || defaultPage, maxPage);
	if (size < 0) throw errors.FIELD_INVALID('page_size cannot be negative.', { fields: ['page_size'] });
	const token = request['page_token'];
	const after = typeof token === 'string' && token !== '' ? readToken(table, token) : undefined;
	const order = table.key.map((column) => ({ column, descending: false }));
	const prepared = listStatement(table, { order, limit: size + 1, filter, ...(after ? { after } : {}) });
	const { rows } = await transaction.runLast(prepared.statement, prepared.values);
	const items = decodeRows(rows, prepared.statement.columns);
	const last = items.length > size ? items[size - 1] : undefined;
	const response = {
		items: items.slice(0, size).map(toResponse),
		next_page_token: last ? writeToken(table, last) : ''
	};
	return { response, txid: undefined };
}

async function update({ table, request, filter, transaction }: StandardCall): Promise<CommandResult> {
	const key = keyOf(table, request);
	const patch = patchOf(table, request);
	if (Object.keys(patch).length === 0) return get({ table, request, filter, transaction });
	return write({ table, filter, transaction }, updateStatement(table, key, patch, filter), () => {
		throw errors.ROW_DENIED(`You may not change this ${table.label} so that it is out of your rights.`);
	});
}

async function remove({ table, request, filter, transaction }: StandardCall): Promise<CommandResult> {
	const { statement, values } = deleteStatement(table, keyOf(table, request), filter);
	const { rows, txid } = await transaction.runLast(statement, values);
	if (rows.length === 0) throw unknownRow(table);
	return { response: {}, txid };
}

/** Writes one row. Under a filter it must be visible afterwards, else all is undone. */
async function write(
	{ table, filter, transaction }: Omit<StandardCall, 'request'>,
	{ statement, values }: Prepared,
	denied: () => never
): Promise<CommandResult> {
	if (!filter) {
		const { rows, txid } = await transaction.runLast(statement, values);
		const [row] = decodeRows(rows, statement.columns);
		if (!row) throw unknownRow(table);
		return { response: toResponse(row), txid };
	}
	const [row] = decodeRows(await transaction.run(statement, values), statement.columns);
	if (!row) throw unknownRow(table);
	const visible = visibleStatement(table, row, filter);
	if ((await transaction.run(visible.statement, visible.values)).length === 0) denied();
	return { response: toResponse(row), txid: await transaction.commit() };
}

/** Protobuf leaves a field out of JSON when it holds the zero of its type. */
function zeroOf(column: ColumnSpec): unknown {
	if (column.array) return [];
	if (column.values) return column.values[0];
	switch (column.type) {
		case 'text':
		case 'bytea':
			return '';
		case 'boolean':
			return false;
		case 'integer':
		case 'bigint':
		case 'real':
		case 'double precision':
			return 0;
		case 'numeric':
		case 'uuid':
		case 'date':
		case 'timestamptz':
		case 'interval':
		case 'jsonb':
			throw required(column.name, column.label);
		default:
			return unreachable(column.type);
	}
}

/**
 * What an update sets. With a mask exactly what it names; without one what was given, of which a list or
 * a map that is empty was not: protobuf cannot tell an empty one from none.
 */
function patchOf(table: TableSpec, request: Row): Row {
	const mask =
		typeof request['update_mask'] === 'string' ? request['update_mask'].split(',').filter(Boolean) : [];
	for (const path of mask) {
		const column = table.columns.find(({ name }) => name === path);
		if (!column || table.key.includes(path)) {
			throw errors.FIELD_UNKNOWN(`update_mask names "${path}", which cannot be set.`, {
				fields: ['update_mask']
			});
		}
	}
	const patch: Row = {};
	for (const column of table.columns) {
		if (table.key.includes(column.name)) continue;
		const value = request[column.name];
		if (mask.includes(column.name)) patch[column.name] = value ?? (column.nullable ? null : zeroOf(column));
		else if (mask.length === 0 && !isAbsent(value)) patch[column.name] = value;
	}
	return patch;
}

function isAbsent(value: unknown): boolean {
	return (
		value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)
	);
}

function keyOf(table: TableSpec, request: Row): Row {
	const key: Row = {};
	for (const name of table.key) {
		const value = request[name];
		if (value === undefined || value === null || value === '') throw required(name, name);
		key[name] = value;
	}
	return key;
}

/** In a response a field that is NULL is left out. */
function toResponse(row: Row): Json {
	return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as Json;
}

function writeToken(table: TableSpec, row: Row): string {
	return Buffer.from(JSON.stringify(table.key.map((name) => row[name]))).toString('base64url');
}

function readToken(table: TableSpec, token: string): Row {
	try {
		const values = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
		assert(Array.isArray(values) && values.length === table.key.length, 'a key');
		return Object.fromEntries(table.key.map((name, i) => [name, values[i]]));
	} catch (error) {
		throw errors.PAGE_TOKEN_INVALID(
			'page_token is not one that a list gave. Leave it out to begin anew.',
			{},
			error
		);
	}
}

function unknownRow(table: TableSpec): AppError {
	return errors.ROW_UNKNOWN(`There is no such ${table.label}, or you may not see it.`, { table: table.name });
}

function required(field: string, label: string): AppError {
	return errors.FIELD_REQUIRED(`${label} must be given.`, { fields: [field] });
}
