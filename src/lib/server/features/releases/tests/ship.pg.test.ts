import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger, silentLogger, type LogRecord } from '#kernel';
import { createRegistry } from '#features/registry';
import { testReleases, type TestReleases } from '#support/releases';
import { createReleases } from '../index.ts';
import { deskEdited, deskWith } from './desk.ts';

let house: TestReleases;
beforeAll(async () => {
	house = await testReleases();
});
afterAll(() => house.end());

/** A start of the house with these modules beside the program. */
async function start(files: ReadonlyMap<string, string>): Promise<LogRecord[]> {
	const logged: LogRecord[] = [];
	const registry = createRegistry({ pool: house.db.app, shipped: new Map([['desk', files]]) });
	const releases = await createReleases({
		postgres: house.db,
		tenancy: house.tenancy,
		views: house.views,
		registry,
		log: createLogger((record) => logged.push(record))
	});
	await releases.ship();
	await releases.end();
	return logged;
}

const outcomes = (logged: readonly LogRecord[]) =>
	logged.map((record) => record.fields['outcome'] ?? record.message);
const live = async (project = house.project) =>
	(await house.tenancy.installation(project.id, 'desk'))?.release;

describe('modules that come with Loam', () => {
	test('are installed in the first project at the first start', async () => {
		expect(outcomes(await start(deskWith()))).toEqual(['installed']);
		expect((await live())?.artifact.manifest.version).toBe('1.0.0');
	});

	test('are left alone at the next', async () => {
		const before = await live();
		expect(outcomes(await start(deskWith()))).toEqual(['unchanged']);
		expect((await live())?.id).toBe(before?.id);
	});

	test('are brought up wherever they are served when they changed', async () => {
		const other = await house.tenancy.createProject('home', 'other', 'Other');
		const module = (await house.registry.findModule(other.id, 'desk'))!;
		expect(module.projectId).toBeUndefined();
		await house.releases.install({ project: other, module, release: '', demo: false });
		expect(outcomes(await start(deskEdited('module.json', '1.0.0', '1.1.0')))).toEqual(['installed']);
		expect((await live())?.artifact.manifest.version).toBe('1.1.0');
		expect((await live(other))?.artifact.manifest.version).toBe('1.1.0');
	});

	test('that are broken are logged, and what runs stays', async () => {
		const before = await live();
		const logged = await start(deskEdited('module.json', '1.0.0', 'new'));
		expect(outcomes(logged)).toEqual(['a shipped module did not pass the gate', 'refused']);
		expect((await live())?.id).toBe(before?.id);
	});

	test('stay uninstalled where somebody uninstalled them', async () => {
		await house.releases.uninstall(house.project, 'desk');
		await start(deskEdited('module.json', '1.0.0', '1.2.0'));
		expect(await live()).toBeUndefined();
	});
});

test('what a crash in the middle of a check left is dropped at the next start', async () => {
	const old = (Date.now() - 3_600_000).toString(36).padStart(8, '0');
	const fresh = Date.now().toString(36).padStart(8, '0');
	const names = [`s${old}_00000000`, `s${fresh}_00000000`];
	for (const name of names) {
		await house.db.admin.query(
			`CREATE SCHEMA ${name}; CREATE ROLE loam_${house.db.instance.id}_${name} NOLOGIN`
		);
	}
	await createReleases({ ...house, postgres: house.db, log: silentLogger }).then((releases) =>
		releases.end()
	);
	const { rows } = await house.db.app.query<{ name: string }>(
		`SELECT nspname AS name FROM pg_namespace WHERE nspname = ANY ($1)
		 UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $2`,
		[names, `loam_${house.db.instance.id}_s${old}%`]
	);
	expect(rows).toEqual([{ name: names[1] }]);
});
