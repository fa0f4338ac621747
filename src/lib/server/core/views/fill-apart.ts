import pg from 'pg';
import type { Postgres } from '#platform/postgres';
import { fillStatement } from './apply-statement.ts';
import type { ViewEntry } from './catalog.ts';
import { connectMaintainer, useOrigin } from './connection.ts';

/** Up to so many bytes of sources a view is filled in the maintainer's own fence. */
const apartFrom = 16 << 20;

/** Whether filling the view would hold up the others for long. */
export async function isLarge(postgres: Postgres, { schema, spec }: ViewEntry): Promise<boolean> {
	const { rows } = await postgres.admin.query<{ bytes: string }>(
		`SELECT coalesce(sum(pg_table_size(c.oid)), 0) AS bytes
		   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		  WHERE n.nspname = $1 AND c.relname = ANY ($2)`,
		[schema, spec.sources.map(({ table }) => table)]
	);
	return Number(rows[0]!.bytes) > apartFrom;
}

/**
 * Fills a view in a session beside the maintainer's. The entry gathers what changes meanwhile, and the
 * maintainer applies that at the end: recomputing a key that the fill saw already changes nothing.
 */
export async function fillApart(postgres: Postgres, entry: ViewEntry): Promise<void> {
	const client = await connectMaintainer(postgres, 'loam view build');
	try {
		await useOrigin(client, postgres, '_build');
		const tables = entry.spec.sources.map(
			({ table }) => `${pg.escapeIdentifier(entry.schema)}.${pg.escapeIdentifier(table)}`
		);
		await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
		await client.query(
			`SET LOCAL statement_timeout = 0; LOCK TABLE ${tables.join(', ')} IN ACCESS SHARE MODE`
		);
		const { text, values } = fillStatement(entry, 'all');
		await client.query(text, [...values]);
		await client.query('COMMIT');
	} finally {
		await client.end();
	}
}
