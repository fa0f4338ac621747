import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { liveHouse, type LiveHouse } from '#support/live';

const user = ['project-user'];
let house: LiveHouse;
beforeAll(async () => {
	house = await liveHouse({
		views: [
			{
				name: 'items',
				columns: [
					{ name: 'id', type: 'integer', dims: 0, notNull: true, keyIndex: 0 },
					{ name: 'title', type: 'text', dims: 0, notNull: true }
				]
			}
		],
		access: { views: { items: { read: [{ roles: user }], columns: {} } }, commands: {} },
		timers: { longPollMs: 5_000, eventsMs: 5_000, keepAliveMs: 500 },
		connection: { requests: 8, backlog: 200_000, mostWaiting: 1_000_000, pingMs: 1_500, sessionMs: 400 }
	});
	house.grant('ada', 'project-user');
	await house.write(`INSERT INTO i1.items SELECT n, repeat('x', 200) FROM generate_series(1, 500) n`);
});
afterAll(() => house.stop());

const sockets: WebSocket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.terminate()));

type Frame = Record<string, unknown> & {
	id?: number;
	status?: number;
	headers: Record<string, string>;
	body: string;
};

function connect(headers: Record<string, string> = {}, options: object = {}) {
	const url = `${house.url.replace('http', 'ws')}/v1/live`;
	const socket = new WebSocket(url, {
		headers: { origin: house.url, cookie: 'who=ada', ...headers },
		...options
	});
	sockets.push(socket);
	const frames: Frame[] = [];
	socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame));
	socket.on('error', () => {});
	const settled = new Promise<number | 'open'>((resolve) => {
		socket.once('open', () => resolve('open'));
		socket.once('unexpected-response', (_request, response) => resolve(response.statusCode!));
	});
	const closed = new Promise<number>((resolve) => socket.once('close', resolve));
	return { socket, frames, settled, closed, send: (frame: unknown) => socket.send(JSON.stringify(frame)) };
}

