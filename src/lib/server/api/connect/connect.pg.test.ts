import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
	createFileRegistry,
	create,
	fromBinary,
	toBinary,
	toJson,
	type DescMethod
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createClient, Code, ConnectError } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CommandCall, CommandResult } from '#core/commands';
import { createIdentity, type Identity } from '#core/identity';
import type { Tenancy } from '#core/tenancy';
import { readSchema, standardFile, standardProto } from '#engine/schema';
import { ErrorInfoSchema } from '#gen/loam/v1/error_pb';
import { PeopleService } from '#gen/loam/v1/people_pb';
import { AppError, createLogger, silentLogger, type LogRecord } from '#kernel';
import { readTrustedProxies } from '#platform/config';
import { makePlace, testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { buildProto } from '#support/proto';
import { createConnect } from './connect.ts';

const password = 'correct horse battery';
const proto = (more = '') => `syntax = "proto3";
package desk;
import "loam/options.proto";
import "google/protobuf/timestamp.proto";
enum Status { open = 0; done = 1; }
message Ticket {
  option (loam.table) = {};
  string id = 1 [(loam.column).key = true];
  string title = 2;
  optional string assignee_id = 3;
  int64 size = 4;
  Status status = 5;
  google.protobuf.Timestamp opened_at = 6;
}
message CloseTicketRequest { string id = 1; optional string note = 2; int64 votes = 3; bytes file = 4; }
message CloseTicketResponse { string closed_by = 1; int64 votes = 2; google.protobuf.Timestamp closed_at = 3; }
service Desk { rpc CloseTicket(CloseTicketRequest) returns (CloseTicketResponse); ${more} }
`;

let db: TestPostgres;
let tenancy: Tenancy;
let identity: Identity;
let server: Server;
let url: string;
const logged: LogRecord[] = [];

/** Stands where core/commands stands: what reaches it has passed every door. */
const calls: CommandCall[] = [];
let answer: (call: CommandCall) => Promise<CommandResult>;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	const publicOrigin = 'https://loam.example.org';
	const proxies = readTrustedProxies('127.0.0.1');
	identity = await createIdentity({
		postgres: db,
		tenancy,
		log: silentLogger,
		origin: 'http://localhost',
		admin: { email: 'sys@example.org', password }
	});
	const place = await makePlace(db, tenancy, 'desk');
	const first = await insertRelease('desk', proto());
	await tenancy.flip(place.id, first);
	const { listener } = createConnect({
		identity,
		tenancy,
		publicOrigin,
		proxies,
		log: createLogger((record) => logged.push(record)),
		commands: {
			run(call) {
				calls.push(call);
				return answer(call);
			}
		}
	});
	server = createServer((request, response) => {
		if (!listener(request, response)) response.writeHead(418).end();
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	await tenancy.createProject('home', 'other', 'Other');
	const sys = await token('sys@example.org');
	for (const [email, role] of [
		['user', 'project-user'],
		['agent', 'desk:agent'],
		['admin', 'project-admin'],
		['none', undefined],
		['stranger', undefined]
	]) {
		const made = await call(
			'loam.v1.PeopleService/CreateUser',
			{ name: email, email: `${email}@example.org`, password },
			{ token: sys }
		);
		expect(made.status).toBe(200);
		if (role)
			await call(
				'loam.v1.PeopleService/Grant',
				{ user: `${email}@example.org`, role, project: 'home/main' },
				{ token: sys }
			);
	}
	await call(
		'loam.v1.PeopleService/Grant',
		{ user: 'stranger@example.org', role: 'project-admin', project: 'home/other' },
		{ token: sys }
	);
});
afterAll(async () => {
	server.closeAllConnections();
	server.close();
	await identity.end();
	await tenancy.end();
	await db.drop();
});
beforeEach(async () => {
	calls.length = 0;
	logged.length = 0;
	answer = () => Promise.resolve({ response: { closed_by: 'me', votes: '9007199254740993' }, txid: 42n });
	await db.app.query('DELETE FROM loam.sign_in_attempt');
});

async function insertRelease(module: string, text: string): Promise<string> {
	const own = readSchema(buildProto({ 'schema.proto': text }), module);
	const descriptor = buildProto({
		'schema.proto': text,
		[standardFile]: standardProto(own.file, own.tables)
	});
	const artifact = {
		format: 1,
		package: own.package,
		methods: own.methods,
		manifest: {
			name: module,
			title: 'Desk',
			roles: { agent: { title: 'Agent' } },
			access: {
				views: {},
				commands: {
					CloseTicket: [{ roles: ['agent'] }],
					ListTicket: [{ roles: ['project-user'], where: 'assignee_id = principal()' }],
					ListTickets: [{ roles: ['project-user'], where: 'assignee_id = principal()' }],
					UpdateTicket: [{ roles: ['project-user'] }]
				}
			}
		}
	};
	const hash = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex');
	const { rows } = await db.app.query<{ id: string }>(
		`INSERT INTO loam.release (module_id, hash, version, files, artifact, descriptor)
		 SELECT id, $2, '1.0.0', '{}', $3, $4 FROM loam.module WHERE name = $1 RETURNING id`,
		[module, hash, JSON.stringify(artifact), descriptor]
	);
	return rows[0]!.id;
}

interface Call {
	token?: string | undefined;
	project?: string;
	headers?: Record<string, string>;
	raw?: BodyInit;
}
interface Answer {
	status: number;
	headers: Headers;
	body: Record<string, unknown> & {
		code?: string;
		message?: string;
		details?: { debug: { reason: string; meta: object } }[];
	};
}

async function call(
	method: string,
	body: object,
	{ token, project, headers, raw }: Call = {}
): Promise<Answer> {
	const response = await fetch(`${url}/${method}`, {
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			...(token ? { authorization: `Bearer ${token}` } : {}),
			...(project ? { 'loam-project': project } : {}),
			...headers
		},
		body: raw ?? JSON.stringify(body)
	});
	const text = await response.text();
	return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} };
}

