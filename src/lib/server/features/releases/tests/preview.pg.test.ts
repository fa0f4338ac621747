import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testReleases, type TestReleases } from '#support/releases';
import { desk, deskEdited, deskWith } from './desk.ts';

let house: TestReleases;
let module: { id: string; name: string };
beforeAll(async () => {
	house = await testReleases();
	module = await house.registry.ensureModule(house.project.id, 'desk');
});
afterAll(() => house.end());

const webId = '01930000-0000-7000-8000-000000000001';
const preview = (
	files: ReadonlyMap<string, string>,
	page = 'pages/index.page.json',
	params: Record<string, string> = {}
) => house.releases.preview({ project: house.project, module, files, page, params, principal: undefined });

describe('preview of a module that is not installed', () => {
	test('shows its demo', async () => {
		const { bindings, diagnostics, release } = await preview(deskWith());
		expect(diagnostics).toEqual([]);
		expect(release).toBeUndefined();
		expect(bindings['tickets']!.rows).toMatchObject([
			{ title: 'First', points: '3', project: 'Web' },
			{ title: 'Second', points: '0', project: 'Web' }
		]);
		expect(bindings['tickets']!.columns[0]).toMatchObject({ name: 'id', type: 'uuid', dims: 0 });
	});

	test('filters by parameters', async () => {
		const page = 'pages/projects/[id].page.json';
		expect((await preview(deskWith(), page, { id: webId })).bindings['tickets']!.rows).toHaveLength(2);
		expect(
			(await preview(deskWith(), page, { id: '01930000-0000-7000-8000-00000000000f' })).bindings['tickets']!
				.rows
		).toEqual([]);
		expect((await preview(deskWith(), page)).bindings['tickets']!.rows).toEqual([]);
	});

	test('shows a view that reads another', async () => {
		const files = deskWith();
		files.set('views/all_open.sql', files.get('views/open_tickets.sql')!);
		files.set('views/open_tickets.sql', 'SELECT * FROM all_open;');
		const { bindings, diagnostics } = await preview(files);
		expect(diagnostics).toEqual([]);
		expect(bindings['tickets']!.rows).toHaveLength(2);
	});

	test.each<[string, Map<string, string>, string]>([
		['a page that is no JSON', deskWith({ 'pages/index.page.json': '{' }), 'JSON_SYNTAX'],
		[
			'a view that is refused',
			deskWith({ 'views/open_tickets.sql': 'SELECT id FROM nothing' }),
			'VIEW_UNKNOWN_TABLE'
		],
		['a view that is not there', deskWith({ 'views/open_tickets.sql': undefined }), 'PREVIEW'],
		['a schema that is broken', deskWith({ 'schema.proto': 'message' }), 'PROTO'],
		[
			'a migration that fails',
			deskEdited('migrations/0001_init.sql', 'REFERENCES projects', 'REFERENCES nobody'),
			'MIGRATION_FAILED'
		],
		[
			'a filter that is none',
			deskEdited('pages/projects/[id].page.json', 'project_id = param', 'project = = param'),
			'PREVIEW'
		]
	])('tells %s', async (_, files, reason) => {
		const page =
			reason === 'PREVIEW' && files.has('views/open_tickets.sql')
				? 'pages/projects/[id].page.json'
				: 'pages/index.page.json';
		const { diagnostics } = await preview(files, page);
		expect(diagnostics.map((d) => d.reason)).toContain(reason);
	});

	test('knows no page that is not there', async () => {
		await expect(preview(deskWith(), 'pages/none.page.json')).rejects.toMatchObject({
			reason: 'PAGE_UNKNOWN'
		});
	});
});

describe('preview of an installed module', () => {
	beforeAll(async () => {
		expect(await house.publish('desk', deskWith(), true)).toMatchObject({ ok: true });
	});

	test('shows its rows after the draft’s own migrations, and changes nothing', async () => {
		const files = deskEdited(
			'schema.proto',
			'int32 points = 5;',
			'int32 points = 5; optional string note = 8;'
		);
		files.set(
			'migrations/0002_note.sql',
			"ALTER TABLE tickets ADD COLUMN note text;\nUPDATE tickets SET note = 'new';\n"
		);
		files.set(
			'views/open_tickets.sql',
			desk['views/open_tickets.sql']!.replace('t.points,', 't.points, t.note,')
		);
		const { bindings, diagnostics, release } = await preview(files);
		expect(diagnostics).toEqual([]);
		expect(release).toMatch(/^[0-9a-f]{12}$/);
		expect(bindings['tickets']!.rows.map((row) => row['note'])).toEqual(['new', 'new']);
		expect((await house.rowsOf(house.project, 'desk', 'open_tickets'))[0]).not.toHaveProperty('note');
	});

	test('is limited in rows', async () => {
		const files = deskEdited('pages/index.page.json', '"limit": 50', '"limit": 1');
		expect((await preview(files)).bindings['tickets']!.rows).toHaveLength(1);
	});
});

describe('draftMigration', () => {
	const draft = (files: ReadonlyMap<string, string>) =>
		house.releases.draftMigration({ project: house.project, module, files });

	test('has nothing to do where tables and schema agree', async () => {
		expect(await draft(deskWith())).toEqual({ path: '', sql: '', diagnostics: [] });
	});

	test('adds what the schema has more, under the next number, and the gate takes it', async () => {
		const files = deskEdited(
			'schema.proto',
			'int32 points = 5;',
			'int32 points = 5; repeated string labels = 9;'
		);
		files.set(
			'schema.proto',
			files.get('schema.proto')! +
				'message Note { option (loam.table) = {}; string id = 1; string ticket_id = 2 [(loam.column).references = "Ticket"]; }'
		);
		const { path, sql, diagnostics } = await draft(files);
		expect(diagnostics).toEqual([]);
		expect(path).toBe('migrations/0002_add_tickets_labels_and_create_notes.sql');
		files.set(path, sql);
		expect((await house.releases.check({ project: house.project, module, files })).diagnostics).toEqual([]);
		expect(await draft(files)).toEqual({ path: '', sql: '', diagnostics: [] });
	});

	test('drafts the first migration of a new module', async () => {
		const files = deskWith({ 'migrations/0001_init.sql': undefined });
		const fresh = await house.registry.ensureModule(house.project.id, 'desk_two');
		files.set('schema.proto', files.get('schema.proto')!.replace('package desk', 'package desk_two'));
		const { sql, diagnostics } = await house.releases.draftMigration({
			project: house.project,
			module: fresh,
			files
		});
		expect(diagnostics).toEqual([]);
		expect(sql).toContain('CREATE TABLE "projects"');
		expect(sql).toContain('CREATE TABLE "tickets"');
	});

	test('refuses to drop and rename, with what to do instead', async () => {
		const { sql, diagnostics } = await draft(
			deskEdited('schema.proto', 'int32 points = 5;', 'int32 size = 5;')
		);
		expect(sql).toBe('');
		expect(diagnostics).toMatchObject([
			{ reason: 'COLUMN_RENAMED', line: 20, hint: expect.stringContaining('Keep points = 5') }
		]);
	});
});

test('sdk gives the types of a draft, or what is wrong with its schema', async () => {
	expect((await house.releases.sdk(deskWith(), 'desk')).types).toContain("declare module 'loam'");
	expect((await house.releases.sdk(deskWith({ 'schema.proto': 'x' }), 'desk')).diagnostics[0]?.reason).toBe(
		'PROTO'
	);
});
