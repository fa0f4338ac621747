import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testReleases, type TestReleases } from '#support/releases';
import { createReleases } from '../index.ts';
import { silentLogger } from '#kernel';
import { desk, deskEdited, deskWith } from './desk.ts';

let house: TestReleases;
beforeAll(async () => {
	house = await testReleases();
});
afterAll(() => house.end());

const publish = (files: ReadonlyMap<string, string>, demo = false) => house.publish('desk', files, demo);
const rowsOf = (view: string) => house.rowsOf(house.project, 'desk', view);
const live = async () => (await house.tenancy.installation(house.project.id, 'desk'))!;

/** The module with a column more, and the migration that adds it. */
function withColumn(name: string, number: number, migration: string): Map<string, string> {
	const files = deskEdited(
		'schema.proto',
		'int32 points = 5;',
		`int32 points = 5; optional string ${name} = ${number};`
	);
	files.set(migration, `ALTER TABLE tickets ADD COLUMN ${name} text;\n`);
	files.set(
		'views/open_tickets.sql',
		desk['views/open_tickets.sql']!.replace('t.points,', `t.points, t.${name},`)
	);
	return files;
}

const noted = () => withColumn('note', 8, 'migrations/0002_note.sql');

describe('publish', () => {
	test('brings tables, views and the release in place', async () => {
		const result = await publish(deskWith(), true);
		expect(result.diagnostics).toEqual([]);
		expect(result.ok).toBe(true);
		expect(result.steps.slice(-5).map((step) => step.step)).toEqual([
			'release',
			'migrate',
			'demo',
			'build',
			'live'
		]);
		expect((await live()).release.hash).toBe(result.release!.hash);
		expect(await rowsOf('open_tickets')).toHaveLength(2);
		expect(await rowsOf('points')).toMatchObject([{ name: 'Web', tickets: '2', points: '3' }]);
	});

	test('the same files are the same release', async () => {
		const before = (await live()).release;
		const again = await publish(deskWith());
		expect(again).toMatchObject({ ok: true, release: { id: before.id } });
		expect(await house.releases.releases(again.release!.moduleId)).toHaveLength(1);
	});

	test('what fails leaves the running release as it is', async () => {
		const before = (await live()).release;
		const files = noted();
		files.set('logic/close_ticket.ts', 'nonsense');
		const result = await publish(files);
		expect(result.ok).toBe(false);
		expect(result.release).toBeUndefined();
		expect(result.steps.filter((step) => step.skipped).map((step) => step.step)).toEqual([
			'release',
			'migrate',
			'build',
			'live'
		]);
		expect((await live()).release.id).toBe(before.id);
		expect(await columns()).not.toContain('note');
	});

	test('what fits no rows that are there is found before anything changes', async () => {
		const before = (await live()).release;
		const files = deskWith({
			'seeds/demo.json': undefined,
			'migrations/0002_unique.sql': 'ALTER TABLE tickets ADD CONSTRAINT one_each UNIQUE (project_id);'
		});
		const result = await publish(files);
		expect(result.steps.find((step) => !step.ok)?.step).toBe('data');
		expect(result.diagnostics).toMatchObject([
			{ file: 'migrations/0002_unique.sql', reason: 'MIGRATION_DATA' }
		]);
		expect((await live()).release.id).toBe(before.id);
		expect(await house.releases.releases(result.release?.moduleId ?? (await moduleId()))).toHaveLength(1);
	});
});

async function columns(): Promise<string[]> {
	const { rows } = await house.db.app.query<{ name: string }>(
		`SELECT attname AS name FROM pg_attribute WHERE attrelid = ($1 || '.tickets')::regclass AND attnum > 0`,
		[(await live()).schema]
	);
	return rows.map((row) => row.name);
}

async function moduleId(): Promise<string> {
	return (await house.registry.findModule(house.project.id, 'desk'))!.id;
}

