import type { Pool, PoolClient, QueryResultRow } from '#platform/postgres';
import type { Module, ModuleListing } from './types.ts';

interface ModuleRow extends QueryResultRow {
	id: string;
	name: string;
	project_id: string | null;
	draft_id?: string | null;
}

function moduleOf(row: ModuleRow): Module {
	return { id: row.id, name: row.name, projectId: row.project_id ?? undefined };
}

/** The project's own module of a name, or else the shipped one. */
export async function findModule(
	pool: Pool | PoolClient,
	projectId: string,
	name: string
): Promise<Module | undefined> {
	const { rows } = await pool.query<ModuleRow>(
		`SELECT id, name, project_id FROM loam.module
		  WHERE name = $2 AND (project_id = $1 OR project_id IS NULL)
		  ORDER BY project_id NULLS LAST LIMIT 1`,
		[projectId, name]
	);
	return rows[0] && moduleOf(rows[0]);
}

/** Makes the module where it is not there yet. `projectId` undefined: shipped. */
export async function ensureModule(
	pool: Pool | PoolClient,
	projectId: string | undefined,
	name: string
): Promise<Module> {
	const { rows } = await pool.query<ModuleRow>(
		`INSERT INTO loam.module (project_id, name) VALUES ($1, $2)
		 ON CONFLICT (project_id, name) DO UPDATE SET name = excluded.name
		 RETURNING id, name, project_id`,
		[projectId ?? null, name]
	);
	return moduleOf(rows[0]!);
}

/** The project's own modules and the shipped ones, by name. */
export async function listModules(pool: Pool, projectId: string): Promise<ModuleListing[]> {
	const { rows } = await pool.query<ModuleRow>(
		`SELECT m.id, m.name, m.project_id, d.id AS draft_id
		   FROM loam.module m LEFT JOIN loam.draft d ON d.module_id = m.id
		  WHERE m.project_id = $1 OR m.project_id IS NULL
		  ORDER BY m.name, m.project_id NULLS LAST`,
		[projectId]
	);
	return rows.map((row) => ({ ...moduleOf(row), draftId: row.draft_id ?? undefined }));
}
