import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenancy, type Installation, type Tenancy } from '#core/tenancy';
import { createReleases, type Releases } from '#features/releases';
import { createRegistry, readShippedModules } from '#features/registry';
import { createLogger, uuidv7, type Json, type LogRecord } from '#kernel';
import { createIsolates, type Isolates } from '#platform/isolates';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createCommands, type Commands } from './index.ts';

/** The commands of a real module, as the gate compiled it. */
let db: TestPostgres;
let tenancy: Tenancy;
let releases: Releases;
let isolates: Isolates;
let commands: Commands;
let tickets: Installation;
const ann = uuidv7();
const logged: LogRecord[] = [];

beforeAll(async () => {
	db = await testPostgres();
	const log = createLogger((record) => logged.push(record));
	tenancy = await createTenancy({ postgres: db, log });
	const project = (await tenancy.project('home', 'main'))!;
	await db.app.query(`INSERT INTO loam.person (id, name, email) VALUES ($1, 'Ann', 'ann@example.org')`, [
		ann
	]);
	await db.app.query(
		`INSERT INTO loam.role_grant (principal_id, role, project_id) VALUES ($1, 'project-user', $2)`,
		[ann, project.id]
	);
	const registry = createRegistry({ pool: db.app, shipped: readShippedModules('modules') });
	const quiet = async () => {};
	const status = { status: async () => [], lag: async () => undefined };
	const views = { ensure: quiet, retain: quiet, ...status };
	releases = await createReleases({ postgres: db, tenancy, views, registry, log });
	await releases.ship();
	tickets = (await tenancy.installation(project.id, 'tickets')) ?? (await install(project.id));
	isolates = createIsolates({ log, slots: 2 });
	commands = createCommands({ postgres: db, isolates, log });
});
afterAll(async () => {
	await isolates?.end();
	await releases?.end();
	await tenancy?.end();
	await db?.drop();
});

async function install(projectId: string): Promise<Installation> {
	const { rows } = await db.app.query<{ id: string }>(`SELECT id FROM loam.module WHERE name = 'tickets'`);
	const project = (await tenancy.projectById(projectId))!;
	await releases.install({ project, module: { id: rows[0]!.id, name: 'tickets' }, release: '', demo: false });
	return (await tenancy.installation(projectId, 'tickets'))!;
}

async function call(name: string, request: Json): Promise<Record<string, string>> {
	const method = tickets.release.artifact.methods.find((each) => each.name === name)!;
	const principal = { id: ann, name: 'Ann', email: undefined, sysAdmin: false, grantsVersion: 0n };
	const { response } = await commands.run({
		installation: tickets,
		release: tickets.release,
		method,
		request,
		principal,
		roles: new Set()
	});
	return response as Record<string, string>;
}

test('a ticket is opened, taken, talked about and done', async () => {
	const project = await call('CreateProject', { name: 'Web', code: 'WEB', description: '' });
	const open = {
		project_id: project['id']!,
		title: ' It breaks ',
		description: '',
		priority: 'high',
		points: 3,
		assignee_id: ''
	};
	const [first, second] = [await call('OpenTicket', open), await call('OpenTicket', open)];
	expect([first['number'], second['number']]).toEqual([1, 2]);
	await call('TakeTicket', { id: first['id']! });
	await call('AddComment', { ticket_id: first['id']!, body: 'On it.' });
	await call('MoveTicket', { id: first['id']!, status: 'done' });
	expect(await call('GetTicket', { id: first['id']! })).toMatchObject({
		title: 'It breaks',
		status: 'done',
		assignee_id: ann,
		reporter_id: ann,
		done_at: expect.stringMatching(/^\d{4}-.*T.*Z$/)
	});
	const numbers = (await Promise.all(Array.from({ length: 5 }, () => call('OpenTicket', open)))).map(
		(each) => each['number']
	);
	expect(numbers.sort()).toEqual([3, 4, 5, 6, 7]);
});

test('what is wrong is said in words', async () => {
	await expect(
		call('OpenTicket', {
			project_id: uuidv7(),
			title: 'x',
			description: '',
			priority: 'low',
			points: 0,
			assignee_id: ''
		})
	).rejects.toMatchObject({
		reason: 'PROJECT_UNKNOWN',
		message: 'Choose the project that the ticket belongs to.'
	});
	await expect(call('AddComment', { ticket_id: uuidv7(), body: 'x' })).rejects.toMatchObject({
		reason: 'ROW_REFERENCE',
		meta: { fields: ['ticket_id'] }
	});
	expect(logged.filter((record) => record.level === 'error')).toEqual([]);
});
