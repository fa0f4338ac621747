import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger, uuidv7 } from '#kernel';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createTenancy, type InstallationChange, type Place, type Project, type Tenancy } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let main: Project;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	main = (await tenancy.project('home', 'main'))!;
});
afterAll(async () => {
	await tenancy.end();
	await db.drop();
});

async function provisioned(name: string): Promise<Place> {
	const { rows } = await db.app.query<{ id: string }>(
		'INSERT INTO loam.module (project_id, name) VALUES ($1, $2) RETURNING id',
		[main.id, name]
	);
	return tenancy.provision(main.id, rows[0]!.id, name);
}

async function released(place: Place, hash: string): Promise<string> {
	const { rows } = await db.app.query<{ id: string }>(
		`INSERT INTO loam.release (module_id, hash, version, files, artifact, descriptor)
		 SELECT module_id, $2, '1.0.0', '{}', '{"format": 1}', '' FROM loam.installation WHERE id = $1 RETURNING id`,
		[place.id, hash]
	);
	return rows[0]!.id;
}

async function person(name: string, role: string, projectId: string | null): Promise<string> {
	const id = uuidv7();
	await db.app.query('INSERT INTO loam.person (id, name, email) VALUES ($1, $2, $3)', [
		id,
		name,
		`${id}@example.org`
	]);
	await db.app.query('INSERT INTO loam.role_grant (principal_id, role, project_id) VALUES ($1, $2, $3)', [
		id,
		role,
		projectId
	]);
	return id;
}

describe('projects', () => {
	test('begin with main in home, also when two nodes start', async () => {
		const other = await createTenancy({ postgres: db, log: silentLogger });
		expect(await other.projects()).toMatchObject([{ path: 'home/main', name: 'Main' }]);
		await other.end();
	});

	test('are made once, under a plain name, in an organization that exists', async () => {
		expect(await tenancy.createProject('home', 'shop', 'Shop')).toMatchObject({ path: 'home/shop' });
		await expect(tenancy.createProject('home', 'shop', 'Shop')).rejects.toMatchObject({
			reason: 'PROJECT_EXISTS'
		});
		await expect(tenancy.createProject('home', 'A b', 'X')).rejects.toMatchObject({
			reason: 'PROJECT_SLUG_INVALID'
		});
		await expect(tenancy.createProject('away', 'x', 'X')).rejects.toMatchObject({
			reason: 'ORGANIZATION_UNKNOWN'
		});
	});
});

describe('provision', () => {
	test('is idempotent and leaves no login of Loam able to act as a tenant', async () => {
		const first = await provisioned('desk');
		const { rows } = await db.app.query<{ module_id: string }>(
			'SELECT module_id FROM loam.installation WHERE id = $1',
			[first.id]
		);
		expect(await tenancy.provision(main.id, rows[0]!.module_id, 'desk')).toEqual(first);
		const memberships = await db.admin.query(
			`SELECT m.member::regrole::text, m.inherit_option, m.set_option FROM pg_auth_members m
			  WHERE m.roleid IN ($1::regrole, $2::regrole) AND (m.inherit_option OR m.set_option)`,
			[first.ownerRole, first.runRole]
		);
		expect(memberships.rows).toEqual([]);
		for (const pool of [db.admin, db.app]) {
			await expect(pool.query(`SET ROLE ${first.ownerRole}`)).rejects.toThrow(/permission denied/);
			await expect(pool.query(`SET ROLE ${first.runRole}`)).rejects.toThrow(/permission denied/);
		}
	});

	test('survives ten at once', async () => {
		const places = await Promise.all(Array.from({ length: 10 }, (_, i) => provisioned(`many_${i}`)));
		expect(new Set(places.map((place) => place.schema)).size).toBe(10);
	});

	test("keeps the project's members in `people`", async () => {
		const ann = await person('Ann', 'project-user', main.id);
		const place = await provisioned('crm');
		const people = async () =>
			(
				await db.app.query<{ name: string }>(`SELECT name FROM ${place.schema}.people ORDER BY name`)
			).rows.map((r) => r.name);
		expect(await people()).toEqual(['Ann']);
		await person('Root', 'sys-admin', null);
		await person('Zoe', 'crm:agent', main.id);
		await tenancy.syncPeople(main.id);
		expect(await people()).toEqual(['Ann', 'Root', 'Zoe']);
		await db.app.query('DELETE FROM loam.role_grant WHERE principal_id = $1', [ann]);
		await db.app.query(`UPDATE loam.person SET name = 'Zora' WHERE name = 'Zoe'`);
		await tenancy.syncAllPeople();
		expect(await people()).toEqual(['Root', 'Zora']);
	});
});