describe('a crash', () => {
	/** The same house with one part that breaks. */
	async function breaking(part: 'ensure' | 'flip') {
		const crash = () => Promise.reject(new Error('crash'));
		const views = { ...house.views, ...(part === 'ensure' ? { ensure: crash } : {}) };
		const tenancy = { ...house.tenancy, ...(part === 'flip' ? { flip: crash } : {}) };
		const releases = await createReleases({
			postgres: house.db,
			tenancy,
			views,
			registry: house.registry,
			log: silentLogger
		});
		const module = { id: await moduleId(), name: 'desk' };
		await expect(
			releases.publish({ project: house.project, module, files: noted(), createdBy: undefined })
		).rejects.toThrow('crash');
		await releases.end();
	}

	test.each(['ensure', 'flip'] as const)('at %s leaves the release before live', async (part) => {
		const before = (await live()).release;
		await breaking(part);
		expect((await live()).release.id).toBe(before.id);
		expect(await rowsOf('open_tickets')).toHaveLength(2);
	});

	test('a migration that has run by then can not change any more', async () => {
		const files = noted();
		files.set('migrations/0002_note.sql', 'ALTER TABLE tickets ADD COLUMN note text; -- other\n');
		const { diagnostics } = await publish(files);
		expect(diagnostics).toContainEqual(
			expect.objectContaining({ reason: 'MIGRATION_RELEASED', file: 'migrations/0002_note.sql' })
		);
	});

	test('a repeat continues, and keeps the rows and the release before', async () => {
		const first = (await live()).release;
		const result = await publish(noted());
		expect(result.diagnostics).toEqual([]);
		expect((await live()).release.hash).toBe(result.release!.hash);
		expect((await live()).previous?.hash).toBe(first.hash);
		const rows = await rowsOf('open_tickets');
		expect(rows).toHaveLength(2);
		expect(rows[0]).toHaveProperty('note', null);
	});

	test('in the middle of a migration changes nothing', async () => {
		const before = (await live()).release;
		const files = noted();
		files.set(
			'schema.proto',
			files.get('schema.proto')!.replace('string note = 8;', 'string note = 8; optional string more = 9;')
		);
		files.set('migrations/0003_more.sql', 'ALTER TABLE tickets ADD COLUMN more text;');
		const release = await holdTable();
		const publishing = publish(files).catch((error: Error) => error);
		await killOwner();
		expect(await publishing).toBeInstanceOf(Error);
		await release();
		expect((await live()).release.id).toBe(before.id);
		expect(await columns()).not.toContain('more');
		expect(await publish(files)).toMatchObject({ ok: true });
		expect(await columns()).toContain('more');
	});

	/** Somebody who reads the table in a transaction that does not end. */
	async function holdTable(): Promise<() => Promise<void>> {
		const holder = await house.db.connect(house.db.superuserUrl);
		await holder.query(`BEGIN; LOCK TABLE ${(await live()).schema}.tickets IN ACCESS SHARE MODE`);
		return async () => {
			await holder.query('COMMIT');
			await holder.end();
		};
	}

	/** Ends the connection of the owner that waits for the table. */
	async function killOwner(): Promise<void> {
		const superuser = await house.db.connect(house.db.superuserUrl);
		for (let attempt = 0; attempt < 500; attempt++) {
			const { rowCount } = await superuser.query(
				`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				  WHERE usename = $1 AND wait_event_type = 'Lock' AND datname = current_database()`,
				[(await live()).ownerRole]
			);
			if (rowCount) break;
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		await superuser.end();
	}

	test('a table in use is waited for, in short tries', async () => {
		const files = noted();
		files.set(
			'schema.proto',
			files
				.get('schema.proto')!
				.replace('string note = 8;', 'string note = 8; optional string more = 9; optional string last = 10;')
		);
		files.set('migrations/0003_more.sql', 'ALTER TABLE tickets ADD COLUMN more text;');
		files.set('migrations/0004_last.sql', 'ALTER TABLE tickets ADD COLUMN last text;');
		const release = await holdTable();
		const publishing = publish(files);
		await new Promise((resolve) => setTimeout(resolve, 2000));
		await release();
		expect(await publishing).toMatchObject({ ok: true, diagnostics: [] });
	});
});

describe('two at once', () => {
	const other = async () => (await house.registry.ensureModule(house.project.id, 'pair')).id;
	const files = (version: string) =>
		new Map(
			[...deskWith({ 'seeds/demo.json': undefined })].map(([path, text]) => [
				path,
				text
					.replace('"name": "desk"', '"name": "pair"')
					.replace('package desk', 'package pair')
					.replace('1.0.0', version)
			])
		);

	test('both go through, one after the other; one of the two is live, the other before it', async () => {
		const [a, b] = await Promise.all([
			house.publish('pair', files('1.0.0')),
			house.publish('pair', files('1.0.1'))
		]);
		expect(a.diagnostics).toEqual([]);
		expect([a.ok, b.ok]).toEqual([true, true]);
		const installation = (await house.tenancy.installation(house.project.id, 'pair'))!;
		expect([installation.release.hash, installation.previous?.hash].sort()).toEqual(
			[a.release!.hash, b.release!.hash].sort()
		);
	});

	test('the same twice is one release', async () => {
		const results = await Promise.all([
			house.publish('pair', files('2.0.0')),
			house.publish('pair', files('2.0.0'))
		]);
		expect(results[0]!.release!.id).toBe(results[1]!.release!.id);
		expect(await house.releases.releases(await other())).toHaveLength(3);
	});

	test('of two that add a migration of one number, the later is told', async () => {
		const adding = (column: string) => {
			const result = files('3.0.0');
			result.set('migrations/0002_next.sql', `ALTER TABLE tickets ADD COLUMN ${column} text;`);
			result.set(
				'schema.proto',
				result
					.get('schema.proto')!
					.replace('int32 points = 5;', `int32 points = 5; optional string ${column} = 9;`)
			);
			return result;
		};
		const results = await Promise.all([
			house.publish('pair', adding('port')),
			house.publish('pair', adding('starboard'))
		]);
		expect(results.map((result) => result.ok).sort()).toEqual([false, true]);
		const refused = results.find((result) => !result.ok)!;
		expect(refused.diagnostics).toContainEqual(
			expect.objectContaining({ file: 'migrations/0002_next.sql', reason: 'MIGRATION_RELEASED' })
		);
	});
});

describe('install and uninstall', () => {
	const install = (project: typeof house.project, release = '', demo = false) =>
		moduleId().then((id) => house.releases.install({ project, module: { id, name: 'desk' }, release, demo }));

	test('another project takes a release, with its demo', async () => {
		const project = await house.tenancy.createProject('home', 'second', 'Second');
		const result = await install(project, '', true);
		expect(result).toMatchObject({ ok: true, diagnostics: [] });
		expect(await house.rowsOf(project, 'desk', 'open_tickets')).toHaveLength(2);
	});

	test('a demo is not loaded over rows that are there', async () => {
		const project = (await house.tenancy.project('home', 'second'))!;
		expect(await install(project, '', true)).toMatchObject({ ok: true });
		expect(await house.rowsOf(project, 'desk', 'open_tickets')).toHaveLength(2);
	});

	test('an earlier release comes back over tables that have more', async () => {
		const all = await house.releases.releases(await moduleId());
		const first = all.at(-1)!;
		expect(await install(house.project, first.hash.slice(0, 12))).toMatchObject({
			ok: true,
			diagnostics: []
		});
		expect((await live()).release.id).toBe(first.id);
		expect((await rowsOf('open_tickets'))[0]).not.toHaveProperty('note');
	});

	test('uninstalling stops serving and keeps the data', async () => {
		await house.releases.uninstall(house.project, 'desk');
		expect(await house.tenancy.installation(house.project.id, 'desk')).toBeUndefined();
		await expect(house.releases.uninstall(house.project, 'desk')).rejects.toMatchObject({
			reason: 'MODULE_NOT_INSTALLED'
		});
		expect(await install(house.project)).toMatchObject({ ok: true });
		expect(await rowsOf('open_tickets')).toHaveLength(2);
	});

	test.each([
		['ffffffff', 'RELEASE_UNKNOWN'],
		['', 'RELEASE_UNKNOWN']
	])('knows no release "%s" of a module without any', async (release, reason) => {
		const { id } = await house.registry.ensureModule(house.project.id, 'empty_one');
		await expect(
			house.releases.install({
				project: house.project,
				module: { id, name: 'empty_one' },
				release,
				demo: false
			})
		).rejects.toMatchObject({ code: 'not_found', reason });
	});
});
