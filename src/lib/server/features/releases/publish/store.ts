import type { ModuleFiles, ReleaseArtifact } from '#engine/module';
import type { TableSpec } from '#engine/schema';
import type { Pool, QueryResultRow } from '#platform/postgres';
import type { Candidate } from '../gate/gate.ts';
import type { Released } from '../gate/migrations.ts';

/** A release without its contents. */
export interface ReleaseSummary {
	readonly id: string;
	readonly moduleId: string;
	readonly hash: string;
	readonly version: string;
	readonly createdAt: Date;
	/** Name of the person. */
	readonly createdBy: string | undefined;
}

interface ReleaseRow extends QueryResultRow {
	id: string;
	module_id: string;
	hash: string;
	version: string;
	created_at: Date;
	created_by: string | null;
}

const selectSummary = `
	SELECT r.id, r.module_id, r.hash, r.version, r.created_at, p.name AS created_by
	  FROM loam.release r LEFT JOIN loam.person p ON p.id = r.created_by`;

function summaryOf(row: ReleaseRow): ReleaseSummary {
	return {
		id: row.id,
		moduleId: row.module_id,
		hash: row.hash,
		version: row.version,
		createdAt: row.created_at,
		createdBy: row.created_by ?? undefined
	};
}

/** Writes the release; the same files are the same release, however often. */
export async function saveRelease(
	pool: Pool,
	moduleId: string,
	candidate: Candidate,
	createdBy: string | undefined
): Promise<ReleaseSummary> {
	const { hash, manifest, files, artifact, descriptor } = candidate;
	await pool.query(
		`INSERT INTO loam.release (module_id, hash, version, files, artifact, descriptor, created_by)
		 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (module_id, hash) DO NOTHING`,
		[
			moduleId,
			hash,
			manifest.version,
			JSON.stringify(Object.fromEntries(files)),
			JSON.stringify(artifact),
			Buffer.from(descriptor),
			createdBy ?? null
		]
	);
	return (await findReleases(pool, moduleId, hash))[0]!;
}

/** Releases of a module whose hash begins so, newest first; all of them for ''. */
export async function findReleases(pool: Pool, moduleId: string, prefix = ''): Promise<ReleaseSummary[]> {
	const { rows } = await pool.query<ReleaseRow>(
		`${selectSummary} WHERE r.module_id = $1 AND starts_with(r.hash, $2) ORDER BY r.created_at DESC, r.id DESC`,
		[moduleId, prefix]
	);
	return rows.map(summaryOf);
}

/** A release with what installing it needs. */
export interface StoredRelease {
	readonly hash: string;
	readonly files: ModuleFiles;
	readonly artifact: ReleaseArtifact;
}

export async function loadStored(pool: Pool, id: string): Promise<StoredRelease> {
	const { rows } = await pool.query<{
		hash: string;
		files: Record<string, string>;
		artifact: ReleaseArtifact;
	}>('SELECT hash, files, artifact FROM loam.release WHERE id = $1', [id]);
	const { hash, files, artifact } = rows[0]!;
	return { hash, files: new Map(Object.entries(files)), artifact };
}

/** What a module's releases bind its next one to; nothing where it has none. */
export async function readReleased(pool: Pool, moduleId: string): Promise<Released> {
	const { rows } = await pool.query<{ path: string; content: string }>(
		`SELECT DISTINCT ON (file.key) file.key AS path, file.value AS content
		   FROM loam.release r CROSS JOIN LATERAL jsonb_each_text(r.files) AS file
		  WHERE r.module_id = $1 AND file.key LIKE 'migrations/%'
		  ORDER BY file.key, r.created_at`,
		[moduleId]
	);
	const newest = await pool.query<{ tables: TableSpec[]; descriptor: Buffer }>(
		`SELECT artifact->'tables' AS tables, descriptor FROM loam.release
		  WHERE module_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1`,
		[moduleId]
	);
	return {
		migrations: new Map(rows.map((row) => [row.path, row.content])),
		tables: newest.rows[0]?.tables ?? [],
		descriptor: newest.rows[0]?.descriptor
	};
}
