import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { liveLimits, type LiveLimits } from '#core/live';
import { liveHouse, type LiveHouse } from '#support/live';

const [small, large] = await Promise.all([
	// Memory holds a fraction of what the reader is behind.
	openHouse({
		...liveLimits,
		tail: { rows: 8, size: 2_000_000, page: 50 },
		feed: { ...liveLimits.feed, entries: 4 }
	}),
	openHouse(liveLimits)
]);
afterAll(() => Promise.all([small.stop(), large.stop()]));

async function openHouse(limits: LiveLimits): Promise<LiveHouse> {
	const house = await liveHouse({
		views: [
			{
				name: 'items',
				columns: [
					{ name: 'id', type: 'integer', dims: 0, notNull: true, keyIndex: 0 },
					{ name: 'text', type: 'text', dims: 0, notNull: true }
				]
			}
		],
		access: { views: { items: { read: [{ roles: ['project-user'] }], columns: {} } }, commands: {} },
		timers: { longPollMs: 5_000, eventsMs: 40_000, keepAliveMs: 5_000 },
		limits
	});
	house.grant('ada', 'project-user');
	await house.write(`INSERT INTO i1.items VALUES (1, '')`);
	return house;
}

async function openEvents(house: LiveHouse): Promise<Socket> {
	const start = await fetch(house.shapeUrl({ table: 'tickets.items', offset: 'now' }), {
		headers: { authorization: 'Bearer ada' }
	});
	const search = new URLSearchParams({
		project: 'home/main',
		table: 'tickets.items',
		offset: start.headers.get('electric-offset')!,
		handle: start.headers.get('electric-handle')!,
		live: 'true',
		live_sse: 'true'
	});
	const { port } = house.server.address() as AddressInfo;
	const socket = connect(port, '127.0.0.1');
	socket.write(`GET /v1/shape?${search.toString()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada\r\n\r\n`);
	return socket;
}

test('a reader of events that stops reading costs no memory, and misses nothing', async () => {
	const socket = await openEvents(small);
	socket.pause();
	const changes = 80;
	const size = 250_000;
	for (let n = 1; n <= changes; n++) {
		await small.write(`UPDATE i1.items SET text = '${n}-' || repeat('x', ${size}) WHERE id = 1`);
	}
	// Twenty megabytes were changed; the response holds a page and the buffer's bound at most.
	expect(small.stream.stats().buffered).toBeLessThan(2_500_000);
	let text = '';
	socket.on('data', (data) => (text += data.toString('latin1')));
	socket.resume();
	const deadline = Date.now() + 20_000;
	const seen = () => [...text.matchAll(/"text":"(\d+)-/g)].map((match) => Number(match[1]));
	while (seen().at(-1) !== changes && Date.now() < deadline)
		await new Promise((resolve) => setTimeout(resolve, 50));
	expect(seen()).toEqual(Array.from({ length: changes }, (_, n) => n + 1));
	socket.destroy();
}, 60_000);

test('a reader that takes all it is sent is never left waiting among the pages of a large batch', async () => {
	const socket = await openEvents(large);
	let text = '';
	socket.on('data', (data) => (text += data.toString('latin1')));
	const rows = 40;
	const seen = () => [...text.matchAll(/"text":"large (\d+)-/g)].map((match) => Number(match[1]));
	await large.write(
		`INSERT INTO i1.items SELECT 100 + n, 'large ' || n || '-' || repeat('x', 600000) FROM generate_series(1, ${rows}) n`
	);
	const deadline = Date.now() + 10_000;
	while (seen().length < rows && Date.now() < deadline)
		await new Promise((resolve) => setTimeout(resolve, 50));
	socket.destroy();
	expect(seen().length).toBe(rows);
}, 60_000);
