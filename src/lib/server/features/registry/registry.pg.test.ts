import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { checkFiles, parseManifest } from '#engine/module';
import { createTenancy, type Tenancy } from '#core/tenancy';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createRegistry, fromTemplate, type Registry } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let registry: Registry;
let projectId: string;

const shipped = new Map([['tickets', new Map([...fromTemplate('starter', 'tickets')])]]);

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	projectId = (await tenancy.project('home', 'main'))!.id;
	registry = createRegistry({ pool: db.app, shipped });
});
afterAll(async () => {
	await tenancy.end();
	await db.drop();
});

const open = (module: string, template = 'starter', title = '') =>
	registry.openDraft({ projectId, module, template, title, createdBy: undefined });
const changes = (files: Record<string, string>, remove: string[] = []) => ({
	files: new Map(Object.entries(files)),
	delete: remove
});

describe('openDraft', () => {
	test('makes a draft of a template once, and opens it after that', async () => {
		const first = await open('notes');
		const second = await open('notes', 'empty');
		expect(first).toMatchObject({
			created: true,
			draft: { revision: 1n, module: { name: 'notes', projectId } }
		});
		expect(second).toMatchObject({ created: false, draft: { id: first.draft.id } });
	});

	test('copies a shipped module under another name', async () => {
		const { draft } = await open('my_tickets', 'tickets');
		const { files } = await registry.readDraft(draft.id);
		expect(parseManifest(files.get('module.json')!).value?.name).toBe('my_tickets');
		expect(files.get('schema.proto')).toContain('package my_tickets;');
	});

	test.each(['starter', 'empty', 'tickets'])(
		'gives a new module of %s the title that was typed',
		async (from) => {
			const { draft } = await open(`titled_${from}`, from, 'Café "Zum Löwen" 🦁');
			const { files } = await registry.readDraft(draft.id);
			expect(parseManifest(files.get('module.json')!).value).toMatchObject({ title: 'Café "Zum Löwen" 🦁' });
		}
	);

	test.each(['x'.repeat(101), 'a\0b', '\ud800'])('refuses the title %j', async (title) => {
		await expect(open('untitled', 'starter', title)).rejects.toMatchObject({ reason: 'MODULE_TITLE' });
	});

	test.each([
		['Big', 'starter', 'MODULE_NAME'],
		['build', 'starter', 'MODULE_NAME'],
		['other', 'nonsense', 'TEMPLATE_UNKNOWN']
	])('refuses %s from %s', async (module, template, reason) => {
		await expect(open(module, template)).rejects.toMatchObject({ reason });
	});

	test('leaves a shipped module as it is', async () => {
		await registry.ensureModule(undefined, 'tickets');
		await expect(open('tickets')).rejects.toMatchObject({ reason: 'MODULE_SHIPPED' });
	});

	test('two people who open a new module at once get one draft', async () => {
		const both = await Promise.all([open('together'), open('together')]);
		expect(new Set(both.map((one) => one.draft.id)).size).toBe(1);
		expect(both.filter((one) => one.created)).toHaveLength(1);
	});
});

describe('changeFiles', () => {
	test('writes and deletes in one step and raises the revision', async () => {
		const { draft } = await open('writing');
		const revision = await registry.changeFiles(
			draft.id,
			1n,
			changes({ 'README.md': 'hello' }, ['seeds/demo.json'])
		);
		const { files } = await registry.readDraft(draft.id);
		expect(revision).toBe(2n);
		expect(files.get('README.md')).toBe('hello');
		expect(files.has('seeds/demo.json')).toBe(false);
	});

	test('tells the later of two people, with the current files, and keeps the first', async () => {
		const { draft } = await open('contested');
		const results = await Promise.allSettled([
			registry.changeFiles(draft.id, 1n, changes({ 'README.md': 'one' })),
			registry.changeFiles(draft.id, 1n, changes({ 'README.md': 'two' }))
		]);
		const refused = results.filter((result) => result.status === 'rejected');
		const { files } = await registry.readDraft(draft.id);
		expect(refused).toHaveLength(1);
		expect(refused[0]!.reason).toMatchObject({
			code: 'aborted',
			reason: 'DRAFT_STALE',
			meta: { revision: '2', files: { 'README.md': files.get('README.md') } }
		});
	});

	test.each([
		['a path outside', { '../x.json': '' }],
		['a strange kind', { 'logic/x.js': '' }],
		['a large file', { 'README.md': 'x'.repeat(1_000_001) }],
		['a NUL', { 'README.md': 'a\0' }]
	])('refuses %s and changes nothing', async (_, files) => {
		const { draft } = await open('strict');
		await expect(registry.changeFiles(draft.id, 1n, changes(files))).rejects.toMatchObject({
			reason: 'FILES_REFUSED'
		});
		expect((await registry.draft(draft.id)).revision).toBe(1n);
	});

	test('refuses more than a module may have', async () => {
		const { draft } = await open('huge');
		const part = (from: number) =>
			changes(
				Object.fromEntries(
					Array.from({ length: 6 }, (_, i) => [`views/v${from + i}.sql`, 'x'.repeat(900_000)])
				)
			);
		await registry.changeFiles(draft.id, 1n, part(0));
		await expect(registry.changeFiles(draft.id, 2n, part(10))).rejects.toMatchObject({
			reason: 'FILES_REFUSED'
		});
	});

	test('knows only drafts that are there', async () => {
		await expect(registry.readDraft('nonsense')).rejects.toMatchObject({
			code: 'not_found',
			reason: 'DRAFT_UNKNOWN'
		});
		await expect(registry.readDraft(projectId)).rejects.toMatchObject({ reason: 'DRAFT_UNKNOWN' });
	});
});

test.each(['empty', 'starter'] as const)('the template %s has files that a module may have', (template) => {
	expect(checkFiles(fromTemplate(template, 'abc'))).toEqual([]);
});
