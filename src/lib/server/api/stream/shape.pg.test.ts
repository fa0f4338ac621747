import { connect, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Shape, ShapeStream, type Message, type ShapeStreamOptions } from '@electric-sql/client';
import type { Access } from '#engine/module';
import { idOf, liveHouse, type LiveHouse } from '#support/live';

const column = (name: string, type: string, keyIndex?: number) => ({
	name,
	type,
	dims: 0,
	notNull: keyIndex !== undefined,
	...(keyIndex === undefined ? {} : { keyIndex })
});

const user = ['project-user'];
const access: Access = {
	views: {
		tickets: { read: [{ roles: user }], columns: { secret: ['project-admin'] } },
		mine: { read: [{ roles: user, where: 'assignee = principal()' }], columns: {} },
		news: {
			read: [{ roles: ['anyone'], where: 'shown' }, { roles: user }],
			columns: { draft: user }
		}
	},
	commands: {}
};
let house: LiveHouse;
beforeAll(async () => {
	house = await liveHouse({
		views: [
			{
				name: 'tickets',
				columns: [
					column('id', 'integer', 0),
					column('title', 'text'),
					column('points', 'bigint'),
					column('assignee', 'uuid'),
					column('secret', 'text')
				]
			},
			{ name: 'mine', columns: [column('id', 'integer', 0), column('assignee', 'uuid')] },
			{ name: 'open', columns: [column('id', 'integer', 0), column('title', 'text')] },
			{
				name: 'news',
				columns: [column('id', 'integer', 0), column('shown', 'boolean'), column('draft', 'text')]
			}
		],
		access,
		timers: { longPollMs: 1_000, eventsMs: 3_000, keepAliveMs: 500 }
	});
	house.grant('ada', 'project-user');
	house.grant('bob', 'project-user');
	house.grant('admin', 'project-admin', 'project-user');
	house.grant('stranger');
});
afterAll(() => house.stop());

const as = (name: string) => ({ authorization: `Bearer ${name}` });
const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

async function get(params: Record<string, string>, headers: Record<string, string> = as('ada')) {
	const response = await fetch(house.shapeUrl(params), { headers });
	const text = await response.text();
	const json = text ? (JSON.parse(text) as never) : undefined;
	return { status: response.status, headers: response.headers, json: json as unknown };
}

/** Follows a shape to its live end by plain requests. */
async function upToDate(params: Record<string, string>, headers = as('ada')) {
	const messages: Message[] = [];
	let [offset, handle] = ['-1', ''];
	for (;;) {
		const answer = await get({ ...params, offset, ...(handle ? { handle } : {}) }, headers);
		expect(answer.status).toBe(200);
		messages.push(...(answer.json as Message[]));
		offset = answer.headers.get('electric-offset')!;
		handle = answer.headers.get('electric-handle')!;
		if (answer.headers.has('electric-up-to-date')) return { offset, handle, messages };
	}
}

function open(params: Record<string, string>, options: Partial<ShapeStreamOptions> = {}) {
	const aborter = new AbortController();
	stops.push(() => aborter.abort());
	const stream = new ShapeStream({
		url: `${house.url}/v1/shape`,
		params: { project: 'home/main', ...params },
		headers: as('ada'),
		signal: aborter.signal,
		...options
	});
	return { stream, shape: new Shape(stream as never) };
}

