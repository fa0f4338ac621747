import { createAdapterFactory, type CleanedWhere } from '@better-auth/core/db/adapter';
import { unreachable } from '#kernel';
import type { Pool, QueryResultRow } from '#platform/postgres';
import { hashToken } from './token.ts';

type Row = QueryResultRow;

/**
 * better-auth's models on the tables of schema `loam`. A session's token is hashed on its way in, in rows
 * and in conditions alike; a row that was found by its token is given back with the clear one.
 */
export function loamAdapter(pool: Pool) {
	return createAdapterFactory({
		config: {
			adapterId: 'loam',
			adapterName: 'Loam',
			supportsJSON: false,
			supportsNumericIds: false,
			transaction: false
		},
		adapter: () => ({
			async create<T extends Row>({ model, data }: { model: string; data: T }) {
				const names = Object.keys(data);
				const [row] = await rows(
					`INSERT INTO ${table(model)} (${names.map(quote).join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')}) RETURNING *`,
					names.map((name) => stored(model, name, data[name]))
				);
				return clear(model, row!, data['token']) as T;
			},
			async findOne<T>({ model, where }: { model: string; where: CleanedWhere[] }) {
				const condition = conditionOf(model, where);
				const [row] = await rows(`SELECT * FROM ${table(model)}${condition.sql} LIMIT 1`, condition.values);
				return row ? (clear(model, row, tokenIn(where)) as T) : null;
			},
			async findMany<T>(query: FindMany) {
				const { model, where = [], limit, offset = 0, sortBy } = query;
				const condition = conditionOf(model, where);
				const order = sortBy
					? ` ORDER BY ${quote(sortBy.field)} ${sortBy.direction === 'desc' ? 'DESC' : 'ASC'}`
					: '';
				const found = await rows(
					`SELECT * FROM ${table(model)}${condition.sql}${order} LIMIT ${Number(limit)} OFFSET ${Number(offset)}`,
					condition.values
				);
				return found.map((row) => clear(model, row, tokenIn(where))) as T[];
			},
			async update<T>({ model, where, update }: { model: string; where: CleanedWhere[]; update: T }) {
				const [row] = await change(model, where, update as Row, ' RETURNING *');
				return row ? (clear(model, row, tokenIn(where)) as T) : null;
			},
			async updateMany({ model, where, update }: { model: string; where: CleanedWhere[]; update: Row }) {
				return (await change(model, where, update, ' RETURNING id')).length;
			},
			async delete({ model, where }: { model: string; where: CleanedWhere[] }) {
				await remove(model, where);
			},
			async deleteMany({ model, where }: { model: string; where: CleanedWhere[] }) {
				return (await remove(model, where)).length;
			},
			async consumeOne<T>({ model, where }: { model: string; where: CleanedWhere[] }) {
				const condition = conditionOf(model, where);
				const [row] = await rows(
					`DELETE FROM ${table(model)} WHERE id = (SELECT id FROM ${table(model)}${condition.sql} LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *`,
					condition.values
				);
				return row ? (row as T) : null;
			},
			async count({ model, where = [] }: { model: string; where?: CleanedWhere[] | undefined }) {
				const condition = conditionOf(model, where);
				const [row] = await rows(
					`SELECT count(*)::int AS count FROM ${table(model)}${condition.sql}`,
					condition.values
				);
				return row!['count'] as number;
			}
		})
	});

	async function rows(sql: string, values: unknown[]): Promise<Row[]> {
		return (await pool.query<Row>(sql, values)).rows;
	}

	function change(model: string, where: CleanedWhere[], update: Row, returning: string): Promise<Row[]> {
		const names = Object.keys(update);
		const condition = conditionOf(model, where, names.length);
		const set = names.map((name, i) => `${quote(name)} = $${i + 1}`).join(', ');
		const values = names.map((name) => stored(model, name, update[name]));
		return rows(`UPDATE ${table(model)} SET ${set}${condition.sql}${returning}`, [
			...values,
			...condition.values
		]);
	}

	function remove(model: string, where: CleanedWhere[]): Promise<Row[]> {
		const condition = conditionOf(model, where);
		return rows(`DELETE FROM ${table(model)}${condition.sql} RETURNING id`, condition.values);
	}
}

interface FindMany {
	model: string;
	where?: CleanedWhere[] | undefined;
	limit: number;
	offset?: number | undefined;
	sortBy?: { field: string; direction: 'asc' | 'desc' } | undefined;
}

function table(model: string): string {
	return `loam.${quote(model)}`;
}

function quote(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

function isToken(model: string, field: string): boolean {
	return model === 'session' && field === 'token';
}

function stored(model: string, field: string, value: unknown): unknown {
	if (!isToken(model, field)) return value;
	return Array.isArray(value) ? value.map((token) => hashToken(String(token))) : hashToken(String(value));
}

function clear(model: string, row: Row, token: unknown): Row {
	return model === 'session' && typeof token === 'string' ? { ...row, token } : row;
}

function tokenIn(where: CleanedWhere[]): unknown {
	return where.find(({ field, operator }) => field === 'token' && operator === 'eq')?.value;
}

/** ` WHERE …`; conditions joined by AND, and those joined by OR among themselves. */
function conditionOf(model: string, where: CleanedWhere[], taken = 0): { sql: string; values: unknown[] } {
	const values: unknown[] = [];
	const all: string[] = [];
	const any: string[] = [];
	for (const clause of where) (clause.connector === 'OR' ? any : all).push(test(clause));
	if (any.length > 0) all.push(`(${any.join(' OR ')})`);
	return { sql: all.length > 0 ? ` WHERE ${all.join(' AND ')}` : '', values };

	function test({ field, operator, value, mode }: CleanedWhere): string {
		const place = () => `$${taken + values.push(stored(model, field, value))}`;
		const text = mode === 'insensitive' && typeof value === 'string';
		const column = text ? `lower(${quote(field)})` : quote(field);
		const parameter = () => (text ? `lower(${place()}::text)` : place());
		switch (operator) {
			case undefined:
			case 'eq':
				return value === null ? `${column} IS NULL` : `${column} = ${parameter()}`;
			case 'ne':
				return value === null ? `${column} IS NOT NULL` : `${column} IS DISTINCT FROM ${parameter()}`;
			case 'lt':
				return `${column} < ${parameter()}`;
			case 'lte':
				return `${column} <= ${parameter()}`;
			case 'gt':
				return `${column} > ${parameter()}`;
			case 'gte':
				return `${column} >= ${parameter()}`;
			case 'in':
				return `${column} = ANY (${place()})`;
			case 'not_in':
				return `${column} <> ALL (${place()})`;
			case 'contains':
				return `position(${parameter()} in ${column}) > 0`;
			case 'starts_with':
				return `starts_with(${column}, ${parameter()})`;
			case 'ends_with':
				return `right(${column}, length(${parameter()})) = $${taken + values.length}`;
			default:
				return unreachable(operator);
		}
	}
}
