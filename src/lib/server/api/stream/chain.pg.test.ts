import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Shape, ShapeStream, type Message, type ShapeStreamOptions } from '@electric-sql/client';
import { canonicalJson, silentLogger, type Json } from '#kernel';
import type { Access } from '#engine/module';
import { parseOffset } from '#engine/shape';
import { implicitView, peopleTable, type CatalogTable, type ViewSpec } from '#engine/view';
import { createIdentity, type Identity } from '#core/identity';
import { createLive, type Live } from '#core/live';
import type { Place, Project, Tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from '#core/views';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createStream, type Stream } from './index.ts';

/** The whole chain, with nothing made by hand: commit, WAL, views, journal, policy, HTTP, the official client. */

const tickets: CatalogTable = {
	name: 'tickets',
	key: ['id'],
	columns: [
		{ name: 'id', type: 'integer', array: false, nullable: false },
		{ name: 'title', type: 'text', array: false, nullable: false },
		{ name: 'points', type: 'integer', array: false, nullable: true },
		{ name: 'project', type: 'integer', array: false, nullable: false },
		{ name: 'assignee', type: 'uuid', array: false, nullable: true }
	]
};
const projects: CatalogTable = {
	name: 'projects',
	key: ['id'],
	columns: [
		{ name: 'id', type: 'integer', array: false, nullable: false },
		{ name: 'name', type: 'text', array: false, nullable: false }
	]
};
const totalsSql =
	'SELECT p.name, count(*) AS tickets, sum(t.points) AS points FROM projects p JOIN tickets t ON t.project = p.id GROUP BY p.name';
const access: Access = {
	views: {
		tickets: { read: [{ roles: ['project-user'] }], columns: {} },
		mine: { read: [{ roles: ['project-user'], where: 'assignee = principal()' }], columns: {} },
		totals: { read: [{ roles: ['project-user'] }], columns: {} }
	},
	commands: {}
};

let db: TestPostgres;
let tenancy: Tenancy;
let identity: Identity;
let views: RunningViews;
let live: Live;
let stream: Stream;
let server: Server;
let url: string;
let place: Place;
let project: Project;
const tokens: Record<string, string> = {};
const ids: Record<string, string> = {};

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	identity = await createIdentity({
		postgres: db,
		tenancy,
		log: silentLogger,
		origin: 'http://localhost',
		admin: { email: 'admin@example.org', password: 'a long password' }
	});
	project = (await tenancy.projects())[0]!;
	place = await makePlace(
		db,
		tenancy,
		'tickets',
		'CREATE TABLE projects (id int PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE tickets (id int PRIMARY KEY, title text NOT NULL, points int, project int NOT NULL, assignee uuid)',
		`INSERT INTO projects VALUES (1, 'loam'), (2, 'sand')`,
		`INSERT INTO tickets VALUES (1, 'first', 3, 1, NULL), (2, 'second', 5, 2, NULL)`
	);
	views = await createViews({ postgres: db, log: silentLogger, asOwner: tenancy.asOwner });
	await publish(await specs());
	for (const name of ['ada', 'bob']) await addPerson(name);
	tokens['admin'] = (await signIn('admin@example.org', 'a long password')).token;
	live = await createLive({
		views,
		postgres: db,
		log: silentLogger,
		directory: mkdtempSync(join(tmpdir(), 'loam-live-'))
	});
	stream = createStream({ live, tenancy, identity, log: silentLogger, origin: 'http://localhost' });
	server = createServer((request, response) => void stream.handle(request, response));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
	await stream?.close();
	server?.closeAllConnections();
	server?.close();
	await live?.close();
	await views?.stop();
	await identity?.end();
	await tenancy?.end();
	await db?.drop();
});

async function specs(): Promise<ViewSpec[]> {
	const tables = [tickets, projects, peopleTable];
	const view = (name: string, sql: string) =>
		tenancy.asOwner(place, (owner) =>
			planned(owner, place.schema, { name, sql, tables, file: `views/${name}.sql` })
		);
	return [
		await implicitView(tickets),
		await implicitView(projects),
		await view('mine', 'SELECT id, title, assignee FROM tickets'),
		await view('totals', totalsSql)
	];
}