async function until<T>(find: () => T | undefined | false, what: string): Promise<T> {
	const deadline = Date.now() + 5_000;
	for (;;) {
		const found = find();
		if (found) return found;
		if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

const shape = (params: Record<string, string>) =>
	`/v1/shape?${new URLSearchParams({ project: 'home/main', table: 'tickets.items', ...params }).toString()}`;
const request = (id: number, params: Record<string, string>) => ({
	id,
	method: 'GET',
	url: shape(params),
	headers: {}
});

async function caughtUp(connection: ReturnType<typeof connect>) {
	connection.send(request(900_000, { offset: '-1' }));
	const first = await until(() => connection.frames.find(({ id }) => id === 900_000), 'the snapshot');
	const handle = first.headers['electric-handle']!;
	connection.send(request(900_001, { offset: first.headers['electric-offset']!, handle }));
	const tail = await until(() => connection.frames.find(({ id }) => id === 900_001), 'the tail');
	return { handle, offset: tail.headers['electric-offset']! };
}

describe('who may connect', () => {
	test.each<[string, Record<string, string>, number | 'open']>([
		['a page of this origin with a session', {}, 'open'],
		['a page of another origin', { origin: 'https://evil.example' }, 403],
		['no page at all', { origin: '' }, 403],
		['another site, by its fetch metadata', { 'sec-fetch-site': 'cross-site' }, 403],
		['nobody', { cookie: '' }, 401],
		['an ended session', { cookie: 'who=nobody' }, 401]
	])('%s', async (_who, headers, outcome) => {
		expect(await connect(headers).settled).toBe(outcome);
	});
});

describe('frames', () => {
	test('requests are answered by their number, as over HTTP', async () => {
		const connection = connect();
		await connection.settled;
		connection.send(request(7, { offset: '-1' }));
		connection.send(request(8, { offset: 'nonsense' }));
		const seven = await until(() => connection.frames.find(({ id }) => id === 7), 'the rows');
		expect(seven.status).toBe(200);
		expect(JSON.parse(seven.body)).toHaveLength(501);
		expect(seven.headers['electric-handle']).toBeTruthy();
		const eight = await until(() => connection.frames.find(({ id }) => id === 8), 'the refusal');
		expect(eight.status).toBe(400);
	});

	test('a change reaches all that wait; what was cancelled is not answered', async () => {
		const connection = connect();
		await connection.settled;
		const place = await caughtUp(connection);
		for (const id of [1, 2, 3]) connection.send(request(id, { ...place, live: 'true', cursor: String(id) }));
		await until(() => house.stream.stats().readers === 3, 'three readers');
		connection.send({ cancel: 2 });
		await until(() => house.stream.stats().readers === 2, 'two readers');
		await house.write(`UPDATE i1.items SET title = 'changed' WHERE id = 1`);
		await until(
			() => [1, 3].every((id) => connection.frames.some((frame) => frame.id === id)),
			'both answers'
		);
		expect(connection.frames.some(({ id }) => id === 2)).toBe(false);
	});

	test.each(['{', '[]', '{"id":"x","url":"/v1/shape"}', '{"id":1}', '{"cancel":"all"}', '{"watch":7}'])(
		'%s ends the connection',
		async (text) => {
			const connection = connect();
			await connection.settled;
			connection.socket.send(text);
			expect(await connection.closed).toBe(1008);
		}
	);

	test('one that is too large ends the connection', async () => {
		const connection = connect();
		await connection.settled;
		connection.send(request(1, { offset: '-1', where: 'x'.repeat(70_000) }));
		expect(await connection.closed).toBe(1009);
	});

	test('other addresses and methods are refused', async () => {
		const connection = connect();
		await connection.settled;
		connection.send({ id: 1, method: 'GET', url: '/login', headers: {} });
		connection.send({ id: 4, method: 'GET', url: '//[', headers: {} });
		connection.send({ id: 2, method: 'DELETE', url: shape({ offset: '-1' }), headers: {} });
		connection.send({
			id: 3,
			method: 'GET',
			url: shape({ ...(await caughtUp(connection)), live: 'true', live_sse: 'true' }),
			headers: {}
		});
		await until(
			() => [1, 2, 3].every((id) => connection.frames.some((frame) => frame.id === id)),
			'the answers'
		);
		for (const id of [1, 2, 3, 4])
			expect(connection.frames.find((frame) => frame.id === id)!.status).toBe(400);
	});
});

test('a subset is asked for by POST', async () => {
	const connection = connect();
	await connection.settled;
	const body = '{"where":"id = $1","params":{"1":1}}';
	connection.send({ id: 1, method: 'POST', url: shape({ offset: 'now' }), headers: {}, body });
	await until(() => connection.frames.some(({ id }) => id === 1), 'the answer');
	const answer = connection.frames.find(({ id }) => id === 1)!;
	expect([answer.status, (JSON.parse(answer.body!) as { data: unknown[] }).data.length]).toEqual([200, 1]);
});

describe('bounds', () => {
	test('so many requests may be open', async () => {
		const connection = connect();
		await connection.settled;
		const place = await caughtUp(connection);
		for (let id = 1; id <= 9; id++) connection.send(request(id, { ...place, live: 'true' }));
		const refused = await until(() => connection.frames.find(({ id }) => id === 9), 'the refusal');
		expect(refused.status).toBe(503);
		expect(house.stream.stats().readers).toBe(8);
	});

	test('a slow page has little waiting for it, and gets all of it once it reads on', async () => {
		const connection = connect();
		await connection.settled;
		connection.socket.pause();
		// Each answer is about 130 kB; the sockets of the system take some of them.
		let asked = 0;
		for (let round = 0; round < 150; round++) {
			connection.send(request(++asked, { offset: '-1' }));
			await new Promise((resolve) => setTimeout(resolve, 2));
		}
		expect(house.stream.stats().buffered).toBeLessThan(500_000);
		connection.socket.resume();
		await until(() => connection.frames.length === asked, 'every answer');
		const refused = connection.frames.filter(({ status }) => status === 503).length;
		expect(connection.frames.filter(({ status }) => status === 200).length).toBe(asked - refused);
	});

	test('a page for which too much waits is cut off', async () => {
		const connection = connect();
		await connection.settled;
		const place = await caughtUp(connection);
		for (let id = 1; id <= 8; id++) connection.send(request(id, { ...place, live: 'true' }));
		await until(() => house.stream.stats().readers === 8, 'eight readers');
		connection.socket.pause();
		// Each of the eight is answered with a megabyte; the sockets of the system take some of them.
		await house.write(`UPDATE i1.items SET title = repeat('y', 40000) WHERE id <= 25`);
		await until(() => house.stream.stats().connections === 0, 'the end of it');
		expect(house.stream.stats().buffered).toBe(0);
		await house.write(`UPDATE i1.items SET title = 'short' WHERE id <= 25`);
	});

	test('a page that does not answer a ping is cut off', async () => {
		const connection = connect({}, { autoPong: false });
		await connection.settled;
		expect(await connection.closed).toBe(1006);
		await until(() => house.stream.stats().connections === 0, 'the end of it');
	});
});

describe('what it is told', () => {
	test('the end of the session', async () => {
		house.grant('eve', 'project-user');
		const connection = connect({ cookie: 'who=eve' });
		await connection.settled;
		house.signOut('eve');
		expect(await connection.closed).toBe(1008);
	});

	test('the end of the session by time, of which nobody tells', async () => {
		house.grant('eve', 'project-user');
		const connection = connect({ cookie: 'who=eve' });
		await connection.settled;
		house.expire('eve');
		expect(await connection.closed).toBe(1008);
	});

	test('a refusal of what it waits for, when its grants are taken away', async () => {
		house.grant('eve', 'project-user');
		const connection = connect({ cookie: 'who=eve' });
		await connection.settled;
		connection.send({ watch: [{ project: 'home/main', module: 'tickets' }] });
		const place = await caughtUp(connection);
		connection.send(request(1, { ...place, live: 'true' }));
		await until(() => house.stream.stats().readers === 1, 'the reader');
		house.grant('eve');
		const answer = await until(() => connection.frames.find(({ id }) => id === 1), 'the answer');
		expect(answer.status).toBe(403);
		await until(() => connection.frames.find(({ type }) => type === 'grants'), 'the word');
	});

	test('nothing of modules in projects that it has no part in', async () => {
		house.grant('mallory');
		const connection = connect({ cookie: 'who=mallory' });
		await connection.settled;
		connection.send({ watch: [{ project: 'home/main', module: 'tickets' }] });
		house.release({ views: { items: { read: [{ roles: user }], columns: {} } }, commands: {} }, 'dddd');
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(connection.frames).toEqual([]);
	});
});
