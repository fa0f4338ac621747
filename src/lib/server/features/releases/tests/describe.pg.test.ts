import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DescribeViewsRequestSchema, type ModuleService } from '#gen/loam/v1/modules_pb';
import type { Principal } from '#core/identity';
import { testReleases, type TestReleases } from '#support/releases';
import { moduleService, type ServiceOf } from '../index.ts';
import type { ViewDescription } from '../describe/types.ts';
import { desk, deskWith } from './desk.ts';

let house: TestReleases;
let module: { id: string; name: string };
beforeAll(async () => {
	house = await testReleases();
	module = await house.registry.ensureModule(house.project.id, 'desk');
});
afterAll(() => house.end());

/** Without the index on what the joins look up. */
const bare = (changes: Readonly<Record<string, string | undefined>> = {}) =>
	deskWith({
		'migrations/0001_init.sql': desk['migrations/0001_init.sql']!.replace(/CREATE INDEX.*\n/, ''),
		...changes
	});
const described = (files: ReadonlyMap<string, string>) =>
	house.releases.describe({ project: house.project, module, files });
async function view(files: ReadonlyMap<string, string>, name: string): Promise<ViewDescription> {
	return (await described(files)).views.find((one) => one.name === name)!;
}
const changesOf = ({ changes }: ViewDescription) =>
	Object.fromEntries(changes.map(({ table, class: cost, text }) => [table, [cost, text]]));

describe('a draft that is not installed', () => {
	test('has plans, what they lack, and no numbers', async () => {
		const { views, diagnostics, release } = await described(bare());
		expect(diagnostics).toEqual([]);
		expect(release).toBeUndefined();
		expect(views.map(({ name, file }) => [name, file])).toEqual([
			['open_tickets', 'views/open_tickets.sql'],
			['points', 'views/points.sql'],
			['projects', ''],
			['tickets', ''],
			['people', '']
		]);
		const points = views[1]!;
		expect(points).toMatchObject({
			live: undefined,
			stages: [
				{ title: 'points', kind: 'groups', does: 'Groups by id and name: joins projects and tickets' }
			],
			missing: [
				{
					table: 'tickets',
					columns: ['project_id'],
					rows: undefined,
					small: false,
					sql: 'CREATE INDEX ON "tickets" ("project_id");'
				}
			]
		});
		expect(changesOf(points)).toEqual({
			projects: [
				'matches',
				'touches the rows that join it; reads all of tickets: there is no index on project_id'
			],
			tickets: ['group', 'changes one group']
		});
		expect(changesOf(views[3]!)).toEqual({ tickets: ['row', 'touches one row'] });
	});

	test('has what it lacked after its own migration', async () => {
		const files = bare({ 'migrations/0002_index.sql': 'CREATE INDEX ON tickets (project_id, status);' });
		expect((await view(files, 'points')).missing).toEqual([]);
	});

	test.each([
		['an expression', 'CREATE INDEX ON tickets ((project_id::text), project_id);'],
		['some rows', `CREATE INDEX ON tickets (project_id) WHERE status = 'OPEN';`],
		['another column first', 'CREATE INDEX ON tickets (status, project_id);']
	])('lacks it still with an index of %s', async (_, sql) => {
		expect((await view(bare({ 'migrations/0002_index.sql': sql }), 'points')).missing).toHaveLength(1);
	});

	test('of what is found by an expression an index on it counts', async () => {
		const sql =
			'SELECT t.id, p.id AS project FROM tickets t JOIN projects p ON lower(p.name) = lower(t.title)';
		const scans = /reads all of projects: there is no index on \(name\)/;
		const without = await view(bare({ 'views/points.sql': sql }), 'points');
		expect(changesOf(without)['tickets']![1]).toMatch(scans);
		expect(without.missing).toEqual([]);
		const index = { 'migrations/0002_index.sql': 'CREATE INDEX ON projects (lower(name));' };
		const indexed = await view(bare({ 'views/points.sql': sql, ...index }), 'points');
		expect(changesOf(indexed)['tickets']).toEqual(['matches', 'touches the rows that join it']);
	});

	test('is told of by the gate, with the index that mends it', async () => {
		const { diagnostics } = await house.releases.check({ project: house.project, module, files: bare() });
		const fix = { kind: 'draft-index', table: 'tickets', columns: ['project_id'] };
		expect(diagnostics).toMatchObject([
			{ file: 'views/open_tickets.sql', reason: 'VIEW_NO_INDEX', fix },
			{ file: 'views/points.sql', reason: 'VIEW_NO_INDEX', fix }
		]);
	});

	test('that is broken says why', async () => {
		expect(await described(bare({ 'schema.proto': 'message' }))).toMatchObject({
			views: [],
			diagnostics: expect.arrayContaining([expect.objectContaining({ reason: 'PROTO' })])
		});
		const refused = await view(bare({ 'views/points.sql': 'SELECT id FROM nothing' }), 'points');
		expect(refused).toMatchObject({
			stages: [],
			changes: [],
			diagnostics: [{ reason: 'VIEW_UNKNOWN_TABLE' }]
		});
		const untyped = bare({ 'views/a.sql': 'SELECT id + title AS x FROM tickets' });
		const problem = { reason: 'VIEW_REFUSED', message: expect.stringContaining('uuid + text') };
		expect(await view(untyped, 'a')).toMatchObject({ stages: [], diagnostics: [problem] });
		expect(await view(untyped, 'points')).toMatchObject({ stages: [{ title: 'points' }], diagnostics: [] });
	});
});