/** A release without files: what serving needs of one. */
async function publish(list: readonly ViewSpec[]): Promise<void> {
	await views.ensure(
		place,
		[
			{ name: 'tickets', key: ['id'] },
			{ name: 'projects', key: ['id'] }
		],
		list
	);
	const artifact = { format: 1, manifest: { name: 'tickets', roles: {}, access }, views: list };
	const { rows } = await db.app.query<{ id: string }>(
		`INSERT INTO loam.release (module_id, hash, version, files, artifact, descriptor)
		 SELECT module_id, $2, '1.0.0', '{}', $3, '' FROM loam.installation WHERE id = $1 RETURNING id`,
		[place.id, 'ab'.repeat(32), JSON.stringify(artifact)]
	);
	await tenancy.flip(place.id, rows[0]!.id);
}

const signIn = (email: string, password: string) =>
	identity.signIn({ email, password }, { address: '127.0.0.1', userAgent: 'test' });

async function addPerson(name: string): Promise<void> {
	const { token } = await signIn('admin@example.org', 'a long password');
	const admin = (await identity.authenticate({ authorization: `Bearer ${token}` }))!;
	const person = { name, email: `${name}@example.org`, password: `${name} has a password` };
	const made = await identity.createUser(admin, person, { kind: 'project', project }, ['project-user']);
	ids[name] = made.person.id;
	tokens[name] = (await signIn(person.email, person.password)).token;
}

async function write(sql: string): Promise<bigint> {
	return tenancy.asOwner(place, async (owner) => {
		await owner.query('BEGIN');
		await owner.query(sql);
		const { rows } = await owner.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
		await owner.query('COMMIT');
		return BigInt(rows[0]!.xid);
	});
}

const as = (name: string) => ({ authorization: `Bearer ${tokens[name]}` });
const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

function open(table: string, options: Partial<ShapeStreamOptions> = {}) {
	const aborter = new AbortController();
	stops.push(() => aborter.abort());
	const shapeStream = new ShapeStream({
		url: `${url}/v1/shape`,
		params: { project: 'home/main', table: `tickets.${table}` },
		headers: as('ada'),
		signal: aborter.signal,
		...options
	});
	return { stream: shapeStream, shape: new Shape(shapeStream as never) };
}

/** What a reader holds by its messages alone; interrupted, it goes on from its place. */
class Replica {
	readonly table: string;
	readonly where: string | undefined;
	readonly #sse: boolean;
	readonly #rows = new Map<string, object>();
	#aborter: AbortController | undefined;
	#stream: ShapeStream | undefined;
	#place: { handle: string; offset: string } | undefined;
	/** The last position that it is up to date with. */
	seen = 0n;

	constructor(table: string, where: string | undefined, sse: boolean) {
		this.table = table;
		this.where = where;
		this.#sse = sse;
	}

