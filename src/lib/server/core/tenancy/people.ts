import pg from 'pg';
import type { PoolClient } from '#platform/postgres';
import { errors } from './errors.ts';
import type { Place } from './types.ts';

/**
 * Who belongs to a project: whoever has a grant in it, its organization's admins, and the sys-admins.
 * $1 is the project.
 */
const membersOfProject = `
	SELECT DISTINCT p.id, p.name, p.image AS picture
	  FROM loam.role_grant g
	  JOIN loam.person p ON p.id = g.principal_id
	 WHERE g.project_id = $1
	    OR g.role = 'sys-admin'
	    OR g.organization_id = (SELECT organization_id FROM loam.project WHERE id = $1) AND g.role = 'org-admin'`;

/**
 * Brings the table of people of each place in line with its project's members. Writes only rows that
 * differ: each one written is a change that flows to the views. `client` is `admin`, in a transaction.
 */
export async function syncPeopleOf(client: PoolClient, places: readonly Place[]): Promise<void> {
	for (const place of places) {
		const table = `${pg.escapeIdentifier(place.schema)}.people`;
		await assertOurs(client, table);
		await client.query(
			`WITH member AS (${membersOfProject}),
			      gone AS (DELETE FROM ${table} t WHERE NOT EXISTS (SELECT FROM member m WHERE m.id = t.id))
			 INSERT INTO ${table} AS t (id, name, picture)
			 SELECT id, name, picture FROM member
			 ON CONFLICT (id) DO UPDATE SET name = excluded.name, picture = excluded.picture
			 WHERE (t.name, t.picture) IS DISTINCT FROM (excluded.name, excluded.picture)`,
			[place.project.id]
		);
	}
}

/**
 * A table that a tenant made under this name could carry a trigger, which `admin` must never run (rule
 * 30 of the data rules): written to is only a table that `admin` owns.
 */
async function assertOurs(client: PoolClient, table: string): Promise<void> {
	const { rows } = await client.query<{ ours: boolean }>(
		'SELECT relowner = current_user::regrole AS ours FROM pg_class WHERE oid = $1::regclass',
		[table]
	);
	if (!rows[0]?.ours)
		throw errors.PEOPLE_TABLE_FOREIGN(`The table ${table} is not the platform's own.`, { table });
}
