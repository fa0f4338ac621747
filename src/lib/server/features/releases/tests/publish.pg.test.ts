import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { createTenancy, type Project, type Tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from '#core/views';
import { createRegistry, type Registry } from '#features/registry';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createReleases, type Releases } from '../index.ts';
import { desk, deskEdited, deskWith } from './desk.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let views: RunningViews;
let registry: Registry;
let releases: Releases;
let project: Project;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	views = await createViews({ postgres: db, log: silentLogger, asOwner: tenancy.asOwner });
	registry = createRegistry({ pool: db.app, shipped: new Map() });
	releases = await createReleases({ postgres: db, tenancy, views, registry, log: silentLogger });
	project = (await tenancy.project('home', 'main'))!;
});
afterAll(async () => {
	await releases.end();
	await views.stop();
	await tenancy.end();
	await db.drop();
});

async function publish(files: ReadonlyMap<string, string>, demo = false) {
	const module = await registry.ensureModule(project.id, 'desk');
	return releases.publish({ project, module, files, createdBy: undefined, demo });
}

async function rowsOf(view: string) {
	const installation = (await tenancy.installation(project.id, 'desk'))!;
	const spec = installation.release.artifact.views.find((one) => one.name === view)!;
	const live = views.find(installation, spec.hash)!;
	return views.snapshot(live, async (client) => {
		const read = spec.program.read
			.replaceAll('{data}', `"${installation.schema}"`)
			.replaceAll('{state}', `"${installation.stateSchema}"`);
		return (await client.query<Record<string, unknown>>(read)).rows;
	});
}

describe('publish', () => {
	test('brings tables, views and the release in place', async () => {
		const result = await publish(deskWith(), true);
		console.log(result.steps);
		expect(result.diagnostics).toEqual([]);
		expect(result.ok).toBe(true);
		const installation = (await tenancy.installation(project.id, 'desk'))!;
		expect(installation.release.hash).toBe(result.release!.hash);
		expect(await rowsOf('open_tickets')).toHaveLength(2);
		expect(await rowsOf('points')).toMatchObject([{ name: 'Web', tickets: '2', points: '3' }]);
	});

	test('the same files are the same release', async () => {
		const before = (await tenancy.installation(project.id, 'desk'))!.release;
		const again = await publish(deskWith());
		expect(again.ok).toBe(true);
		expect(again.release!.id).toBe(before.id);
		expect(await releases.releases(again.release!.moduleId)).toHaveLength(1);
	});

	test('a second release adds a column and keeps the rows and the release before', async () => {
		const first = (await tenancy.installation(project.id, 'desk'))!.release;
		const files = deskEdited(
			'schema.proto',
			'int32 points = 5;',
			'int32 points = 5; optional string note = 8;'
		);
		files.set('migrations/0002_note.sql', 'ALTER TABLE tickets ADD COLUMN note text;\n');
		files.set(
			'views/open_tickets.sql',
			desk['views/open_tickets.sql']!.replace('t.points,', 't.points, t.note,')
		);
		const result = await publish(files);
		expect(result.diagnostics).toEqual([]);
		const installation = (await tenancy.installation(project.id, 'desk'))!;
		expect(installation.release.hash).toBe(result.release!.hash);
		expect(installation.previous?.hash).toBe(first.hash);
		const rows = await rowsOf('open_tickets');
		expect(rows).toHaveLength(2);
		expect(rows[0]).toHaveProperty('note', null);
	});
});
