import type { Logger } from '#kernel';
import type { Client } from '#platform/postgres';
import { tableId } from '#core/cdc';
import type { Catalog } from './catalog.ts';

/** Marks the views failed whose tables are gone or can't be locked. Returns those tables. */
export async function failViewsOfMissingTables(
	client: Client,
	catalog: Catalog,
	tables: ReadonlySet<string>,
	log: Logger
): Promise<string[]> {
	const { rows } = await client.query<{ id: string }>(
		`SELECT t.id FROM unnest($1::text[]) AS t (id)
		   LEFT JOIN pg_namespace n ON n.nspname = split_part(t.id, '.', 1)
		   LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = substr(t.id, length(n.nspname) + 2)
		  WHERE c.oid IS NULL OR NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT')`,
		[[...tables]]
	);
	const gone = new Set(rows.map(({ id }) => id));
	const failed = Array.from(catalog.entries)
		.filter(({ state }) => state !== 'failed')
		.filter(({ schema, spec }) => spec.sources.some(({ table }) => gone.has(tableId(schema, table))))
		.map((entry) => ({ entry, error: 'a table that it reads is gone' }));
	for (const { entry, error } of failed) {
		await client.query(`UPDATE loam.view SET state = 'failed', error = $2 WHERE id = $1`, [entry.id, error]);
		log.error('a view lost a table that it reads', { view: entry.spec.name, id: entry.id });
	}
	catalog.record({ ready: [], renewed: [], failed });
	return [...gone];
}