const reasonOf = ({ body }: Answer) => body.details?.[0]?.debug.reason;

async function token(email: string): Promise<string> {
	return (await identity.signIn({ email, password }, { address: '192.0.2.1', userAgent: '' })).token;
}

async function tokenOf(who: string): Promise<string | undefined> {
	return who === 'guest' ? undefined : token(`${who}@example.org`);
}

describe('who may call what', () => {
	const doors: Record<string, [string, object, string?]> = {
		close: ['desk.Desk/CloseTicket', { id: '1' }, 'home/main'],
		list: ['desk.TicketService/ListTickets', {}, 'home/main'],
		delete: ['desk.TicketService/DeleteTicket', { id: '1' }, 'home/main'],
		wrongProject: ['desk.Desk/CloseTicket', {}, 'home/other'],
		noProject: ['desk.Desk/CloseTicket', {}],
		unknownProject: ['desk.Desk/CloseTicket', {}, 'home/nowhere'],
		whoAmI: ['loam.v1.SessionService/WhoAmI', {}],
		members: ['loam.v1.PeopleService/ListMembers', { project: 'home/main' }],
		grantAll: ['loam.v1.PeopleService/Grant', { user: 'user@example.org', role: 'sys-admin' }],
		projects: ['loam.v1.ProjectService/ListProjects', {}],
		createProject: [
			'loam.v1.ProjectService/CreateProject',
			{ organization: 'home', slug: 'Bad Slug', name: 'x' }
		]
	};
	// 200 or the code; one row a door, one column a person
	const who = ['guest', 'none', 'user', 'agent', 'admin', 'sys'];
	const expected: Record<keyof typeof doors, string[]> = {
		close: ['unauthenticated', 'not_found', 'permission_denied', 'ok', 'ok', 'ok'],
		list: ['unauthenticated', 'not_found', 'ok', 'permission_denied', 'ok', 'ok'],
		delete: ['unauthenticated', 'not_found', 'permission_denied', 'permission_denied', 'ok', 'ok'],
		wrongProject: ['unauthenticated', ...Array<string>(4).fill('not_found'), 'unimplemented'],
		noProject: ['unauthenticated', ...Array<string>(5).fill('invalid_argument')],
		unknownProject: ['unauthenticated', ...Array<string>(5).fill('not_found')],
		whoAmI: ['unauthenticated', 'ok', 'ok', 'ok', 'ok', 'ok'],
		members: ['unauthenticated', 'not_found', 'permission_denied', 'permission_denied', 'ok', 'ok'],
		grantAll: [
			'unauthenticated',
			'permission_denied',
			'permission_denied',
			'permission_denied',
			'permission_denied',
			'ok'
		],
		projects: ['unauthenticated', 'ok', 'ok', 'ok', 'ok', 'ok'],
		createProject: [
			'unauthenticated',
			'permission_denied',
			'permission_denied',
			'permission_denied',
			'permission_denied',
			'invalid_argument'
		]
	};
	const table = Object.entries(doors).flatMap(([door, [method, body, project]]) =>
		who.map((person, i) => [door, person, expected[door]![i]!, method, body, project] as const)
	);

	test.each(table)('%s by %s: %s', async (_door, person, code, method, body, project) => {
		answer = () => Promise.resolve({ response: {}, txid: undefined });
		const given = await tokenOf(person);
		const result = await call(method, body, { token: given, ...(project ? { project } : {}) });
		expect(result.status === 200 ? 'ok' : result.body.code).toBe(code);
		if (code !== 'ok') {
			expect(calls).toEqual([]);
			expect(reasonOf(result)).toMatch(/^[A-Z_]+$/);
			expect(result.body.message).toMatch(/\w/);
		}
		if (person === 'sys' && method.endsWith('Grant')) {
			await call(
				'loam.v1.PeopleService/Revoke',
				{ user: 'user@example.org', role: 'sys-admin' },
				{ token: given }
			);
		}
	});

	test('a project in which one has no role answers as one that is not there', async () => {
		const stranger = await token('stranger@example.org');
		const answer = async (project: string, method: string, body: object) => {
			const result = await call(method, body, { token: stranger, project });
			return [result.status, reasonOf(result), result.body.message?.replace(`"${project}"`, '…')];
		};
		for (const [method, body] of [
			['desk.Desk/CloseTicket', () => ({})],
			['nope.Nope/Nope', () => ({})],
			['loam.v1.PeopleService/ListMembers', (project: string) => ({ project })],
			['loam.v1.PeopleService/ListRoles', (project: string) => ({ project })],
			[
				'loam.v1.PeopleService/Grant',
				(project: string) => ({ project, user: 'a@b.c', role: 'project-user' })
			],
			['loam.v1.PeopleService/Revoke', (project: string) => ({ project, user: 'a@b.c' })]
		] as const) {
			const there = await answer('home/main', method, body('home/main'));
			expect(there.slice(0, 2), method).toEqual([404, 'PROJECT_UNKNOWN']);
			expect(await answer('home/nowhere', method, body('home/nowhere')), method).toEqual(there);
		}
		const nobody = await token('none@example.org');
		const place = { user: 'a@b.c', role: 'org-admin' };
		const organization = async (name: string) =>
			reasonOf(
				await call('loam.v1.PeopleService/Grant', { ...place, organization: name }, { token: nobody })
			);
		expect([await organization('home'), await organization('nowhere')]).toEqual([
			'ORGANIZATION_UNKNOWN',
			'ORGANIZATION_UNKNOWN'
		]);
	});

	test('a role that was taken is refused at the next call', async () => {
		const agent = await token('agent@example.org');
		const sys = await token('sys@example.org');
		const place = { user: 'agent@example.org', role: 'desk:agent', project: 'home/main' };
		await call('loam.v1.PeopleService/Revoke', place, { token: sys });
		expect((await call('desk.Desk/CloseTicket', {}, { token: agent, project: 'home/main' })).status).toBe(
			404
		);
		await call('loam.v1.PeopleService/Grant', place, { token: sys });
		expect((await call('desk.Desk/CloseTicket', {}, { token: agent, project: 'home/main' })).status).toBe(
			200
		);
	});
});

