import { toSql, type Filter, type FilterEnv, type SqlText } from '#engine/filter';
import type { Client } from '#platform/postgres';
import type { OrderTerm, TextRow } from '#engine/shape';
import { asFieldError } from './resolve.ts';
import type { ResolvedShape } from './types.ts';

export interface Statement {
	readonly text: string;
	readonly values: (string | null)[];
}

/** A filter with the values of its open places; `field` is the parameter that it came in. */
export interface AskedFilter {
	readonly filter: Filter;
	readonly env: FilterEnv;
	readonly field?: string;
}

/** SELECT of the shape's rows, or of those that also pass `asked`: the key first, then the shown columns. */
export function selectShape(shape: ResolvedShape, tail = '', asked?: AskedFilter): Statement {
	const { view, filters, env } = shape;
	const read = view.spec.program.read
		.replaceAll('{data}', quote(view.schema))
		.replaceAll('{state}', quote(view.stateSchema));
	// The key gets a name that no column has: a view may have a column called "key".
	const names = [rowKeyName, ...view.spec.columns.map((column) => column.name)].map(quote).join(', ');
	const columns = [rowKeyName, ...shape.columns].map((name) => `v.${quote(name)}`).join(', ');
	const own = filters.map((filter): AskedFilter => ({ filter, env }));
	const where = conditions(asked ? [...own, asked] : own);
	return {
		text: `SELECT ${columns} FROM (${read}) AS v (${names}) WHERE ${where.text} ${tail}`,
		values: where.values
	};
}

/**
 * All these filters, each asked only of rows that pass those before it, where it may fail: its failure
 * would tell of a row that the reader may not see.
 */
function conditions(asked: readonly AskedFilter[]): Statement {
	const values: (string | null)[] = [];
	const parts: string[] = [];
	for (const { filter, env, field } of asked) {
		const sql = sqlOf(filter, env, values.length + 1, field);
		values.push(...sql.values);
		const isGuarded = sql.mayFail && parts.length > 0;
		parts.push(isGuarded ? `CASE WHEN ${parts.join(' AND ')} THEN ${sql.text} ELSE FALSE END` : sql.text);
	}
	return { text: parts.join(' AND ') || 'TRUE', values };
}

function sqlOf(filter: Filter, env: FilterEnv, first: number, field = 'params'): SqlText {
	try {
		return toSql(filter, env, { alias: 'v', first });
	} catch (error) {
		throw asFieldError(error, field);
	}
}

/** ORDER BY of these terms, then of the key, so that equal rows stand in one order on every page. */
export function orderBy(order: readonly OrderTerm[]): string {
	const terms = order.map(({ column, descending, nullsFirst, collation }) => {
		const collate = collation === undefined ? '' : ` COLLATE ${quote(collation)}`;
		return `v.${quote(column)}${collate} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
	});
	return `ORDER BY ${[...terms, `v.${quote(rowKeyName)} COLLATE "C"`].join(', ')}`;
}

export const rowKeyName = 'loam row key';

export function quote(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

/** Values as Postgres prints them, whatever their type. */
const asText = { getTypeParser: () => (text: string) => text };

/** Rows as arrays of text, in the order of the columns. */
export async function queryText(client: Client, { text, values }: Statement): Promise<(string | null)[][]> {
	const result = await client.query({ text, values, rowMode: 'array', types: asText as never });
	return result.rows as (string | null)[][];
}

export function rowOf(columns: readonly string[], values: readonly (string | null)[]): TextRow {
	const row: Record<string, string | null> = {};
	// The first value is the key.
	for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i + 1]!;
	return row;
}
