import pg from 'pg';
import { assert } from '#kernel';
import type { ViewSource } from '#engine/view';
import type { Client, Pool } from '#platform/postgres';
import type { KeyTuple } from '#core/cdc';
import type { ViewEntry } from './catalog.ts';
import type { BuildProgress } from './types.ts';

/** Where filling by ranges stands: in the order of that table's primary key, after a key or at the beginning. */
export interface Place {
	readonly table: string;
	readonly after: KeyTuple | null;
}

const quote = pg.escapeIdentifier;

export function sourceOf({ spec }: ViewEntry, table: string): ViewSource {
	const source = spec.sources.find((one) => one.table === table);
	assert(source, `the view reads the table that it is filled by: ${table}`);
	return source;
}

/** The next keys of the table, as text, by its primary key's index. */
export async function readRange(
	client: Client,
	{ schema }: ViewEntry,
	{ table, key }: ViewSource,
	{ after }: Place,
	limit: number
): Promise<KeyTuple[]> {
	const columns = key.map(quote);
	const beyond =
		after === null ? '' : `WHERE (${columns.join(', ')}) > (${after.map((_, i) => `$${i + 2}`).join(', ')})`;
	const { rows } = await client.query<{ key: string[] }>(
		`SELECT ARRAY[${columns.map((column) => `${column}::text`).join(', ')}] AS key
		   FROM ${quote(schema)}.${quote(table)} ${beyond} ORDER BY ${columns.join(', ')} LIMIT $1`,
		[limit, ...(after ?? [])]
	);
	return rows.map((row) => row.key);
}

/** Rows of the tables, as Postgres's planner believes. */
export async function estimateRows(
	pool: Pool,
	{ schema }: ViewEntry,
	tables: readonly string[]
): Promise<number> {
	const estimates = tables.map(async (table) => {
		const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
			`EXPLAIN (FORMAT JSON) SELECT FROM ${quote(schema)}.${quote(table)}`
		);
		return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'];
	});
	return (await Promise.all(estimates)).reduce((sum, rows) => sum + rows, 0);
}

/** Of all views that are being filled now. */
export async function readBuilds(pool: Pool): Promise<BuildProgress[]> {
	const { rows } = await pool.query<BuildProgress>(
		`SELECT v.id AS view, v.installation_id AS installation, v.spec->>'name' AS name, b.phase,
		        b.rows_done::float8 AS "rowsDone", b.rows_estimated::float8 AS "rowsEstimated", b.renew,
		        b.started_at AS "startedAt", b.updated_at AS "updatedAt"
		   FROM loam.view_build b JOIN loam.view v ON v.id = b.view_id ORDER BY b.started_at, v.id`
	);
	return rows;
}
