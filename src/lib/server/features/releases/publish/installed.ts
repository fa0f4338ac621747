import type { Pool, QueryResultRow } from '#platform/postgres';

/** A module in a project, served or uninstalled. */
export interface Installed {
	readonly id: string;
	readonly moduleId: string;
	readonly module: string;
	readonly title: string;
	readonly version: string;
	readonly hash: string;
	readonly shipped: boolean;
	readonly active: boolean;
}

/** What a project has installed, by name; not what never had a release in place. */
export async function listInstalled(pool: Pool, projectId: string): Promise<Installed[]> {
	const { rows } = await pool.query<Installed & QueryResultRow>(
		`SELECT i.id, i.module_id AS "moduleId", i.name AS module, r.artifact->'manifest'->>'title' AS title,
		        r.version, r.hash, m.project_id IS NULL AS shipped, i.active
		   FROM loam.installation i
		   JOIN loam.release r ON r.id = i.release_id
		   JOIN loam.module m ON m.id = i.module_id
		  WHERE i.project_id = $1 ORDER BY i.name`,
		[projectId]
	);
	return rows;
}