async function until(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
	const deadline = Date.now() + 5_000;
	while (!(await check())) {
		if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

describe('the official client', () => {
	test('reads a snapshot and follows inserts, updates and deletes', async () => {
		await house.write(`INSERT INTO i1.tickets VALUES (1, 'one', 5, NULL, 's'), (2, 'two', 6, NULL, 's')`);
		const { shape } = open({ table: 'tickets.tickets' });
		expect(new Set((await shape.rows).map((row) => row['title']))).toEqual(new Set(['one', 'two']));
		await house.write(`INSERT INTO i1.tickets VALUES (3, 'three', 7, NULL, 's')`);
		await until(() => shape.currentRows.length === 3, 'the insert');
		await house.write(`UPDATE i1.tickets SET points = 50 WHERE id = 3`);
		await until(() => shape.currentRows.some((row) => row['points'] === 50n), 'the update');
		expect(shape.currentRows.find((row) => row['id'] === 3)).toEqual({
			id: 3,
			title: 'three',
			points: 50n,
			assignee: null
		});
		await house.write(`DELETE FROM i1.tickets WHERE id = 1`);
		await until(() => shape.currentRows.length === 2, 'the delete');
	});

	test('sees rows move into and out of a filter', async () => {
		const { shape } = open({ table: 'tickets.tickets', where: 'points > $1', 'params[1]': '100' } as never);
		expect(await shape.rows).toEqual([]);
		await house.write(`UPDATE i1.tickets SET points = 101 WHERE id = 2`);
		await until(() => shape.currentRows.length === 1, 'the move in');
		expect(shape.currentRows[0]).toMatchObject({ id: 2, title: 'two', points: 101n });
		await house.write(`UPDATE i1.tickets SET points = 1 WHERE id = 2`);
		await until(() => shape.currentRows.length === 0, 'the move out');
	});

	test('follows by server-sent events', async () => {
		const { stream, shape } = open({ table: 'tickets.tickets' }, { liveSse: true });
		const before = (await shape.rows).length;
		await house.write(`INSERT INTO i1.tickets VALUES (10, 'ten', 1, NULL, 's')`);
		await until(() => shape.currentRows.length === before + 1, 'the event');
		const offset = stream.lastOffset;
		await house.write(`UPDATE i1.tickets SET title = 'TEN' WHERE id = 10`);
		await until(() => shape.currentRows.some((row) => row['title'] === 'TEN'), 'the second event');
		expect(BigInt(stream.lastOffset.split('_')[0]!)).toBe(BigInt(offset.split('_')[0]!) + 1n);
		await house.write(`DELETE FROM i1.tickets WHERE id = 10`);
		await until(() => shape.currentRows.length === before, 'the third event');
	});

	test('begins anew after a rebuild, and ends up right', async () => {
		const { stream, shape } = open({ table: 'tickets.tickets' });
		await shape.rows;
		const before = stream.shapeHandle;
		const seen: string[] = [];
		stream.subscribe((messages) => {
			for (const { headers } of messages) if ('control' in headers) seen.push(String(headers.control));
		});
		house.rebuild('tickets');
		await until(() => seen.includes('must-refetch'), 'the must-refetch');
		await until(() => shape.isUpToDate, 'the second snapshot');
		expect(stream.shapeHandle).not.toBe(before);
		expect(shape.currentRows.length).toBe(2);
		await house.write(`INSERT INTO i1.tickets VALUES (11, 'eleven', 1, NULL, 's')`);
		await until(() => shape.currentRows.length === 3, 'a change after it');
	});
});

describe('GET /v1/shape', () => {
	const ok = { table: 'tickets.tickets' };
	test.each<[Record<string, string>, string]>([
		[{ table: 'tickets.tickets' }, 'offset'],
		[{ offset: '-1' }, 'table'],
		[{ ...ok, offset: 'abc' }, 'offset'],
		[{ ...ok, offset: '5_x' }, 'offset'],
		[{ ...ok, offset: '0_0' }, 'handle'],
		[{ ...ok, offset: '-1', live: 'true' }, 'live'],
		[{ ...ok, offset: 'now', live: 'true' }, 'live'],
		[{ ...ok, offset: '-1', live_sse: 'true' }, 'live_sse'],
		[{ ...ok, offset: '-1', live: 'perhaps' }, 'live'],
		[{ ...ok, offset: '-1', replica: 'half' }, 'replica'],
		[{ ...ok, offset: '-1', columns: 'id,' }, 'columns'],
		[{ ...ok, offset: '-1', columns: 'id,nope' }, 'columns'],
		[{ ...ok, offset: '-1', columns: 'id,secret' }, 'columns'],
		[{ ...ok, offset: '-1', columns: 'title' }, 'columns'],
		[{ ...ok, offset: '-1', where: 'points >' }, 'where'],
		[{ ...ok, offset: '-1', where: "secret = 's'" }, 'where'],
		[{ ...ok, offset: '-1', where: 'pg_sleep(10) IS NULL' }, 'where'],
		[{ ...ok, offset: '-1', where: 'points = $1' }, 'params'],
		[{ ...ok, offset: '-1', where: 'points = $1', 'params[1]': 'many' }, 'params'],
		[{ table: 'tickets.nope', offset: '-1' }, 'table'],
		[{ table: 'nope.tickets', offset: '-1' }, 'table'],
		[{ table: 'tickets', offset: '-1' }, 'table'],
		[{ ...ok, offset: '-1', release: '0123456789ab' }, 'release']
	])('refuses %o as the protocol does, naming %s', async (params, field) => {
		const { status, json, headers } = await get(params);
		expect(status).toBe(400);
		expect(json).toEqual({ message: 'Invalid request', errors: { [field]: [expect.any(String)] } });
		expect(headers.get('cache-control')).toBe('no-store');
		expect(headers.get('access-control-allow-origin')).toBe('*');
	});

	test('wants a grant', async () => {
		const offset = { offset: '-1' };
		expect((await get({ table: 'tickets.tickets', ...offset }, as('stranger'))).status).toBe(403);
		expect((await get({ table: 'tickets.nope', ...offset }, as('stranger'))).status).toBe(403);
		expect((await get({ table: 'nope.nope', ...offset }, as('stranger'))).status).toBe(403);
		const nowhere = { project: 'home/nope', table: 'tickets.tickets', ...offset };
		for (const who of ['stranger', 'admin']) expect((await get(nowhere, as(who))).status).toBe(403);
		expect((await get({ table: 'tickets.tickets', ...offset }, {})).status).toBe(401);
		expect((await get({ table: 'tickets.tickets', ...offset }, as('nobody'))).status).toBe(401);
		expect((await get({ table: 'tickets.open', ...offset })).status).toBe(403);
		expect((await get({ table: 'tickets.open', ...offset }, as('admin'))).status).toBe(200);
	});

	test('shows the readable columns alone', async () => {
		const { json, headers } = await get({ table: 'tickets.tickets', offset: '-1' });
		expect(JSON.stringify(json)).not.toContain('secret');
		expect(Object.keys(JSON.parse(headers.get('electric-schema')!) as object)).toEqual([
			'id',
			'title',
			'points',
			'assignee'
		]);
		const all = await get({ table: 'tickets.tickets', offset: '-1' }, as('admin'));
		expect(all.headers.get('electric-schema')).toContain('secret');
	});

	test('applies the row filter of the person, and shares nothing between two', async () => {
		await house.write(
			`INSERT INTO i1.mine VALUES (1, '${idOf('ada')}'), (2, '${idOf('bob')}'), (3, '${idOf('ada')}')`
		);
		const ada = await upToDate({ table: 'tickets.mine' });
		const bob = await upToDate({ table: 'tickets.mine' }, as('bob'));
		expect(ada.messages.filter((message) => 'key' in message)).toHaveLength(2);
		expect(bob.messages.filter((message) => 'key' in message)).toHaveLength(1);
		const stolen = await get({ table: 'tickets.mine', offset: ada.offset, handle: ada.handle }, as('bob'));
		expect(stolen.status).toBe(409);
		expect(stolen.json).toEqual([{ headers: { control: 'must-refetch' } }]);
		expect(stolen.headers.get('electric-handle')).toBeTruthy();
		expect(stolen.headers.get('cache-control')).toContain('private');
	});

	test('heads every answer as the protocol does', async () => {
		const first = await get({ table: 'tickets.tickets', offset: '-1' });
		expect(first.status).toBe(200);
		expect(first.headers.get('electric-offset')).toBe('0_0');
		expect(first.headers.has('electric-up-to-date')).toBe(false);
		expect((first.json as Message[]).at(-1)).toEqual({
			headers: {
				control: 'snapshot-end',
				xmin: expect.stringMatching(/^\d+$/),
				xmax: expect.stringMatching(/^\d+$/),
				xip_list: expect.any(Array)
			}
		});
		expect(first.headers.get('vary')).toBe('Authorization, Cookie');
		expect(first.headers.get('cache-control')).toMatch(/^private/);
		expect(first.headers.get('access-control-expose-headers')).toContain('electric-handle');
		const handle = first.headers.get('electric-handle')!;
		expect(first.headers.get('etag')).toBe(`"${handle}:-1:0_0"`);
		const again = await get(
			{ table: 'tickets.tickets', offset: '-1' },
			{ ...as('ada'), 'if-none-match': first.headers.get('etag')! }
		);
		expect(again.status).toBe(304);
		const caughtUp = await upToDate({ table: 'tickets.tickets' });
		const tail = await get({ table: 'tickets.tickets', offset: caughtUp.offset, handle });
		expect(tail.headers.get('electric-up-to-date')).toBe('');
		expect(tail.json).toEqual([
			{ headers: { control: 'up-to-date', global_last_seen_lsn: expect.stringMatching(/^\d+$/) } }
		]);
		const offset = tail.headers.get('electric-offset')!;
		const live = await get({ table: 'tickets.tickets', offset, handle, live: 'true' });
		expect(live.headers.get('electric-cursor')).toMatch(/^\d+$/);
		expect(live.headers.has('electric-schema')).toBe(false);
		expect(live.headers.get('electric-has-data')).toBe('false');
		expect(live.headers.get('electric-up-to-date')).toBe('');
	});

	test('carries the transaction, the place and the relation with every change', async () => {
		const { offset, handle } = await upToDate({ table: 'tickets.tickets', replica: 'full' });
		const waiting = get({ table: 'tickets.tickets', replica: 'full', offset, handle, live: 'true' });
		const seq = await house.write(`UPDATE i1.tickets SET title = 'zwei', points = 9 WHERE id = 2`);
		const { json, headers } = await waiting;
		expect(json).toEqual([
			{
				key: '"tickets"."tickets"/"2"',
				value: { id: '2', title: 'zwei', points: '9', assignee: null },
				old_value: { title: 'two', points: '1' },
				headers: {
					operation: 'update',
					txids: [expect.any(Number)],
					relation: ['tickets', 'tickets'],
					lsn: String(seq),
					op_position: 1,
					last: true
				}
			},
			{ headers: { control: 'up-to-date', global_last_seen_lsn: String(seq) } }
		]);
		expect(headers.get('electric-offset')).toBe(`${seq}_1`);
	});

	test('waits for an offset that is not there yet, then says that it is out of bounds', async () => {
		const { handle } = await upToDate({ table: 'tickets.tickets' });
		const beyond = `${house.live.position() + 5n}_0`;
		const { status, json } = await get({ table: 'tickets.tickets', handle, offset: beyond });
		expect(status).toBe(400);
		expect(json).toMatchObject({ errors: { offset: ['out of bounds for this shape'] } });
	});

	test('never gives a handle that the client knows to be dead', async () => {
		const { handle } = await upToDate({ table: 'tickets.tickets' });
		const same = await get({ table: 'tickets.tickets', offset: '-1' });
		expect(same.headers.get('electric-handle')).toBe(handle);
		const other = await get({ table: 'tickets.tickets', offset: '-1', expired_handle: handle });
		expect(other.headers.get('electric-handle')).not.toBe(handle);
	});

	test('answers offset=now at once, and log=changes_only without rows', async () => {
		const now = await get({ table: 'tickets.tickets', offset: 'now' });
		expect(now.headers.get('electric-up-to-date')).toBe('');
		expect(now.json).toHaveLength(1);
		const changes = await get({ table: 'tickets.tickets', offset: '-1', log: 'changes_only' });
		expect(changes.json).toEqual([{ headers: expect.objectContaining({ control: 'snapshot-end' }) }]);
		expect(changes.headers.get('electric-offset')).toBe('0_inf');
	});

	test('an address that is none harms nobody', async () => {
		const { port } = house.server.address() as AddressInfo;
		const answer = await new Promise<string>((resolve) => {
			const socket = connect(port, '127.0.0.1', () =>
				socket.write('GET //[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
			);
			let text = '';
			socket.on('data', (data) => (text += String(data)));
			socket.on('close', () => resolve(text));
		});
		expect(answer).toMatch(/^HTTP\/1.1 404/);
		expect((await get({ table: 'tickets.tickets', offset: '-1' })).status).toBe(200);
	});

	test('HEAD, OPTIONS and other methods', async () => {
		const head = await fetch(house.shapeUrl({ table: 'tickets.tickets', offset: '-1' }), {
			method: 'HEAD',
			headers: as('ada')
		});
		expect([head.status, await head.text()]).toEqual([200, '']);
		expect(head.headers.get('electric-handle')).toBeTruthy();
		const options = await fetch(`${house.url}/v1/shape`, { method: 'OPTIONS' });
		expect(options.status).toBe(204);
		expect(options.headers.get('access-control-allow-headers')).toContain('authorization');
		const refused = await fetch(`${house.url}/v1/shape`, { method: 'DELETE' });
		expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
		expect((await fetch(`${house.url}/v1/txid/1`, { method: 'POST' })).status).toBe(405);
	});
});

describe('a view that is open to anyone', () => {
	const read = async (headers: Record<string, string>, more: Record<string, string> = {}) => {
		const answer = await get({ table: 'tickets.news', offset: '-1', ...more }, headers);
		const messages = answer.status === 200 ? (answer.json as { value?: object }[]) : [];
		const values = messages.flatMap(({ value }) => value ?? []);
		return { status: answer.status, headers: answer.headers, values };
	};

	test('is read without a session, within its rules, and may stand in any cache', async () => {
		await house.write(`INSERT INTO i1.news VALUES (1, true, 'x'), (2, false, 'y')`);
		const nobody = await read({});
		expect([nobody.status, nobody.values]).toEqual([200, [{ id: '1', shown: 't' }]]);
		expect(nobody.headers.get('cache-control')).toContain('public');
		expect(nobody.headers.has('vary')).toBe(false);
		expect((await read({}, { where: 'id = 1' })).headers.get('cache-control')).toContain('public');
		expect((await read({}, { where: `draft = 'x'` })).status).toBe(400);
		expect((await read({}, { columns: 'id,draft' })).status).toBe(400);
	});

	test('tells those who are signed in what their roles tell them', async () => {
		const ada = await read(as('ada'));
		expect(ada.values).toHaveLength(2);
		expect(ada.headers.get('cache-control')).toContain('private');
		expect((await read(as('stranger'))).values).toEqual([{ id: '1', shown: 't' }]);
	});

	test('opens nothing else: what is closed answers as what is not there', async () => {
		const bodies = await Promise.all(
			['tickets.tickets', 'tickets.nothing', 'nothing.at_all'].map(async (table) => {
				const answer = await get({ table, offset: '-1' }, as('stranger'));
				return [answer.status, answer.json];
			})
		);
		expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
		expect(bodies[0]![0]).toBe(403);
		expect((await get({ table: 'tickets.tickets', offset: '-1' }, {})).status).toBe(401);
	});
});

describe('a change of grants', () => {
	test('ends a waiting answer with 403', async () => {
		house.grant('carl', 'project-user');
		const { offset, handle } = await upToDate({ table: 'tickets.tickets' }, as('carl'));
		const waiting = get({ table: 'tickets.tickets', offset, handle, live: 'true' }, as('carl'));
		await until(() => house.stream.stats().readers > 0, 'the reader');
		house.grant('carl');
		expect((await waiting).status).toBe(403);
	});

	test('ends it with 401 where the session ended', async () => {
		house.grant('carl', 'project-user');
		const { offset, handle } = await upToDate({ table: 'tickets.tickets' }, as('carl'));
		const waiting = get({ table: 'tickets.tickets', offset, handle, live: 'true' }, as('carl'));
		await until(() => house.stream.stats().readers > 0, 'the reader');
		house.signOut('carl');
		expect((await waiting).status).toBe(401);
	});

	test('sends a reader back who now sees other columns', async () => {
		house.grant('carl', 'project-user');
		const { offset, handle } = await upToDate({ table: 'tickets.tickets' }, as('carl'));
		const waiting = get({ table: 'tickets.tickets', offset, handle, live: 'true' }, as('carl'));
		await until(() => house.stream.stats().readers > 0, 'the reader');
		house.grant('carl', 'project-admin');
		expect((await waiting).status).toBe(409);
	});

	test('leaves the readers alone whom it does not concern', async () => {
		const { offset, handle } = await upToDate({ table: 'tickets.tickets' });
		const waiting = get({ table: 'tickets.tickets', offset, handle, live: 'true' });
		await until(() => house.stream.stats().readers > 0, 'the reader');
		house.grant('dora', 'project-user');
		await house.write(`UPDATE i1.tickets SET points = 77 WHERE id = 2`);
		const { status, json } = await waiting;
		expect(status).toBe(200);
		expect(json).toHaveLength(2);
	});
});

describe('a new release', () => {
	const shape = { table: 'tickets.tickets' };
	const without: Access = { views: { tickets: { read: [{ roles: ['agent'] }], columns: {} } }, commands: {} };

	test('leaves who is pinned to the one before it where they are', async () => {
		const pinned = { ...shape, release: 'aaaa00000000' };
		const { offset, handle } = await upToDate(pinned);
		house.release(access, 'bbbb');
		await house.write(`UPDATE i1.tickets SET points = 500 WHERE id = 2`);
		const { status, json } = await get({ ...pinned, offset, handle, live: 'true' });
		expect(status).toBe(200);
		expect(json).toHaveLength(2);
		// The view is the same, so is its log.
		expect((await get({ ...shape, release: 'bbbb00000000', offset, handle })).status).toBe(200);
	});

	test('ends the answers that it does not allow any more', async () => {
		const { offset, handle } = await upToDate(shape);
		const waiting = get({ ...shape, offset, handle, live: 'true' });
		await until(() => house.stream.stats().readers > 0, 'the reader');
		house.release(without, 'cccc');
		expect((await waiting).status).toBe(403);
	});

	test('is the second after which a pin counts no more', async () => {
		const { status, json } = await get({ ...shape, release: 'aaaa00000000', offset: '-1' });
		expect(status).toBe(400);
		expect(json).toMatchObject({ errors: { release: [expect.stringContaining('Reload')] } });
	});
});