describe('a module method', () => {
	const close = (body: object, more: Call = {}) =>
		token('agent@example.org').then((t) =>
			call('desk.Desk/CloseTicket', body, { token: t, project: 'home/main', ...more })
		);

	test('meets its handler with the names of schema.proto, and answers with them', async () => {
		const result = await close({ id: 'a', votes: '12', file: 'aGk=' });
		expect(calls[0]).toMatchObject({
			request: { id: 'a', votes: '12', file: 'aGk=' },
			method: { name: 'CloseTicket', service: 'desk.Desk' },
			principal: { email: 'agent@example.org' },
			rowFilter: undefined
		});
		expect(calls[0]!.request).not.toHaveProperty('note');
		expect(result.body).toEqual({ closed_by: 'me', votes: '9007199254740993' });
		expect(result.headers.get('loam-txid')).toBe('42');
	});

	test('fields without presence are there, in requests and responses', async () => {
		answer = () => Promise.resolve({ response: {}, txid: undefined });
		const result = await close({});
		expect(calls[0]!.request).toEqual({ id: '', votes: '0', file: '' });
		expect(result.body).toEqual({ closed_by: '', votes: '0' });
		expect(result.headers.has('loam-txid')).toBe(false);
	});

	test('speaks binary as well', async () => {
		const { descriptor } = (await tenancy.installations((await tenancy.project('home', 'main'))!.id))[0]!
			.release;
		const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptor));
		const method: DescMethod = registry.getService('desk.Desk')!.method['closeTicket']!;
		const body = toBinary(method.input, create(method.input, { id: 'b', votes: 7n } as never));
		const response = await fetch(`${url}/desk.Desk/CloseTicket`, {
			method: 'POST',
			headers: {
				'content-type': 'application/proto',
				authorization: `Bearer ${await token('agent@example.org')}`,
				'loam-project': 'home/main'
			},
			body: body as BodyInit
		});
		expect(response.headers.get('content-type')).toBe('application/proto');
		const message = fromBinary(method.output, new Uint8Array(await response.arrayBuffer()));
		expect(toJson(method.output, message)).toEqual({ closedBy: 'me', votes: '9007199254740993' });
		expect(calls[0]!.request).toEqual({ id: 'b', votes: '7', file: '' });
	});

	test('of the standard kind is told the rows that its caller may touch', async () => {
		answer = () => Promise.resolve({ response: { items: [], next_page_token: '' }, txid: undefined });
		const user = await token('user@example.org');
		await call(
			'desk.TicketService/ListTickets',
			{ page_size: 5, pageToken: 'x' },
			{ token: user, project: 'home/main' }
		);
		expect(calls[0]).toMatchObject({
			rowFilter: '(assignee_id = principal())',
			request: { page_size: 5, page_token: 'x' },
			method: { run: { kind: 'standard', operation: 'list', table: 'tickets' } }
		});
	});

	test('takes an update mask under the names of columns', async () => {
		answer = () =>
			Promise.resolve({ response: { id: '1', status: 'done', opened_at: '2026-01-02T03:04:05Z' }, txid: 1n });
		const user = await token('user@example.org');
		const result = await call(
			'desk.TicketService/UpdateTicket',
			{ id: '1', status: 'done', update_mask: 'assigneeId,status' },
			{ token: user, project: 'home/main' }
		);
		expect(calls[0]!.request).toEqual({ id: '1', status: 'done', update_mask: 'assignee_id,status' });
		expect(result.body).toMatchObject({ status: 'done', opened_at: '2026-01-02T03:04:05Z', size: '0' });
	});

	test.each([
		['an unknown field', { id: 'a', nonsense: 1 }, /nonsense/],
		['a wrong type', { id: 5 }, /id/],
		['a number that is none', { votes: 'many' }, /votes/],
		['an array', [], /./],
		['a message where a text stands', { id: { a: 1 } }, /id/]
	])('refuses %s', async (_case, body, message) => {
		const result = await close(body as object);
		expect([result.status, result.body.code, reasonOf(result)]).toEqual([
			400,
			'invalid_argument',
			'REQUEST_INVALID'
		]);
		expect(result.body.message).toMatch(message);
		expect(calls).toEqual([]);
	});

	test.each([
		['broken JSON', '{"id":', 'application/json', 400],
		['nothing', '', 'application/json', 400],
		['a body that is too large', JSON.stringify({ id: 'x'.repeat(1_100_000) }), 'application/json', 429],
		['broken binary', new Uint8Array([255, 255, 255]), 'application/proto', 400],
		['another type', 'id=1', 'application/x-www-form-urlencoded', 415],
		['a type that a form can send', '{}', 'text/plain', 415]
	])('refuses %s', async (_case, raw, type, status) => {
		const agent = await token('agent@example.org');
		const response = await fetch(`${url}/desk.Desk/CloseTicket`, {
			method: 'POST',
			headers: { 'content-type': type, authorization: `Bearer ${agent}`, 'loam-project': 'home/main' },
			body: raw as BodyInit
		});
		expect(response.status).toBe(status);
		expect(calls).toEqual([]);
	});

	test('takes compressed requests, and no bomb', async () => {
		const agent = await token('agent@example.org');
		const post = (body: Buffer, encoding: string) =>
			fetch(`${url}/desk.Desk/CloseTicket`, {
				method: 'POST',
				headers: {
					'content-type': 'application/json',
					'content-encoding': encoding,
					authorization: `Bearer ${agent}`,
					'loam-project': 'home/main'
				},
				body: new Uint8Array(body)
			});
		expect((await post(gzipSync('{"id":"z"}'), 'gzip')).status).toBe(200);
		expect(calls[0]!.request).toMatchObject({ id: 'z' });
		const bomb = gzipSync(JSON.stringify({ id: 'x'.repeat(50_000_000) }));
		expect(bomb.byteLength).toBeLessThan(100_000);
		expect((await post(bomb, 'gzip')).status).toBe(429);
		expect((await post(Buffer.from('nonsense'), 'gzip')).status).toBe(400);
		expect(calls).toHaveLength(1);
	});

	test('that fails as it should says why, and nothing of the inside', async () => {
		answer = () =>
			Promise.reject(
				new AppError({
					code: 'failed_precondition',
					reason: 'ALREADY_CLOSED',
					message: 'It is closed.',
					meta: { big: 1n },
					cause: new Error('SELECT secret')
				})
			);
		const result = await close({});
		expect([result.status, result.body.code, result.body.message, reasonOf(result)]).toEqual([
			400,
			'failed_precondition',
			'It is closed.',
			'ALREADY_CLOSED'
		]);
		expect(result.body.details![0]!.debug.meta).toEqual({ big: '1' });
		expect(JSON.stringify(result.body)).not.toContain('secret');
		expect(logged).toEqual([]);
	});

	test('that breaks is logged, and answers one plain sentence', async () => {
		answer = () => Promise.reject(new Error('SELECT secret FROM inside'));
		const result = await close({});
		expect([result.status, result.body.code, reasonOf(result)]).toEqual([500, 'internal', 'INTERNAL']);
		expect(JSON.stringify(result.body)).not.toContain('secret');
		expect(logged).toMatchObject([
			{ level: 'error', fields: { error: { message: 'SELECT secret FROM inside' } } }
		]);
	});

	test('is served the moment its release is in place; the one before still answers', async () => {
		const agent = await token('admin@example.org');
		const missing = await call('desk.Desk/Reopen', {}, { token: agent, project: 'home/main' });
		expect([missing.status, missing.body.code]).toEqual([404, 'unimplemented']);
		expect(missing.body.message).toContain('CloseTicket');
		const project = (await tenancy.project('home', 'main'))!;
		const before = (await tenancy.installation(project.id, 'desk'))!;
		const next = await insertRelease(
			'desk',
			proto('rpc Reopen(CloseTicketRequest) returns (CloseTicketResponse);')
		);
		await tenancy.flip(before.id, next);
		expect((await call('desk.Desk/Reopen', {}, { token: agent, project: 'home/main' })).status).toBe(200);
		const pin = { 'loam-release': before.release.shortHash };
		expect(
			(await call('desk.Desk/CloseTicket', {}, { token: agent, project: 'home/main', headers: pin })).status
		).toBe(200);
		expect(calls.at(-1)!.release.hash).toBe(before.release.hash);
		const old = await call('desk.Desk/Reopen', {}, { token: agent, project: 'home/main', headers: pin });
		expect(old.body.code).toBe('unimplemented');
		const gone = await call(
			'desk.Desk/CloseTicket',
			{},
			{ token: agent, project: 'home/main', headers: { 'loam-release': '000000000000' } }
		);
		const now = (await tenancy.installation(project.id, 'desk'))!.release.shortHash;
		expect([gone.body.code, reasonOf(gone)]).toEqual(['failed_precondition', 'RELEASE_GONE']);
		expect(gone.body.details![0]!.debug.meta).toMatchObject({ release: now });
	});
});

