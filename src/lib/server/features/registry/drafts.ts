import { checkFiles, fileLimits, type ModuleFiles } from '#engine/module';
import type { Pool, PoolClient, QueryResultRow } from '#platform/postgres';
import { transaction } from '#platform/postgres';
import { errors } from './errors.ts';
import type { Draft, DraftFiles, FileChanges } from './types.ts';

interface DraftRow extends QueryResultRow {
	id: string;
	project_id: string;
	revision: string;
	module_id: string;
	module_name: string;
	module_project_id: string | null;
}

const selectDraft = `
	SELECT d.id, d.project_id, d.revision, d.module_id, m.name AS module_name, m.project_id AS module_project_id
	  FROM loam.draft d JOIN loam.module m ON m.id = d.module_id`;

function draftOf(row: DraftRow): Draft {
	return {
		id: row.id,
		projectId: row.project_id,
		revision: BigInt(row.revision),
		module: { id: row.module_id, name: row.module_name, projectId: row.module_project_id ?? undefined }
	};
}

/** Throws DRAFT_UNKNOWN. */
export async function findDraft(pool: Pool | PoolClient, id: string): Promise<Draft> {
	return draftOf(await draftRow(pool, id, ''));
}

async function draftRow(
	pool: Pool | PoolClient,
	id: string,
	lock: '' | 'FOR UPDATE OF d'
): Promise<DraftRow> {
	const { rows } = await pool.query<DraftRow>(`${selectDraft} WHERE d.id = $1 ${lock}`, [id]);
	if (rows[0]) return rows[0];
	throw errors.DRAFT_UNKNOWN('There is no such draft. Open the module in the builder again.', { draft: id });
}

/** The draft of a module, made of `files` where there is none yet. */
export async function openDraft(
	pool: Pool,
	module: { readonly id: string; readonly projectId: string },
	files: ModuleFiles,
	createdBy: string | undefined
): Promise<{ draft: Draft; created: boolean }> {
	return transaction(pool, async (client) => {
		const inserted = await client.query<{ id: string }>(
			`INSERT INTO loam.draft (module_id, project_id, created_by) VALUES ($1, $2, $3)
			 ON CONFLICT (module_id) DO NOTHING RETURNING id`,
			[module.id, module.projectId, createdBy ?? null]
		);
		const created = inserted.rows[0];
		if (created) await writeFiles(client, created.id, 1n, files);
		const { rows } = await client.query<DraftRow>(`${selectDraft} WHERE d.module_id = $1`, [module.id]);
		return { draft: draftOf(rows[0]!), created: created !== undefined };
	});
}

/** One consistent state of the draft. Throws DRAFT_UNKNOWN. */
export async function readDraft(pool: Pool, id: string): Promise<DraftFiles> {
	return transaction(
		pool,
		(client) => readLocked(client, id),
		'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
	);
}

async function readLocked(client: PoolClient, id: string): Promise<DraftFiles> {
	const draft = await findDraft(client, id);
	return { ...draft, files: await readFiles(client, id) };
}

async function readFiles(client: PoolClient, id: string): Promise<ModuleFiles> {
	const { rows } = await client.query<{ path: string; content: string }>(
		'SELECT path, content FROM loam.draft_file WHERE draft_id = $1 ORDER BY path',
		[id]
	);
	return new Map(rows.map((row) => [row.path, row.content]));
}

/**
 * Writes and deletes files in one step and gives the new revision. Throws DRAFT_STALE with the current
 * revision and files in `meta` where the draft is newer than `baseRevision`, so that the later of two
 * people loses nothing; FILES_REFUSED for paths and sizes that no module can have.
 */
export async function changeFiles(
	pool: Pool,
	id: string,
	baseRevision: bigint,
	changes: FileChanges
): Promise<bigint> {
	refuseBadFiles(changes.files);
	return transaction(pool, async (client) => {
		const draft = draftOf(await draftRow(client, id, 'FOR UPDATE OF d'));
		if (draft.revision !== baseRevision) throw await stale(client, draft);
		const revision = draft.revision + 1n;
		await client.query('DELETE FROM loam.draft_file WHERE draft_id = $1 AND path = ANY ($2)', [
			id,
			changes.delete
		]);
		await writeFiles(client, id, revision, changes.files);
		await refuseTooMuch(client, id);
		await client.query('UPDATE loam.draft SET revision = $2, updated_at = now() WHERE id = $1', [
			id,
			revision.toString()
		]);
		return revision;
	});
}

async function stale(client: PoolClient, draft: Draft): Promise<Error> {
	const files = await readFiles(client, draft.id);
	return errors.DRAFT_STALE(
		'Somebody else has saved this draft meanwhile. Look at the newer files and save again.',
		{
			draft: draft.id,
			revision: draft.revision.toString(),
			files: Object.fromEntries(files)
		}
	);
}

async function writeFiles(
	client: PoolClient,
	id: string,
	revision: bigint,
	files: ModuleFiles
): Promise<void> {
	await client.query(
		`INSERT INTO loam.draft_file (draft_id, path, content, revision)
		 SELECT $1, path, content, $2 FROM unnest($3::text[], $4::text[]) AS file (path, content)
		 ON CONFLICT (draft_id, path) DO UPDATE SET content = excluded.content, revision = excluded.revision`,
		[id, revision.toString(), [...files.keys()], [...files.values()]]
	);
}

/** Of what was sent, only paths and sizes: a draft may be as wrong inside as its author leaves it. */
function refuseBadFiles(files: ModuleFiles): void {
	const problem = checkFiles(files).find((found) => found.reason !== 'FILE_MISSING');
	if (problem) {
		throw errors.FILES_REFUSED(`${problem.message} ${problem.hint ?? ''}`.trim(), {
			file: problem.file,
			reason: problem.reason
		});
	}
}

async function refuseTooMuch(client: PoolClient, id: string): Promise<void> {
	const { rows } = await client.query<{ count: number; bytes: number }>(
		`SELECT count(*)::int AS count, coalesce(sum(octet_length(content)), 0)::int AS bytes
		   FROM loam.draft_file WHERE draft_id = $1`,
		[id]
	);
	const { count, bytes } = rows[0]!;
	if (count <= fileLimits.files && bytes <= fileLimits.totalBytes) return;
	throw errors.FILES_REFUSED(
		`A module has at most ${fileLimits.files} files and ${fileLimits.totalBytes} bytes; this would be ${count} and ${bytes}.`,
		{ files: count, bytes }
	);
}