describe('an installed module', () => {
	beforeAll(async () => {
		expect(await house.publish('desk', bare(), true)).toMatchObject({ ok: true });
		const installation = (await house.tenancy.installation(house.project.id, 'desk'))!;
		await house.tenancy.asOwner(installation, async (client) => {
			await client.query(
				`INSERT INTO projects SELECT uuidv7(), 'project ' || n FROM generate_series(1, 20) AS n`
			);
			await client.query(
				`INSERT INTO tickets (project_id, title) SELECT id, 'ticket ' || n FROM projects, generate_series(1, 100) AS n`
			);
			await client.query('ANALYZE projects, tickets');
		});
	});

	test('has numbers, a size and a state', async () => {
		const points = await view(bare(), 'points');
		expect(changesOf(points)['projects']![1]).toMatch(
			/^touches about (9\d|1[01]\d) rows that join it; reads all of tickets \(about 2,[12]00 rows\): there is no index on project_id$/
		);
		expect(points.missing).toMatchObject([{ rows: expect.closeTo(2200, -3), small: false }]);
		expect(points.live).toMatchObject({ isSame: true, state: 'ready', error: undefined });
		expect(points.live!.bytes).toBeGreaterThan(10_000);
	});

	test('tells what it did lately', async () => {
		await expect
			.poll(async () => (await view(bare(), 'points')).live?.activity, { timeout: 10_000 })
			.toMatchObject({
				batches: expect.toSatisfy((batches) => batches >= 1),
				changes: expect.toSatisfy((changes) => changes >= 2000),
				rows: expect.toSatisfy((rows) => rows >= 20),
				lastMs: expect.any(Number)
			});
	});

	test('says of a view that the draft has changed how the one in place does', async () => {
		const changed = await view(
			bare({ 'views/points.sql': 'SELECT id, points FROM tickets WHERE points > 1' }),
			'points'
		);
		expect(changed.live).toMatchObject({ isSame: false, state: 'ready' });
		const fresh = await view(bare({ 'views/more.sql': 'SELECT count(*) AS n FROM tickets' }), 'more');
		expect(fresh.live).toBeUndefined();
		expect(changesOf(fresh)).toEqual({ tickets: ['group', 'changes one group'] });
	});

	test('knows sizes also where the draft has a column more', async () => {
		const files = bare({
			'schema.proto': desk['schema.proto']!.replace(
				'int32 points = 5;',
				'int32 points = 5; optional string note = 8;'
			),
			'migrations/0002_note.sql': 'ALTER TABLE tickets ADD COLUMN note text;',
			'views/points.sql': 'SELECT note, max(points) AS most FROM tickets GROUP BY note'
		});
		expect(changesOf(await view(files, 'points'))).toEqual({
			tickets: ['extreme', 'changes one group; reads its rows again where its least or greatest value goes']
		});
		expect((await view(files, 'open_tickets')).changes[1]!.about).toBeGreaterThan(50);
	});

	test('is described as it is, too', async () => {
		const { views, release } = await house.releases.describeInstalled(house.project, 'desk');
		expect(release).toMatch(/^[0-9a-f]{12}$/);
		expect(views.find(({ name }) => name === 'points')).toMatchObject({
			missing: [{ table: 'tickets' }],
			live: { isSame: true }
		});
	});
});

