import { silentLogger } from '#kernel';
import type { Postgres } from '#platform/postgres';
import { createTenancy, type Place, type Tenancy } from '#core/tenancy';

/** An installation of a module that has no files: a place with tables, as its owner made them. */
export async function makePlace(
	db: Postgres,
	tenancy: Tenancy,
	name: string,
	...statements: string[]
): Promise<Place> {
	const project = (await tenancy.projects())[0]!;
	const { rows } = await db.app.query<{ id: string }>(
		'INSERT INTO loam.module (project_id, name) VALUES ($1, $2) RETURNING id',
		[project.id, name]
	);
	const place = await tenancy.provision(project.id, rows[0]!.id, name);
	await tenancy.asOwner(place, async (owner) => {
		for (const statement of statements) await owner.query(statement);
	});
	return place;
}

export function testTenancy(db: Postgres): Promise<Tenancy> {
	return createTenancy({ postgres: db, log: silentLogger });
}
