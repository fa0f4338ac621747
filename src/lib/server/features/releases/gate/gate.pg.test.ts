import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { createTenancy, type Project, type Tenancy } from '#core/tenancy';
import { fromTemplate } from '#features/registry';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createReport } from '../report.ts';
import { desk, deskEdited, deskWith } from '../tests/desk.ts';
import { createTypeChecker, type TypeChecker } from '../types/checker.ts';
import { runGate } from './gate.ts';
import type { Released } from './migrations.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let types: TypeChecker;
let project: Project;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	types = createTypeChecker();
	project = (await tenancy.project('home', 'main'))!;
});
afterAll(async () => {
	await types.end();
	await tenancy.end();
	await db.drop();
});

const nothing: Released = { migrations: new Map(), tables: [], descriptor: undefined };

async function gate(files: ReadonlyMap<string, string>, module = 'desk', released = nothing) {
	const report = createReport();
	const candidate = await runGate(
		{ postgres: db, tenancy, types },
		{ project, module, files, released },
		report
	);
	return { candidate, ...report.finish() };
}

describe('what passes', () => {
	test.each(['empty', 'starter'] as const)('the template %s', async (template) => {
		const { candidate, diagnostics } = await gate(fromTemplate(template, 'notes'), 'notes');
		expect(diagnostics).toEqual([]);
		expect(candidate?.hash).toMatch(/^[0-9a-f]{64}$/);
	});

	test('a module that uses everything, and what is derived from it', async () => {
		const { candidate, diagnostics } = await gate(deskWith());
		expect(diagnostics).toEqual([]);
		const artifact = candidate!.artifact;
		expect(artifact.views.map((view) => [view.name, view.kind, view.implicit])).toEqual([
			['projects', 'through', true],
			['tickets', 'through', true],
			['people', 'through', true],
			['open_tickets', 'maintained', false],
			['points', 'maintained', false]
		]);
		expect(
			artifact.methods.filter((method) => method.run.kind === 'handler').map((method) => method.name)
		).toEqual(['CloseTicket']);
		const run: { __handlers?: Record<string, unknown> } = {};
		runInNewContext(artifact.bundle, run);
		expect(Object.keys(run.__handlers!)).toEqual(['logic/close_ticket.ts']);
		expect(artifact.bundle).toMatch(/\/\/# sourceMappingURL=data:application\/json;base64,/);
	});

	test('a view over time, which reads the clock; and now() is told to', async () => {
		const late = `SELECT id, title FROM tickets WHERE opened_at < (SELECT at FROM clock WHERE every = 'hour') - interval '1 day'`;
		const { candidate } = await gate(deskWith({ 'views/late.sql': late }));
		expect(candidate!.artifact.views.find((view) => view.name === 'late')?.kind).toBe('maintained');
		const refused = await gate(deskWith({ 'views/late.sql': late.replace(/\(SELECT at.*?\)/, 'now()') }));
		expect(refused.diagnostics.filter(({ severity }) => severity === 'error')).toMatchObject([
			{ reason: 'VIEW_CLOCK', hint: expect.stringContaining('(SELECT at FROM clock WHERE every =') as string }
		]);
	});

	test('views that read views, whose stages come with them', async () => {
		const { candidate, diagnostics } = await gate(
			deskWith({
				'views/busy.sql': 'WITH p AS (SELECT * FROM points) SELECT o.id, o.title FROM open_tickets o, p;',
				'views/calm.sql': 'SELECT title FROM busy -- all of it'
			})
		);
		expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
		const { views } = candidate!.artifact;
		const hashes = new Map(views.map((view) => [view.hash, view.name]));
		const stages = views.find(({ name }) => name === 'calm')!.stages!;
		expect(stages.map(({ hash, hidden }) => hashes.get(hash) ?? hidden)).toContain('busy');
		expect(stages.map(({ hash, hidden }) => hashes.get(hash) ?? hidden)).toContain(true);
	});

	test('a join without an index, with a warning', async () => {
		const { ok, diagnostics } = await gate(
			deskEdited('migrations/0001_init.sql', 'CREATE INDEX tickets_project ON tickets (project_id);', '')
		);
		expect(ok).toBe(true);
		expect(diagnostics.map((d) => [d.severity, d.file, d.reason])).toEqual([
			['warning', 'views/open_tickets.sql', 'VIEW_NO_INDEX'],
			['warning', 'views/points.sql', 'VIEW_NO_INDEX']
		]);
	});

	test('a page of what nobody may read or call, with warnings at its places', async () => {
		const { ok, diagnostics } = await gate(
			deskEdited('pages/index.page.json', '"open_tickets"', '"points"').set(
				'module.json',
				desk['module.json']!.replace('"CloseTicket": [', '"GetTicket": [').replace(/,\s*"points": \[\]/, '')
			)
		);
		expect(ok).toBe(false);
		expect(
			diagnostics.filter((d) => d.severity === 'warning').map((d) => [d.file, d.line, d.reason])
		).toEqual([
			['pages/index.page.json', 5, 'NOT_SHARED'],
			['pages/index.page.json', 31, 'NOT_SHARED']
		]);
	});

	test('a view that nobody but admins reads, with a warning that shares it; not one that is meant so', async () => {
		const { ok, diagnostics } = await gate(deskWith({ 'views/all.sql': 'SELECT id, title FROM tickets' }));
		expect(ok).toBe(true);
		expect(
			diagnostics.map(({ severity, file, line, reason, fix }) => ({ severity, file, line, reason, fix }))
		).toEqual([
			{
				severity: 'warning',
				file: 'views/all.sql',
				line: 1,
				reason: 'NOT_SHARED',
				fix: { kind: 'share', list: 'views', name: 'all' }
			}
		]);
	});

	test('nothing of a rehearsal stays', async () => {
		await gate(deskWith());
		const { rows } = await db.app.query(
			`SELECT nspname FROM pg_namespace WHERE nspname ~ '^s[0-9a-z]{8}_' UNION ALL
			 SELECT rolname FROM pg_roles WHERE rolname ~ $1`,
			[`^loam_${db.instance.id}_s`]
		);
		expect(rows).toEqual([]);
	});

	test('a small module takes less than five seconds', async () => {
		const begin = performance.now();
		await gate(deskEdited('logic/close_ticket.ts', 'closed: true', 'closed: 1 > 0'));
		expect(performance.now() - begin).toBeLessThan(5000);
	});
});

/** Files, and where what is wrong with them is told: file, line, reason. */
type Broken = readonly [what: string, files: Map<string, string>, file: string, line: number, reason: string];

const edit = deskEdited;
const add = (path: string, text: string) => deskWith({ [path]: text });
const without = (path: string) => deskWith({ [path]: undefined });
const card = (body: unknown, data: unknown = {}) =>
	add(
		'pages/more.page.json',
		JSON.stringify({ title: 'More', data, card: { type: 'AdaptiveCard', version: '1.5', body } }, null, 1)
	);

/** A page with one element and a button that closes a ticket. */
const form = (element: object, action: object = {}) =>
	card([
		element,
		{
			type: 'ActionSet',
			actions: [{ type: 'Action.Execute', title: 'Close', verb: 'CloseTicket', ...action }]
		}
	]);

const broken: readonly Broken[] = [
	['no manifest', without('module.json'), 'module.json', 1, 'FILE_MISSING'],
	[
		'a manifest that is no JSON',
		edit('module.json', '"version"', 'version'),
		'module.json',
		3,
		'JSON_SYNTAX'
	],
	[
		'an unknown key',
		edit('module.json', '"title": "Desk"', '"titel": "Desk"'),
		'module.json',
		4,
		'JSON_UNKNOWN_KEY'
	],
	['the name of another module', edit('module.json', '"desk"', '"disk"'), 'module.json', 1, 'MANIFEST_NAME'],
	[
		'access to no view',
		edit('module.json', '"open_tickets": [', '"opened": ['),
		'module.json',
		12,
		'VIEW_UNKNOWN'
	],
	[
		'access to no command',
		edit('module.json', '"CloseTicket"', '"CloseTickets"'),
		'module.json',
		33,
		'COMMAND_UNKNOWN'
	],
	[
		'a restricted column that is not there',
		edit('module.json', '"points": [', '"point": ['),
		'module.json',
		25,
		'COLUMN_UNKNOWN'
	],
	[
		'a filter over no column',
		edit('module.json', 'assignee_id = principal', 'assignee = principal'),
		'module.json',
		21,
		'FILTER_INVALID'
	],
	[
		'a role that is not there',
		edit('module.json', '"project-user"\n', '"project-users"\n'),
		'module.json',
		13,
		'ROLE_UNKNOWN'
	],
	[
		'a page that is not there',
		edit('module.json', '"page": "index"', '"page": "nowhere"'),
		'module.json',
		49,
		'PAGE_UNKNOWN'
	],
	['no schema', without('schema.proto'), 'schema.proto', 1, 'FILE_MISSING'],
	[
		'a schema that is no proto',
		edit('schema.proto', 'string name = 2', 'strin name = 2'),
		'schema.proto',
		10,
		'PROTO'
	],
	[
		'a field number twice',
		edit('schema.proto', 'int32 points = 5', 'int32 points = 4'),
		'schema.proto',
		20,
		'PROTO'
	],
	[
		'an import that is not there',
		edit('schema.proto', 'loam/options.proto', 'loam/optionen.proto'),
		'schema.proto',
		4,
		'PROTO'
	],
	['another package', edit('schema.proto', 'package desk', 'package disk'), 'schema.proto', 2, 'PACKAGE'],
	[
		'a reference to nothing',
		edit('schema.proto', '"Project"]', '"Projekt"]'),
		'schema.proto',
		17,
		'COLUMN_REFERENCES'
	],
	[
		'a column without a migration',
		edit('schema.proto', 'int32 points = 5;', 'int32 points = 5; int32 size = 8;'),
		'schema.proto',
		20,
		'COLUMN_MISSING'
	],
	[
		'a column that the schema has not',
		edit('migrations/0001_init.sql', 'points integer', 'size integer,\n\tpoints integer'),
		'schema.proto',
		13,
		'COLUMN_UNKNOWN'
	],
	[
		'a column of another type',
		edit('migrations/0001_init.sql', 'points integer', 'points bigint'),
		'schema.proto',
		20,
		'COLUMN_TYPE'
	],
	[
		'other values than the enum',
		edit('migrations/0001_init.sql', "'DONE')", "'CLOSED')"),
		'schema.proto',
		19,
		'COLUMN_VALUES'
	],
	[
		'no foreign key',
		edit('migrations/0001_init.sql', ' REFERENCES projects', ''),
		'schema.proto',
		17,
		'COLUMN_REFERENCES'
	],
	[
		'SQL that is none',
		edit('migrations/0001_init.sql', 'CREATE TABLE tickets', 'CREATE TABEL tickets'),
		'migrations/0001_init.sql',
		5,
		'SQL_SYNTAX'
	],
	[
		'a function',
		add(
			'migrations/0002_more.sql',
			'SELECT 1;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;'
		),
		'migrations/0002_more.sql',
		1,
		'MIGRATION_NOT_ALLOWED'
	],
	[
		'a dropped column',
		add('migrations/0002_more.sql', '\nALTER TABLE tickets DROP COLUMN points;'),
		'migrations/0002_more.sql',
		2,
		'MIGRATION_NOT_ALLOWED'
	],
	[
		'a table twice',
		add('migrations/0002_more.sql', '\n\nCREATE TABLE tickets (id uuid PRIMARY KEY);'),
		'migrations/0002_more.sql',
		1,
		'MIGRATION_FAILED'
	],
	[
		'a column that a migration does not know',
		add('migrations/0002_more.sql', 'UPDATE tickets\nSET nonsense = 1;'),
		'migrations/0002_more.sql',
		2,
		'MIGRATION_FAILED'
	],
	[
		'two migrations of one number',
		add('migrations/0001_other.sql', ''),
		'migrations/0001_other.sql',
		1,
		'MIGRATION_NUMBER'
	],
	[
		'a view that is no SQL',
		add('views/bad.sql', 'SELECT id\nFORM tickets'),
		'views/bad.sql',
		2,
		'SQL_SYNTAX'
	],
	[
		'a view over no table',
		add('views/bad.sql', 'SELECT id\nFROM nothing'),
		'views/bad.sql',
		2,
		'VIEW_UNKNOWN_TABLE'
	],
	[
		'a view over no column',
		add('views/bad.sql', 'SELECT id,\n  nothing\nFROM tickets'),
		'views/bad.sql',
		2,
		'VIEW_UNKNOWN_COLUMN'
	],
	[
		'a view with types that do not fit',
		add('views/bad.sql', 'SELECT id,\n  points || opened_at AS x\nFROM tickets'),
		'views/bad.sql',
		2,
		'VIEW_REFUSED'
	],
	[
		'a view with types that do not fit those of another',
		add('views/bad.sql', 'SELECT o.id,\n  o.points - o.title AS x\nFROM open_tickets o'),
		'views/bad.sql',
		2,
		'VIEW_REFUSED'
	],
	[
		'a view that is not kept yet',
		add('views/bad.sql', 'SELECT id FROM ONLY\ntickets'),
		'views/bad.sql',
		2,
		'VIEW_NOT_YET'
	],
	[
		'a view with the name of a table',
		add('views/tickets.sql', 'SELECT id FROM tickets'),
		'views/tickets.sql',
		1,
		'VIEW_NAME'
	],
	['a command without a handler', without('logic/close_ticket.ts'), 'schema.proto', 29, 'HANDLER_MISSING'],
	[
		'a handler without a command',
		add('logic/open_ticket.ts', 'export default async () => ({});'),
		'logic/open_ticket.ts',
		1,
		'HANDLER_UNKNOWN'
	],
	[
		'a type error',
		edit('logic/close_ticket.ts', 'closed: true', "closed: 'yes'"),
		'logic/close_ticket.ts',
		9,
		'TS2322'
	],
	[
		'a column that is not there',
		edit('logic/close_ticket.ts', "{ status: 'DONE' }", "{ state: 'DONE' }"),
		'logic/close_ticket.ts',
		8,
		'TS2353'
	],
	[
		'a value that the enum has not',
		edit('logic/close_ticket.ts', "'DONE'", "'CLOSED'"),
		'logic/close_ticket.ts',
		8,
		'TS2322'
	],
	[
		'a handler that does not parse',
		edit('logic/close_ticket.ts', 'if (!isOpen', 'if !isOpen'),
		'logic/close_ticket.ts',
		7,
		'TS1005'
	],
	[
		'no default export',
		edit('logic/close_ticket.ts', 'export default ', 'export '),
		'logic/close_ticket.ts',
		1,
		'TS1192'
	],
	[
		'a handler of another shape',
		edit('logic/close_ticket.ts', 'request: CloseTicketRequest', 'request: { other: number }'),
		'logic/close_ticket.ts',
		4,
		'TS2322'
	],
	[
		'Node',
		edit('logic/shared/status.ts', 'import type', "import fs from 'node:fs';\nimport type"),
		'logic/shared/status.ts',
		1,
		'TS2591'
	],
	[
		'the DOM',
		edit('logic/shared/status.ts', "ticket.status === 'OPEN'", "document.title === ''"),
		'logic/shared/status.ts',
		4,
		'TS2584'
	],
	[
		'a file that is not there',
		edit('logic/close_ticket.ts', './shared/status.ts', './shared/state.ts'),
		'logic/close_ticket.ts',
		2,
		'TS2307'
	],
	[
		'a page that is no JSON',
		add('pages/more.page.json', '{\n"title": "A",\n}'),
		'pages/more.page.json',
		3,
		'JSON_SYNTAX'
	],
	[
		'a page without a card',
		add('pages/more.page.json', '{"title": "A"}'),
		'pages/more.page.json',
		1,
		'JSON_MISSING_KEY'
	],
	[
		'an element that is not there',
		card([{ type: 'TextBlok', text: '' }]),
		'pages/more.page.json',
		9,
		'CARD_UNKNOWN_ELEMENT'
	],
	[
		'a binding to no view',
		card([], { rows: { view: 'nothing' } }),
		'pages/more.page.json',
		5,
		'VIEW_UNKNOWN'
	],
	[
		'an order by no column',
		card([], { rows: { view: 'points', order: ['size desc'] } }),
		'pages/more.page.json',
		7,
		'COLUMN_UNKNOWN'
	],
	[
		'a filter that is none',
		card([], { rows: { view: 'points', where: 'points >' } }),
		'pages/more.page.json',
		6,
		'FILTER_INVALID'
	],
	[
		'an expression over no column',
		card([{ type: 'Container', $data: '${rows}', items: [{ type: 'TextBlock', text: '${sise}' }] }], {
			rows: { view: 'points' }
		}),
		'pages/more.page.json',
		18,
		'CARD_UNKNOWN_NAME'
	],
	[
		'a verb that is not there',
		card([{ type: 'ActionSet', actions: [{ type: 'Action.Execute', title: 'A', verb: 'CloseTickets' }] }]),
		'pages/more.page.json',
		14,
		'COMMAND_UNKNOWN'
	],
	[
		'an input that the request has not',
		form({ type: 'Input.Text', id: 'ids' }),
		'pages/more.page.json',
		10,
		'REQUEST_FIELD_UNKNOWN'
	],
	[
		'an input in a part of the card, which an action around it sends',
		form({ type: 'Container', $data: [1], items: [{ type: 'Input.Text', id: 'ids' }] }),
		'pages/more.page.json',
		16,
		'REQUEST_FIELD_UNKNOWN'
	],
	[
		'data that the request has not',
		form({ type: 'TextBlock', text: 'A' }, { data: { ids: '1' } }),
		'pages/more.page.json',
		20,
		'REQUEST_FIELD_UNKNOWN'
	],
	[
		'a number for a text',
		form({ type: 'Input.Number', id: 'id' }),
		'pages/more.page.json',
		10,
		'REQUEST_FIELD_KIND'
	],
	[
		'two pages of one address',
		add('pages/projects/[key].page.json', desk['pages/projects/[id].page.json']!),
		'pages/projects/[key].page.json',
		1,
		'ROUTE_TWICE'
	],
	[
		'a locale with other things than texts',
		add('locales/de.json', '{\n"a": 1}'),
		'locales/de.json',
		2,
		'JSON_TYPE'
	],
	['seeds of no table', add('seeds/demo.json', '{\n"nothing": []}'), 'seeds/demo.json', 2, 'TABLE_UNKNOWN'],
	[
		'seeds of no column',
		add('seeds/demo.json', '{"projects": [\n{"name": "A", "size": 1}]}'),
		'seeds/demo.json',
		2,
		'COLUMN_UNKNOWN'
	],
	[
		'seeds that do not fit',
		add('seeds/demo.json', '{\n"projects": [{"name": ""}]}'),
		'seeds/demo.json',
		2,
		'SEEDS_REFUSED'
	],
	['a file of no kind', add('logic/run.js', ''), 'logic/run.js', 1, 'PATH_UNKNOWN'],
	[
		'a path without end',
		add(`logic/shared/${'a'.repeat(300)}.ts`, ''),
		`logic/shared/${'a'.repeat(300)}.ts`,
		1,
		'PATH_TOO_LONG'
	],
	['a file that is no text', add('README.md', 'a\0b'), 'README.md', 1, 'FILE_NOT_TEXT']
];

/** What breaks a parser that reads by recursion, or takes it for ever. */
const hostile: readonly (readonly [string, Map<string, string>, string])[] = [
	['lists in lists', add('locales/de.json', '['.repeat(500_000)), 'locales/de.json'],
	['objects in objects', add('pages/deep.page.json', '{"a":'.repeat(100_000)), 'pages/deep.page.json'],
	[
		'parentheses in a handler',
		add('logic/shared/deep.ts', `export const x = ${'('.repeat(300_000)}`),
		'logic/shared/deep.ts'
	],
	[
		'types in a handler',
		add('logic/shared/deep.ts', `export type X = ${'Array<'.repeat(100_000)}`),
		'logic/shared/deep.ts'
	],
	[
		'a type that never ends',
		add(
			'logic/shared/deep.ts',
			'type A<T> = { a: A<[T, T]> };\nexport type B<N, T extends unknown[] = []> = T["length"] extends N ? T : B<N, [...T, 1]>;\nexport const x: B<9_999_999> = 1;'
		),
		'logic/shared/deep.ts'
	],
	['parentheses in a view', add('views/deep.sql', `SELECT ${'('.repeat(200_000)}1`), 'views/deep.sql'],
	[
		'parentheses in a migration',
		add('migrations/0002_deep.sql', `UPDATE tickets SET points = ${'('.repeat(200_000)}1`),
		'migrations/0002_deep.sql'
	],
	[
		'an expression without end',
		add('views/deep.sql', `SELECT id, ${'1 + '.repeat(100_000)}1 AS x FROM tickets`),
		'views/deep.sql'
	],
	[
		'messages in messages',
		add('schema.proto', `syntax = "proto3"; package desk; ${'message A {'.repeat(20_000)}`),
		'schema.proto'
	],
	[
		'an option without end',
		add(
			'schema.proto',
			`syntax = "proto3"; package desk; message A { option (loam.table) = ${'{a:'.repeat(50_000)} }`
		),
		'schema.proto'
	],
	[
		'a filter without end',
		edit('module.json', 'assignee_id = principal()', `${'('.repeat(5000)}assignee_id = principal()`),
		'module.json'
	],
	[
		'millions of rows',
		add(
			'migrations/0002_much.sql',
			"INSERT INTO projects (name) SELECT 'x' FROM generate_series(1, 1000000000)"
		),
		'migrations/0002_much.sql'
	]
];

describe('what is made to break the gate', () => {
	test.each(hostile)('%s', { timeout: 60_000 }, async (_, files, file) => {
		const { ok, diagnostics } = await gate(files);
		expect(ok).toBe(false);
		expect(diagnostics.map((d) => d.file)).toContain(file);
	});

	test('a page of thousands of inputs and actions takes no longer for it', async () => {
		const inputs = (id: (i: number) => string) =>
			Array.from({ length: 2500 }, (_, i) => ({ type: 'Input.Text', id: id(i) }));
		const actions = Array.from({ length: 2500 }, () => ({
			type: 'Action.Execute',
			title: '',
			verb: 'CloseTicket'
		}));
		for (const id of [(i: number) => `i${i}`, () => 'id']) {
			const begin = performance.now();
			const { diagnostics } = await gate(card([...inputs(id), { type: 'ActionSet', actions }]));
			expect(performance.now() - begin).toBeLessThan(8000);
			expect(diagnostics.filter((found) => found.reason === 'REQUEST_FIELD_UNKNOWN').length).toBeLessThan(60);
		}
	});

	test('a schema of a thousand fields does not either', async () => {
		const fields = Array.from({ length: 1000 }, (_, i) => `string f${i} = ${i + 10};`).join('\n');
		const schema = desk['schema.proto']!.replace('string name = 2', `${fields}\nstring name = 2`);
		const begin = performance.now();
		await gate(deskWith({ 'schema.proto': schema }));
		expect(performance.now() - begin).toBeLessThan(8000);
	});

	test('the gate works on after it', async () => {
		expect((await gate(deskWith())).diagnostics).toEqual([]);
	});
});

describe('what is refused', () => {
	test.each(broken)('%s', async (_, files, file, line, reason) => {
		const { candidate, ok, diagnostics } = await gate(files);
		expect(ok).toBe(false);
		expect(candidate).toBeUndefined();
		expect(diagnostics.map((d) => [d.file, d.line, d.reason])).toContainEqual([file, line, reason]);
		for (const { message, column } of diagnostics) {
			expect(message).not.toMatch(/\/tmp|\bs[0-9a-z]{8}_|\bnpm\b|tsconfig/);
			expect(column).toBeGreaterThan(0);
		}
	});

	test('an input of no request: the nearest field, and where several actions send it, which one', async () => {
		const told = async (files: Map<string, string>) =>
			(await gate(files)).diagnostics
				.filter(({ reason }) => reason === 'REQUEST_FIELD_UNKNOWN')
				.map(({ severity, line, message, hint }) => ({ severity, line, message, hint }));
		const text = { type: 'Input.Text', id: 'ids' };
		expect(await told(form(text))).toEqual([
			{
				severity: 'error',
				line: 10,
				message: '"ids" is no field of CloseTicketRequest, the request of CloseTicket.',
				hint: 'Did you mean "id"? Fields are: id. Give the action "associatedInputs": "none" where it sends no inputs.'
			}
		]);
		const two = [
			{ type: 'Input.Text', id: 'title' },
			{
				type: 'ActionSet',
				actions: [
					{ type: 'Action.Execute', title: 'Rename', verb: 'UpdateTicket', data: { id: '1' } },
					{ type: 'Action.Execute', title: 'Close', verb: 'CloseTicket', data: { id: '1' } }
				]
			}
		];
		expect(await told(card(two))).toEqual([
			{
				severity: 'error',
				line: 26,
				message: 'CloseTicket is sent the input "title" too, which is no field of its CloseTicketRequest.',
				hint: expect.stringContaining('Give the action "associatedInputs": "none"') as string
			}
		]);
	});

	test.each([
		['that the action does not send', form({ type: 'Input.Text', id: 'ids' }, { associatedInputs: 'none' })],
		[
			'of another card',
			form({
				type: 'ActionSet',
				actions: [
					{
						type: 'Action.ShowCard',
						title: 'More',
						card: {
							type: 'AdaptiveCard',
							version: '1.5',
							body: [{ type: 'Input.Text', id: 'title' }],
							actions: [{ type: 'Action.Execute', title: 'A', verb: 'UpdateTicket', data: { id: '1' } }]
						}
					}
				]
			})
		],
		['whose id is made of data', form({ type: 'Input.Text', id: '${params.x}' })],
		['without a name', form({ type: 'Input.Text', id: '' })],
		[
			'named as JSON writes it',
			form({ type: 'TextBlock', text: 'A' }, { verb: 'UpdateTicket', data: { projectId: '1' } })
		]
	])('an input %s is none of its concern', async (_, files) => {
		const reasons = (await gate(files)).diagnostics.map((found) => found.reason);
		expect(reasons).not.toContain('REQUEST_FIELD_UNKNOWN');
	});

	test('an input that may never meet the action is a warning', async () => {
		const { ok, diagnostics } = await gate(form({ type: 'Input.Text', id: 'ids', $when: '${params.a}' }));
		expect(ok).toBe(true);
		expect(diagnostics.map((found) => [found.severity, found.reason])).toEqual([
			['warning', 'REQUEST_FIELD_UNKNOWN']
		]);
	});

	test('a released migration that changed, is gone, or comes too early', async () => {
		const migrations = new Map([['migrations/0002_more.sql', 'UPDATE tickets SET points = 1;']]);
		const released = { ...nothing, migrations };
		const reasons = async (files: Map<string, string>) =>
			(await gate(files, 'desk', released)).diagnostics.map((d) => [d.file, d.reason]);
		expect(await reasons(deskWith())).toContainEqual(['migrations/0002_more.sql', 'MIGRATION_RELEASED']);
		expect(await reasons(add('migrations/0002_more.sql', 'UPDATE tickets SET points = 2;'))).toContainEqual([
			'migrations/0002_more.sql',
			'MIGRATION_RELEASED'
		]);
		expect(await reasons(deskWith())).toContainEqual(['migrations/0001_init.sql', 'MIGRATION_ORDER']);
	});

	test('a schema that takes away what the newest release has', async () => {
		const { candidate } = await gate(deskWith());
		const released = { ...nothing, tables: candidate!.artifact.tables };
		const findings = async (files: Map<string, string>) =>
			(await gate(files, 'desk', released)).diagnostics.map((d) => [d.file, d.line, d.reason]);
		expect(await findings(edit('schema.proto', 'int32 points = 5;', ''))).toContainEqual([
			'schema.proto',
			13,
			'COLUMN_DROPPED'
		]);
		expect(await findings(edit('schema.proto', 'int32 points', 'int32 size'))).toContainEqual([
			'schema.proto',
			20,
			'COLUMN_RENAMED'
		]);
		expect(await findings(edit('schema.proto', 'int32 points', 'int64 points'))).toContainEqual([
			'schema.proto',
			20,
			'COLUMN_TYPE_CHANGED'
		]);
		expect(
			await findings(
				edit('schema.proto', 'message Project {\n  option (loam.table) = {};', 'message Project {')
			)
		).toContainEqual(['schema.proto', 16, 'COLUMN_REFERENCES']);
	});

	test('several files at once, all told in one pass', async () => {
		const { diagnostics } = await gate(
			deskWith({
				'logic/shared/status.ts': 'export const isOpen = (x: number): string => x;',
				'views/bad.sql': 'SELECT',
				'locales/en.json': '[]',
				'migrations/0002_more.sql': 'DROP TABLE tickets;'
			})
		);
		expect(new Set(diagnostics.map((d) => d.file))).toEqual(
			new Set([
				'locales/en.json',
				'logic/close_ticket.ts',
				'logic/shared/status.ts',
				'migrations/0002_more.sql',
				'views/bad.sql'
			])
		);
	});
});
