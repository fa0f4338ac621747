import { renderSql, type Measure, type Sizes } from '#engine/view';
import type { Client } from '#platform/postgres';
import { isPostgresError } from '../database/run-migrations.ts';

/** Tables that are no larger in sum are counted: of so few rows there are often no statistics yet. */
const countedBytes = 2 ** 20;
const countedMs = 200;

/**
 * How many rows each measure has: of little data counted, otherwise as Postgres's planner expects by its
 * statistics. Of what the tables in place do not have yet (a column of the draft) nothing is known.
 */
export async function readSizes(client: Client, schema: string, measures: Iterable<Measure>): Promise<Sizes> {
	const sizes = new Map<string, number>();
	await client.query('BEGIN READ ONLY');
	try {
		const isSmall = (await bytesOf(client, schema)) <= countedBytes;
		await client.query(`SET LOCAL statement_timeout = ${isSmall ? countedMs : 2_000}`);
		for (const { key, sql } of measures) {
			if (sizes.has(key)) continue;
			const text = renderSql(sql, { data: schema });
			const rows = (isSmall ? await counted(client, text) : undefined) ?? (await expected(client, text));
			if (rows !== undefined) sizes.set(key, rows);
		}
	} finally {
		await client.query('ROLLBACK');
	}
	return sizes;
}

async function bytesOf(client: Client, schema: string): Promise<number> {
	const { rows } = await client.query<{ bytes: number }>(
		`SELECT coalesce(sum(pg_relation_size(c.oid)), 0)::float8 AS bytes FROM pg_class c
		  WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r'`,
		[schema]
	);
	return rows[0]!.bytes;
}

function counted(client: Client, sql: string): Promise<number | undefined> {
	return tried(client, async () => {
		const { rows } = await client.query<{ n: number }>(
			`SELECT count(*)::float8 AS n FROM (${sql}) AS measured`
		);
		return rows[0]!.n;
	});
}

function expected(client: Client, sql: string): Promise<number | undefined> {
	return tried(client, async () => {
		const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
			`EXPLAIN (FORMAT JSON) ${sql}`
		);
		return rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'];
	});
}

/** Undefined where Postgres refuses it, or takes too long. */
async function tried<T>(client: Client, work: () => Promise<T>): Promise<T | undefined> {
	await client.query('SAVEPOINT measure');
	try {
		return await work();
	} catch (error) {
		if (!isPostgresError(error)) throw error;
		await client.query('ROLLBACK TO SAVEPOINT measure');
		return undefined;
	}
}
