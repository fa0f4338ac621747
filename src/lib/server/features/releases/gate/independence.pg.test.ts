import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { createTenancy, type Project, type Tenancy } from '#core/tenancy';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createReport } from '../report.ts';
import { desk, deskWith } from '../tests/desk.ts';
import { createTypeChecker, type TypeChecker } from '../types/checker.ts';
import { runGate } from './gate.ts';

/** One broken file hides nothing of what is wrong with others, and makes nothing wrong that is right. */
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

async function findings(changes: Readonly<Record<string, string>>) {
	const report = createReport();
	const released = { migrations: new Map<string, string>(), tables: [], descriptor: undefined };
	await runGate(
		{ postgres: db, tenancy, types },
		{ project, module: 'desk', files: deskWith(changes), released },
		report
	);
	return report.finish().diagnostics.map(({ file, reason }) => `${file} ${reason}`);
}

const replaced = (path: string, from: string, to: string) => {
	expect(desk[path]).toContain(from);
	return { [path]: desk[path]!.replace(from, to) };
};

/** Each breaks one file so that nothing can be read from it. */
const breaks: Readonly<Record<string, Record<string, string>>> = {
	schema: replaced('schema.proto', 'string name = 2', 'strin name = 2'),
	manifest: { 'module.json': '{' },
	migration: { 'migrations/0002_more.sql': 'ALTER TABEL tickets' },
	'migration that fails': { 'migrations/0002_more.sql': 'UPDATE nothing SET x = 1' },
	'migration that is missing': replaced(
		'schema.proto',
		'int32 points = 5;',
		'int32 points = 5; int32 size = 8;'
	),
	view: { 'views/open_tickets.sql': 'SELECT' },
	'other view': { 'views/bad.sql': 'SELECT id FROM nothing' },
	page: { 'pages/projects/[id].page.json': '{' },
	seeds: { 'seeds/demo.json': '{' },
	locale: { 'locales/en.json': '{' },
	handler: { 'logic/shared/status.ts': 'export const (' }
};

/** Each is found by itself, whatever else is broken. */
const mistakes: Readonly<Record<string, readonly [Record<string, string>, string]>> = {
	'a card': [
		{
			'pages/more.page.json': JSON.stringify({
				title: 'More',
				card: { type: 'AdaptiveCard', version: '1.5', body: [{ type: 'TextBlok', text: '' }] }
			})
		},
		'pages/more.page.json CARD_UNKNOWN_ELEMENT'
	],
	'a type': [{ 'logic/shared/size.ts': 'export const size: number = "1";' }, 'logic/shared/size.ts TS2322'],
	'a view': [{ 'views/two.sql': 'SELECT 1; SELECT 2' }, 'views/two.sql VIEW_ONE_STATEMENT'],
	'a statement': [
		{ 'migrations/0003_drop.sql': 'DROP TABLE tickets' },
		'migrations/0003_drop.sql MIGRATION_NOT_ALLOWED'
	],
	'a text': [{ 'locales/de.json': '{"a": 1}' }, 'locales/de.json JSON_TYPE']
};

describe.each(Object.entries(breaks))('beside a broken %s', (_, broken) => {
	test('every other mistake is found', async () => {
		const found = await findings({
			...Object.assign({}, ...Object.values(mistakes).map(([files]) => files)),
			...broken
		});
		for (const [, wanted] of Object.values(mistakes)) expect(found).toContain(wanted);
	});

	test('nothing is told of files that are right', async () => {
		const found = await findings(broken);
		const files = new Set(found.map((one) => one.split(' ')[0]));
		expect([...files]).toEqual(Object.keys(broken));
	});
});

/** What is found only with a schema that can be read. */
describe('beside files that are no part of it', () => {
	const verb = {
		'pages/more.page.json': JSON.stringify({
			title: 'More',
			data: { rows: { view: 'pointz' } },
			card: {
				type: 'AdaptiveCard',
				version: '1.5',
				body: [{ type: 'ActionSet', actions: [{ type: 'Action.Execute', title: 'A', verb: 'CloseTickets' }] }]
			}
		})
	};
	test.each([
		'manifest',
		'migration',
		'migration that fails',
		'view',
		'other view',
		'page',
		'seeds',
		'handler'
	])('a broken %s: names in pages are held against the schema', async (name) => {
		const found = await findings({ ...verb, ...breaks[name] });
		expect(found).toContain('pages/more.page.json VIEW_UNKNOWN');
		expect(found).toContain('pages/more.page.json COMMAND_UNKNOWN');
	});

	test('columns of a view are known although the migrations fail', async () => {
		const page = JSON.stringify({
			title: 'More',
			data: { rows: { view: 'points', order: ['size'] } },
			card: { type: 'AdaptiveCard', version: '1.5', body: [] }
		});
		expect(await findings({ 'pages/more.page.json': page, ...breaks['migration that fails'] })).toContain(
			'pages/more.page.json COLUMN_UNKNOWN'
		);
	});

	test.each([
		['a demo that does not fit', { 'seeds/demo.json': '{"projects": [{"name": ""}]}' }],
		['seeds of no table', { 'seeds/demo.json': '{"nothing": []}' }],
		['another view', breaks['other view']!]
	])('%s hides no view that Postgres refuses', async (_, broken) => {
		const view = { 'views/sum.sql': 'SELECT id, points || opened_at AS x FROM tickets' };
		const found = await findings({ ...view, ...broken });
		expect(found).toContain('views/sum.sql VIEW_REFUSED');
		expect(found.some((one) => one.startsWith(Object.keys(broken)[0]!))).toBe(true);
	});

	test('seeds are held against the schema although the migrations fail', async () => {
		const found = await findings({ 'seeds/demo.json': '{"nothing": []}', ...breaks['migration that fails'] });
		expect(found).toContain('seeds/demo.json TABLE_UNKNOWN');
	});

	test('while the schema is broken, what its messages and rows are is not guessed at', async () => {
		const found = await findings({
			...breaks['schema'],
			'logic/shared/deep.ts': `import type { Loam, Nothing, Ticket } from 'loam';

export async function deep(loam: Loam, ticket: Ticket, more: Nothing): Promise<string> {
	const rows = await loam.db.nothing.list({ where: { id: ticket.id } });
	const names = rows.map((row) => row.name);
	const status: Ticket['status'] = more.status;
	switch (status) {
		case 'OPEN':
			return names.join();
		default: {
			const never: never = status;
			return loam.fail('STATUS', never);
		}
	}
}

export const bad: string = 1;
export const call = (loam: Loam) => loam.nothing();
`
		});
		expect(found.filter((one) => one.startsWith('logic/'))).toEqual([
			'logic/shared/deep.ts TS2322',
			'logic/shared/deep.ts TS2339'
		]);
	});
});
