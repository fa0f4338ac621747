import type { Logger } from '#kernel';
import type { Postgres, QueryResultRow } from '#platform/postgres';
import type { Catalog, ViewEntry } from './catalog.ts';
import type { Queryable } from './load-catalog.ts';

interface FunctionRow extends QueryResultRow {
	readonly id: number;
	readonly trusted: boolean;
}

/**
 * Those of the views whose function may not be called: it has to run as the installation's own role, with a
 * search path that nobody else decides (rule 30). Anything else would be a tenant's code that the maintainer
 * evaluates with its own rights.
 */
async function findUntrusted(
	client: Queryable,
	{ instance }: Postgres,
	entries: readonly ViewEntry[]
): Promise<ViewEntry[]> {
	const { rows } = await client.query<FunctionRow>(
		`SELECT v.id, coalesce(bool_and(p.prosecdef AND r.rolname = v.owner AND p.proconfig @> ARRAY['search_path=""']), false) AS trusted
		   FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[]) AS v (id, schema, name, owner)
		   LEFT JOIN pg_namespace n ON n.nspname = v.schema
		   LEFT JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = v.name
		   LEFT JOIN pg_roles r ON r.oid = p.proowner
		  GROUP BY v.id`,
		[
			entries.map(({ id }) => id),
			entries.map(({ stateSchema }) => stateSchema),
			entries.map(({ spec }) => `${spec.kind === 'through' ? 't' : 'm'}_${spec.hash}`),
			entries.map(({ schema }) => `loam_${instance.id}_${schema}_owner`)
		]
	);
	const untrusted = new Set(rows.filter(({ trusted }) => !trusted).map(({ id }) => id));
	return entries.filter(({ id }) => untrusted.has(id));
}

/** Marks the views failed whose functions are not the platform's own any more. Returns the others. */
export async function refuseUntrusted(
	client: Queryable,
	postgres: Postgres,
	catalog: Catalog,
	entries: readonly ViewEntry[],
	log: Logger
): Promise<ViewEntry[]> {
	const untrusted = await findUntrusted(client, postgres, entries);
	const error = 'its function is not as it was made; publish the module again';
	if (untrusted.length > 0) {
		log.error('functions of views are not as they were made: they are not called', {
			views: untrusted.map(({ id, spec }) => ({ id, view: spec.name }))
		});
		const ids = untrusted.map(({ id }) => id);
		await client.query(`UPDATE loam.view SET state = 'failed', error = $2 WHERE id = ANY ($1)`, [ids, error]);
		catalog.record({ ready: [], renewed: [], failed: untrusted.map((entry) => ({ entry, error })) });
	}
	return entries.filter((entry) => !untrusted.includes(entry));
}