describe('the session', () => {
	test('is a cookie for the same origin alone', async () => {
		const signed = await call('loam.v1.SessionService/SignIn', { email: 'user@example.org', password });
		const cookie = signed.headers.getSetCookie()[0]!.split(';')[0]!;
		const as = (headers: Record<string, string>) =>
			call('loam.v1.SessionService/WhoAmI', {}, { headers: { cookie, ...headers } });
		expect((await as({})).status).toBe(200);
		expect((await as({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
		expect((await as({ origin: 'https://loam.example.org' })).status).toBe(200);
		expect((await as({ origin: url })).status).toBe(200);
		for (const foreign of [
			{ 'sec-fetch-site': 'cross-site' },
			{ 'sec-fetch-site': 'same-site' },
			{ origin: 'https://evil.example' },
			{ origin: 'null' }
		]) {
			const result = await as(foreign);
			expect([result.status, reasonOf(result)]).toEqual([403, 'CROSS_ORIGIN']);
		}
	});

	test('is given to no page of another site', async () => {
		const signed = await call(
			'loam.v1.SessionService/SignIn',
			{ email: 'user@example.org', password },
			{ headers: { 'sec-fetch-site': 'cross-site' } }
		);
		expect(signed.status).toBe(200);
		expect(signed.headers.getSetCookie()).toEqual([]);
	});

	test('ends with SignOut, for cookie and bearer', async () => {
		const signed = await call('loam.v1.SessionService/SignIn', { email: 'user@example.org', password });
		const bearer = signed.body['token'] as string;
		const out = await call('loam.v1.SessionService/SignOut', {}, { token: bearer });
		expect(out.headers.getSetCookie()[0]).toMatch(/Max-Age=0/);
		const cookie = signed.headers.getSetCookie()[0]!.split(';')[0]!;
		for (const headers of [{ cookie }, { authorization: `Bearer ${bearer}` }]) {
			expect((await call('loam.v1.SessionService/WhoAmI', {}, { headers })).body.code).toBe(
				'unauthenticated'
			);
		}
		expect((await call('desk.Desk/CloseTicket', {}, { token: bearer, project: 'home/main' })).status).toBe(
			401
		);
		expect(calls).toEqual([]);
	});

	test('a bearer may come from anywhere', async () => {
		const preflight = await fetch(`${url}/loam.v1.SessionService/WhoAmI`, {
			method: 'OPTIONS',
			headers: { origin: 'https://a.example' }
		});
		expect(preflight.status).toBe(204);
		expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
		expect(preflight.headers.get('access-control-allow-headers')).toContain('loam-project');
		expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
		const result = await call(
			'loam.v1.SessionService/WhoAmI',
			{},
			{ token: await token('user@example.org'), headers: { origin: 'https://a.example' } }
		);
		expect(result.status).toBe(200);
		expect(result.headers.get('access-control-allow-origin')).toBe('*');
	});

	test('a wrong password, too many tries', async () => {
		const wrong = { email: 'limited@example.org', password: 'wrong password' };
		const first = await call('loam.v1.SessionService/SignIn', wrong);
		expect([first.status, reasonOf(first)]).toEqual([401, 'SIGN_IN_REFUSED']);
		await db.app.query(`UPDATE loam.sign_in_attempt SET attempts = 100`);
		const limited = await call('loam.v1.SessionService/SignIn', wrong);
		expect([limited.status, reasonOf(limited)]).toEqual([429, 'SIGN_IN_LIMITED']);
	});

	test('too many tries of one visitor behind the proxy stop nobody else', async () => {
		const attempt = async (visitor: string, email: string) =>
			reasonOf(
				await call(
					'loam.v1.SessionService/SignIn',
					{ email, password: 'wrong password' },
					{ headers: { 'x-forwarded-for': `1.2.3.4, ${visitor}` } }
				)
			);
		expect(await attempt('203.0.113.7', 'a@example.org')).toBe('SIGN_IN_REFUSED');
		await db.app.query(`UPDATE loam.sign_in_attempt SET attempts = 100 WHERE key LIKE 'address:%'`);
		expect(await attempt('203.0.113.7', 'b@example.org')).toBe('SIGN_IN_LIMITED');
		expect(await attempt('203.0.113.8', 'b@example.org')).toBe('SIGN_IN_REFUSED');
	});
});

describe('odd input is the caller’s to mend', () => {
	test.each([
		['loam.v1.AccountService/EndSession', { id: 'nonsense' }, 404, 'SESSION_UNKNOWN'],
		['loam.v1.AccountService/Rename', { name: 'a\u0000b' }, 400, 'NAME_INVALID'],
		['loam.v1.AccountService/ChangePassword', { current: 'x'.repeat(500), password }, 403, 'PASSWORD_WRONG'],
		[
			'loam.v1.PeopleService/Grant',
			{ user: 'a\u0000b', role: 'project-user', project: 'home/main' },
			404,
			'PERSON_UNKNOWN'
		],
		[
			'loam.v1.PeopleService/Grant',
			{ user: 'user@example.org', role: '', project: 'home/main' },
			400,
			'ROLE_UNKNOWN'
		],
		[
			'loam.v1.PeopleService/Grant',
			{ user: 'user@example.org', role: 'org-admin', organization: 'nowhere' },
			404,
			'ORGANIZATION_UNKNOWN'
		],
		['loam.v1.PeopleService/CreateUser', { name: 'A', email: 'a\u0000@b.c', password }, 400, 'EMAIL_INVALID'],
		['loam.v1.PeopleService/ListMembers', { project: 'home/main\u0000' }, 404, 'PROJECT_UNKNOWN'],
		['loam.v1.PeopleService/ListMembers', { project: 'home/main/x' }, 404, 'PROJECT_UNKNOWN'],
		['loam.v1.ProjectService/CreateProject', { organization: 'home', slug: 'main' }, 409, 'PROJECT_EXISTS'],
		[
			'loam.v1.SessionService/CreateFirstAdmin',
			{ token: 'x', name: 'a', email: 'a@b.c', password },
			403,
			'WELCOME_LINK_INVALID'
		]
	])('%s %j is %i %s', async (method, body, status, reason) => {
		const result = await call(method, body, { token: await token('sys@example.org') });
		expect([result.status, reasonOf(result)]).toEqual([status, reason]);
		expect(logged).toEqual([]);
	});
});

describe('the addresses', () => {
	test.each([
		['/', 'GET', 418],
		['/home/main/desk', 'GET', 418],
		['/v1/shape?table=x', 'GET', 418],
		['/loam.v1.Nope/Nope', 'POST', 404],
		['/loam.v1.SessionService/Nope', 'POST', 404],
		['/loam.v1.SessionService/WhoAmI', 'GET', 405],
		['/nope.Nope/Nope', 'POST', 401]
	])('%s by %s is %i', async (path, method, status) => {
		const response = await fetch(url + path, {
			method,
			...(method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {})
		});
		expect(response.status).toBe(status);
	});

	test('what is unknown is told what is there', async () => {
		const service = await call('loam.v1.Nope/Nope', {});
		expect(service.body).toMatchObject({
			code: 'unimplemented',
			message: expect.stringContaining('loam.v1.SessionService')
		});
		const method = await call('loam.v1.SessionService/Nope', {});
		expect(method.body.message).toContain('SignIn');
		const admin = await token('admin@example.org');
		const module = await call('nope.Nope/Nope', {}, { token: admin, project: 'home/main' });
		expect(module.body).toMatchObject({
			code: 'unimplemented',
			message: expect.stringContaining('home/main')
		});
	});
});

test('a typed client is at home here', async () => {
	const transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1' });
	const people = createClient(PeopleService, transport);
	const headers = { authorization: `Bearer ${await token('admin@example.org')}` };
	const { members } = await people.listMembers({ project: 'home/main' }, { headers });
	expect(members.map((member) => member.email)).toContain('agent@example.org');
	expect(members.find((member) => member.email === 'sys@example.org')?.inherited).toEqual(['sys-admin']);
	const { roles } = await people.listRoles({ project: 'home/main' }, { headers });
	expect(roles.map((role) => role.role)).toEqual(['project-user', 'project-admin', 'desk:agent']);
	const error = await people
		.grant({ user: 'user@example.org', role: 'desk:nope', project: 'home/main' }, { headers })
		.catch((e: unknown) => e);
	expect(error).toBeInstanceOf(ConnectError);
	expect((error as ConnectError).code).toBe(Code.InvalidArgument);
	expect((error as ConnectError).findDetails(ErrorInfoSchema)[0]?.reason).toBe('ROLE_UNKNOWN');
});