describe('asOwner', () => {
	test("works in the installation's schemas and nowhere else", async () => {
		const place = await provisioned('stock');
		await tenancy.asOwner(place, async (client) => {
			await client.query('CREATE TABLE item (id uuid PRIMARY KEY, name text)');
			await client.query(`CREATE TABLE ${place.stateSchema}.state (id uuid PRIMARY KEY)`);
			await expect(client.query('CREATE TABLE public.x ()')).rejects.toThrow(/permission denied/);
			await expect(client.query('SELECT 1 FROM loam.person')).rejects.toThrow(/permission denied/);
			await expect(client.query(`SET ROLE ${db.instance.logins.admin}`)).rejects.toThrow(/permission denied/);
			await expect(client.query('DROP TABLE people')).rejects.toThrow(/must be owner/);
		});
		expect((await db.app.query(`SELECT id, name FROM ${place.schema}.item`)).rows).toEqual([]);
		await expect(
			db.app.query(`INSERT INTO ${place.schema}.item (id) VALUES ('${uuidv7()}')`)
		).rejects.toThrow(/permission denied/);
	});

	test('leaves no password behind, and two at once both work', async () => {
		const place = await provisioned('twice');
		const names = await Promise.all(
			[1, 2, 3].map(() =>
				tenancy.asOwner(
					place,
					async (client) =>
						(await client.query<{ name: string }>('SELECT current_user AS name')).rows[0]!.name
				)
			)
		);
		expect(names).toEqual([place.ownerRole, place.ownerRole, place.ownerRole]);
		const superuser = await db.connect(db.superuserUrl);
		const { rows } = await superuser.query(
			'SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = $1',
			[place.ownerRole]
		);
		await superuser.end();
		expect(rows).toEqual([{ rolcanlogin: false, rolpassword: null }]);
	});
});

describe('flip', () => {
	test('is answered by every node at once, N-1 with it', async () => {
		const place = await provisioned('flipped');
		const other = await createTenancy({ postgres: db, log: silentLogger });
		expect(await other.installation(main.id, 'flipped')).toBeUndefined();
		const seen: InstallationChange[] = [];
		const heard = new Promise<void>((resolve) => {
			other.onChange((change) => {
				seen.push(change);
				if (seen.length === 3) resolve();
			});
		});
		const [one, two] = [await released(place, 'a'.repeat(64)), await released(place, 'b'.repeat(64))];
		await tenancy.flip(place.id, one);
		expect(await tenancy.installation(main.id, 'flipped')).toMatchObject({
			...place,
			release: { id: one },
			previous: undefined
		});
		await tenancy.flip(place.id, two);
		expect(await tenancy.installation(main.id, 'flipped')).toMatchObject({
			release: { id: two },
			previous: { id: one }
		});
		await tenancy.deactivate(place.id);
		expect(await tenancy.installation(main.id, 'flipped')).toBeUndefined();
		await heard;
		expect(seen.map((change) => change.releaseId)).toEqual([one, two, undefined]);
		await tenancy.flip(place.id, two);
		await expect
			.poll(() => other.installation(main.id, 'flipped'))
			.toMatchObject({ release: { id: two, shortHash: 'b'.repeat(12) } });
		await other.end();
	});

	test('refuses an installation that is not there', async () => {
		await expect(tenancy.flip(uuidv7(), uuidv7())).rejects.toMatchObject({ reason: 'INSTALLATION_UNKNOWN' });
	});
});