	resume(): void {
		if (this.#aborter) return;
		this.#aborter = new AbortController();
		stops.push(() => this.#aborter?.abort());
		const stream = new ShapeStream({
			url: `${url}/v1/shape`,
			params: {
				project: 'home/main',
				table: `tickets.${this.table}`,
				replica: 'full',
				...(this.where ? { where: this.where } : {})
			},
			headers: as('ada'),
			liveSse: this.#sse,
			signal: this.#aborter.signal,
			parser: { int8: Number as never },
			...((this.#place ?? {}) as object)
		});
		this.#stream = stream;
		const gathered: Message[] = [];
		stream.subscribe((messages) => {
			// A reader who was cut off must not count what came later.
			if (this.#stream !== stream) return;
			gathered.push(...messages);
			if (!messages.some(({ headers }) => headers['control'] === 'up-to-date')) return;
			for (const message of gathered.splice(0)) this.#apply(message);
			this.#place = { handle: stream.shapeHandle!, offset: stream.lastOffset };
		});
	}

	interrupt(): void {
		this.#aborter?.abort();
		this.#aborter = this.#stream = undefined;
		setTimeout(() => this.resume(), 15);
	}

	sorted(): string[] {
		return [...this.#rows.values()].map((row) => canonicalJson(row as Json)).sort();
	}

	#apply(message: Message): void {
		if (!('key' in message)) {
			if (message.headers['control'] === 'must-refetch')
				throw new Error(`${this.where}: an unexpected must-refetch`);
			const position = message.headers['global_last_seen_lsn'];
			if (typeof position === 'string') this.seen = BigInt(position);
			return;
		}
		const { key, value, headers } = message as { key: string; value: object; headers: { operation: string } };
		const held = this.#rows.has(key);
		expect(held, `${this.where}: ${headers.operation} of ${key}`).toBe(headers.operation !== 'insert');
		if (headers.operation === 'delete') this.#rows.delete(key);
		else this.#rows.set(key, value);
	}
}

/** Whole numbers below a bound, the same in every run. */
function seeded(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

function randomWrite(random: (below: number) => number): string {
	const id = 100 + random(25);
	const points = random(4) === 0 ? 'NULL' : String(random(9));
	const row = `'${'abc'[random(3)]}', ${points}, ${1 + random(2)}`;
	switch (random(6)) {
		case 0:
			return `DELETE FROM tickets WHERE id = ${id}`;
		case 1:
			return `UPDATE tickets SET id = id + 1000 WHERE id = ${id} AND NOT EXISTS (SELECT FROM tickets WHERE id = ${id + 1000})`;
		case 2:
			return `UPDATE tickets SET points = points + 1 WHERE id > 100 AND project = ${1 + random(2)}`;
		default:
			return `INSERT INTO tickets (id, title, points, project) VALUES (${id}, ${row})
			        ON CONFLICT (id) DO UPDATE SET (title, points, project) = (excluded.title, excluded.points, excluded.project)`;
	}
}

async function until(check: () => boolean, what: string): Promise<void> {
	const deadline = Date.now() + 8_000;
	while (!check()) {
		if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

describe('from a commit to the official client', () => {
	test('a table, its changes and their transactions', async () => {
		const { stream: shapeStream, shape } = open('tickets');
		expect((await shape.rows).length).toBe(2);
		const seen: number[] = [];
		shapeStream.subscribe((messages) => {
			for (const { headers } of messages) seen.push(...((headers['txids'] as number[] | undefined) ?? []));
		});
		const txid = await write(`INSERT INTO tickets VALUES (3, 'third / with a slash', NULL, 1, NULL)`);
		await until(() => shape.currentRows.length === 3, 'the insert');
		expect(seen).toContain(Number(txid));
		await write('UPDATE tickets SET id = 30 WHERE id = 3');
		await until(() => shape.currentRows.some((row) => row['id'] === 30), 'the changed key');
		expect(shape.currentRows.some((row) => row['id'] === 3)).toBe(false);
		await write('DELETE FROM tickets WHERE id = 30');
		await until(() => shape.currentRows.length === 2, 'the delete');
	});

	test('groups over a join', async () => {
		const { shape } = open('totals');
		expect((await shape.rows).length).toBe(2);
		await write(`UPDATE tickets SET project = 1, points = 8 WHERE id = 2`);
		await until(() => shape.currentRows.length === 1, 'the empty group to go');
		expect(shape.currentRows[0]).toMatchObject({ name: 'loam', tickets: 2n, points: 11n });
		await write(`UPDATE tickets SET project = 2 WHERE id = 2`);
		await until(() => shape.currentRows.length === 2, 'the group to come back');
	});

	test('rows that come to and leave a person', async () => {
		const [ada, bob] = [open('mine').shape, open('mine', { headers: as('bob') }).shape];
		expect([await ada.rows, await bob.rows]).toEqual([[], []]);
		await write(`UPDATE tickets SET assignee = '${ids['ada']}' WHERE id = 1`);
		await until(() => ada.currentRows.length === 1, 'the ticket at ada');
		await write(`UPDATE tickets SET assignee = '${ids['bob']}' WHERE id = 1`);
		await until(() => bob.currentRows.length === 1 && ada.currentRows.length === 0, 'the ticket at bob');
	});

	test('a filter of the reader, by events', async () => {
		const params = {
			project: 'home/main',
			table: 'tickets.tickets',
			where: `title LIKE $1`,
			params: ['%urgent%']
		};
		const { shape } = open('tickets', { params, liveSse: true });
		expect(await shape.rows).toEqual([]);
		await write(`UPDATE tickets SET title = 'an urgent one' WHERE id = 2`);
		await until(() => shape.currentRows.length === 1, 'the move in');
		await write(`UPDATE tickets SET title = 'a calm one' WHERE id = 2`);
		await until(() => shape.currentRows.length === 0, 'the move out');
	});

	test('a page begins with rows and goes on from there', async () => {
		const installation = (await tenancy.installation(project.id, 'tickets'))!;
		const shape = live.resolve({
			installation,
			view: 'tickets',
			roles: new Set(['project-user']),
			principal: ids['ada']
		});
		const read = () => live.read(shape, { order: ['title desc'] });
		const first = await read();
		expect(first.rows.map((row) => row.value['title'])).toEqual(['first', 'a calm one']);
		expect(first.complete).toBe(true);
		const { shape: followed, stream: follower } = open('tickets', {
			params: { project: 'home/main', table: 'tickets.tickets', replica: 'full' },
			handle: first.handle,
			offset: first.offset as never
		});
		await until(() => follower.isUpToDate, 'the follower');
		expect(followed.currentRows).toEqual([]);
		const txid = await write(`UPDATE tickets SET title = 'zweitens' WHERE id = 2`);
		await until(() => followed.currentRows.length === 1, 'the change alone');
		expect(followed.currentRows[0]).toMatchObject({ id: 2, title: 'zweitens', points: 8 });
		expect(follower.shapeHandle).toBe(first.handle);
		await live.whenApplied(txid, 5_000);
		expect((await read()).rows.map((row) => row.value['title'])).toEqual(['zweitens', 'first']);
	});

	test('another node goes on with a handle of this one', async () => {
		const { stream: shapeStream } = open('totals');
		await until(() => shapeStream.isUpToDate, 'the end of the log');
		const { shapeHandle, lastOffset } = shapeStream;
		await live.whenApplied(await write(`UPDATE tickets SET points = points + 1 WHERE id = 1`), 5_000);
		const directory = mkdtempSync(join(tmpdir(), 'loam-live-'));
		const other = await createLive({ views, postgres: db, log: silentLogger, directory });
		const installation = (await tenancy.installation(project.id, 'tickets'))!;
		const roles = new Set(['project-user']);
		const shape = other.resolve({ installation, view: 'totals', roles, principal: ids['bob'] });
		const place = other.place(shape, shapeHandle!, parseOffset(lastOffset)!);
		const page = place === 'gone' ? 'gone' : await other.log(shape, place);
		expect(page).toMatchObject({
			upToDate: true,
			messages: [expect.stringContaining('"operation":"update"')]
		});
		await other.close();
	});

	test('tells when a transaction is in every view', async () => {
		const txid = await write('SELECT 1');
		const answer = await fetch(`${url}/v1/txid/${txid}`, { headers: as('ada') });
		expect([answer.status, await answer.json()]).toEqual([200, { seq: String(live.position()) }]);
		expect((await fetch(`${url}/v1/txid/${txid}`)).status).toBe(401);
		expect((await fetch(`${url}/v1/txid/x`, { headers: as('ada') })).status).toBe(400);
	});

	test('random filters, writers and interruptions: every reader ends with what Postgres selects', async () => {
		const random = seeded(Number(process.env['LOAM_TEST_SEED'] ?? 20261120));
		const wheres = [
			"title = 'a'",
			'points > 3',
			"title LIKE 'b%' OR points IS NULL",
			'project = 1 AND points <= 5'
		];
		const readers = [
			...wheres.flatMap((where) => [false, true].map((sse) => new Replica('tickets', where, sse))),
			new Replica('totals', undefined, false),
			new Replica('totals', 'tickets > 5', true)
		];
		for (const reader of readers) reader.resume();
		const interrupting = setInterval(() => readers[random(readers.length)]!.interrupt(), 40);
		const writer = () =>
			tenancy.asOwner(place, async (owner) => {
				for (let n = 0; n < 60; n++) await owner.query(randomWrite(random));
				const { rows } = await owner.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
				return BigInt(rows[0]!.xid);
			});
		const last = await Promise.all([writer(), writer(), writer()]);
		clearInterval(interrupting);
		for (const txid of last) await live.whenApplied(txid, 10_000);
		// The first answer after it is up to date with all, also where the shape's own last change is older.
		for (const reader of readers) reader.interrupt();
		await until(() => readers.every(({ seen }) => seen >= live.position()), 'every reader at the end');
		for (const reader of readers) {
			const view = reader.table === 'tickets' ? 'tickets' : `(${totalsSql})`;
			const { rows } = await tenancy.asOwner(place, (owner) =>
				owner.query<{ row: object }>(
					`SELECT to_jsonb(v) AS row FROM ${view} v WHERE ${reader.where ?? 'true'}`
				)
			);
			expect(reader.sorted(), reader.where).toEqual(rows.map(({ row }) => canonicalJson(row as Json)).sort());
		}
	}, 60_000);

	test('a person who is taken out of the project is shown nothing more', async () => {
		const { stream: shapeStream } = open('tickets', { headers: as('bob') });
		const failed = new Promise<Error>((resolve) => shapeStream.subscribe(() => {}, resolve));
		await until(() => shapeStream.isUpToDate && stream.stats().readers > 0, 'the reader');
		const admin = (await identity.authenticate(as('admin')))!;
		await identity.revoke(admin, ids['bob']!, 'project-user', { kind: 'project', project });
		expect(await failed).toMatchObject({ status: 403 });
	});
});