describe('by API', () => {
	const person = (name: string): Principal => ({
		id: undefined,
		name,
		email: undefined,
		sysAdmin: false,
		grantsVersion: 0n
	});
	let service: ServiceOf<typeof ModuleService>;
	beforeAll(() => {
		const rolesIn = ({ name }: Principal) => new Set(name === 'admin' ? ['project-admin'] : ['project-user']);
		service = moduleService({ tenancy: house.tenancy, rolesIn }, house.registry, house.releases);
	});
	const ask = (request: MessageInitShape<typeof DescribeViewsRequestSchema>, who = 'admin') =>
		service.describeViews(create(DescribeViewsRequestSchema, request), person(who));
	const installed = (name: string, project = 'home/main') => ({
		case: 'installed' as const,
		value: { project, module: name }
	});

	test('one view of an installed release', async () => {
		const { views } = await ask({ of: installed('desk'), view: 'points' });
		expect(views).toMatchObject([
			{
				name: 'points',
				kind: 'maintained',
				stages: [{ kind: 'groups', reads: ['projects', 'tickets'], shared: false }],
				changes: [
					{
						table: 'projects',
						alias: 'p',
						cost: 'matches',
						steps: [
							{
								cost: 'matches',
								lookups: [{ relation: 'tickets', columns: ['project_id'], indexed: false }]
							},
							{ cost: 'group' }
						]
					},
					{ table: 'tickets', cost: 'group' }
				],
				missingIndexes: [{ table: 'tickets', sql: 'CREATE INDEX ON "tickets" ("project_id");' }],
				live: { same: true, state: 'ready' }
			}
		]);
	});

	test('only how they do', async () => {
		const { views } = await ask({ of: installed('desk'), onlyLive: true });
		expect(views).toMatchObject([
			{ name: 'projects', file: '', live: { state: 'ready' } },
			{ name: 'tickets' },
			{ name: 'people' },
			{ name: 'open_tickets', file: 'views/open_tickets.sql' },
			{ name: 'points', stages: [], changes: [], live: { state: 'ready' } }
		]);
	});

	test.each([
		['nothing at all', { of: { case: undefined } }, 'VIEWS_OF_WHAT'],
		['a view that is not there', { of: installed('desk'), view: 'none' }, 'VIEW_UNKNOWN'],
		['a module that is not installed', { of: installed('other') }, 'MODULE_NOT_INSTALLED'],
		['a project that is not there', { of: installed('desk', 'home/none') }, 'PROJECT_UNKNOWN']
	] as const)('refuses %s', async (_, request, reason) => {
		await expect(ask(request)).rejects.toMatchObject({ reason });
	});

	test('refuses who does not build', async () => {
		await expect(ask({ of: installed('desk') }, 'user')).rejects.toMatchObject({
			reason: 'PROJECT_ADMIN_NEEDED'
		});
	});
});
