import { transaction, type Pool, type Postgres, type QueryResultRow } from '#platform/postgres';
import { errors } from './errors.ts';
import { placeOf } from './place.ts';
import { findProjectById } from './projects.ts';
import { announce } from './changes.ts';
import type { Installation, InstallationChange, LiveRelease, Place } from './types.ts';

interface InstallationRow extends QueryResultRow {
	id: string;
	number: number;
	module: string;
	project_id: string;
	release_id: string | null;
	previous_release_id: string | null;
}

const selectInstallations = `
	SELECT id, number, name AS module, project_id, release_id, previous_release_id FROM loam.installation`;

/** Installations that serve: active, with a release. By name. */
export async function findInstallations(
	postgres: Postgres,
	projectId: string,
	release: (id: string) => Promise<LiveRelease>
): Promise<Installation[]> {
	const project = await findProjectById(postgres.app, projectId);
	if (!project) return [];
	const { rows } = await postgres.app.query<InstallationRow>(
		`${selectInstallations} WHERE project_id = $1 AND active AND release_id IS NOT NULL ORDER BY name`,
		[projectId]
	);
	return Promise.all(
		rows.map(async (row) => ({
			...placeOf(postgres.instance, row, project),
			release: await release(row.release_id!),
			previous: row.previous_release_id === null ? undefined : await release(row.previous_release_id)
		}))
	);
}

/** Every place of a project (of all, without one), served or not. */
export async function findPlaces(postgres: Postgres, projectId?: string): Promise<Place[]> {
	const { rows } = await postgres.app.query<InstallationRow>(
		`${selectInstallations} WHERE $1::uuid IS NULL OR project_id = $1 ORDER BY number`,
		[projectId ?? null]
	);
	const places: Place[] = [];
	for (const row of rows) {
		const project = await findProjectById(postgres.app, row.project_id);
		if (project) places.push(placeOf(postgres.instance, row, project));
	}
	return places;
}

export async function loadRelease(pool: Pool, id: string): Promise<LiveRelease> {
	const { rows } = await pool.query<{ hash: string; artifact: LiveRelease['artifact']; descriptor: Buffer }>(
		'SELECT hash, artifact, descriptor FROM loam.release WHERE id = $1',
		[id]
	);
	const row = rows[0];
	if (!row) throw errors.INSTALLATION_UNKNOWN('The release is not there any more.', { release: id });
	return {
		id,
		hash: row.hash,
		shortHash: row.hash.slice(0, 12),
		artifact: row.artifact,
		descriptor: row.descriptor
	};
}

/**
 * Puts a release in place, in one transaction; the one before stays answered as N-1. Flipping to the
 * release that is there changes nothing. Throws INSTALLATION_UNKNOWN.
 */
export async function flip(
	postgres: Postgres,
	origin: string,
	installationId: string,
	releaseId: string
): Promise<InstallationChange> {
	return write(
		postgres,
		origin,
		`UPDATE loam.installation
		    SET previous_release_id = CASE WHEN release_id = $2 THEN previous_release_id ELSE release_id END,
		        release_id = $2, active = true, updated_at = now()
		  WHERE id = $1
		  RETURNING id, name AS module, project_id, release_id`,
		[installationId, releaseId]
	);
}

/** Stops serving; the data stays. Throws INSTALLATION_UNKNOWN. */
export async function deactivate(
	postgres: Postgres,
	origin: string,
	installationId: string
): Promise<InstallationChange> {
	return write(
		postgres,
		origin,
		`UPDATE loam.installation SET active = false, updated_at = now() WHERE id = $1
		 RETURNING id, name AS module, project_id, NULL AS release_id`,
		[installationId]
	);
}

async function write(
	postgres: Postgres,
	origin: string,
	statement: string,
	values: readonly string[]
): Promise<InstallationChange> {
	return transaction(postgres.app, async (client) => {
		const { rows } = await client.query<InstallationRow>(statement, [...values]);
		const row = rows[0];
		if (!row)
			throw errors.INSTALLATION_UNKNOWN('There is no such installation.', { installation: values[0] });
		const change = {
			installationId: row.id,
			projectId: row.project_id,
			module: row.module,
			releaseId: row.release_id ?? undefined
		};
		await announce(client, origin, change);
		return change;
	});
}
