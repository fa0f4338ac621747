import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { liveLimits, type LiveLimits } from '#core/live';
import { liveHouse, type LiveHouse } from '#support/live';

/** Memory holds a fraction of what a slow reader is behind. */
const smallLimits: LiveLimits = {
	...liveLimits,
	tail: { rows: 8, size: 2_000_000, page: 50 },
	feed: { ...liveLimits.feed, entries: 4 }
};

let house: LiveHouse;
afterEach(() => house.stop());

async function begin(limits: LiveLimits, stalledMs = 40_000): Promise<void> {
	house = await liveHouse({
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
		timers: { longPollMs: 5_000, eventsMs: 40_000, keepAliveMs: 5_000, stalledMs },
		limits
	});
	house.grant('ada', 'project-user');
	await house.write(`INSERT INTO i1.items VALUES (1, '')`);
}

const headers = { authorization: 'Bearer ada' };

/** The place where a reader begins now. */
async function placeNow(): Promise<{ offset: string; handle: string }> {
	const start = await fetch(house.shapeUrl({ table: 'tickets.items', offset: 'now' }), {
		headers: { ...headers, connection: 'close' }
	});
	return { offset: start.headers.get('electric-offset')!, handle: start.headers.get('electric-handle')! };
}

function ask(search: Readonly<Record<string, string>>, times = 1): Socket {
	const query = new URLSearchParams({ project: 'home/main', table: 'tickets.items', ...search });
	const { port } = house.server.address() as AddressInfo;
	const socket = connect(port, '127.0.0.1');
	socket.on('error', () => {});
	const request = `GET /v1/shape?${query.toString()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ada\r\n\r\n`;
	socket.write(request.repeat(times));
	return socket;
}

async function openEvents(): Promise<Socket> {
	return ask({ ...(await placeNow()), live: 'true', live_sse: 'true' });
}

/** Numbers before a dash in the texts of the rows that a reader of events is sent. */
function seenBy(socket: Socket): () => number[] {
	let text = '';
	socket.on('data', (data) => (text += data.toString('latin1')));
	return () => [...text.matchAll(/"text":"(\d+)-/g)].map((match) => Number(match[1]));
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

const size = 250_000;
const change = (n: number) =>
	house.write(`UPDATE i1.items SET text = '${n}-' || repeat('x', ${size}) WHERE id = 1`);

test('a reader of events that stops reading costs no memory, and misses nothing', async () => {
	await begin(smallLimits);
	const socket = await openEvents();
	socket.pause();
	const changes = 80;
	for (let n = 1; n <= changes; n++) await change(n);
	// Twenty megabytes were changed; the response holds a page and the buffer's bound at most.
	expect(house.stream.stats().buffered).toBeLessThan(2_500_000);
	const seen = seenBy(socket);
	socket.resume();
	await expect.poll(() => seen().at(-1), { timeout: 20_000 }).toBe(changes);
	expect(seen()).toEqual(upTo(changes));
	socket.destroy();
}, 60_000);

test('a reader that takes all it is sent is never left waiting among the pages of a large batch', async () => {
	await begin(liveLimits);
	const socket = await openEvents();
	const seen = seenBy(socket);
	const rows = 40;
	await house.write(
		`INSERT INTO i1.items SELECT 100 + n, n || '-' || repeat('x', 600000) FROM generate_series(1, ${rows}) n`
	);
	await expect.poll(() => seen().length, { timeout: 10_000 }).toBe(rows);
	socket.destroy();
}, 60_000);

test('readers who take nothing are cut off, the others are not disturbed, and who comes back too late begins anew', async () => {
	await begin(smallLimits, 1_500);
	await change(0);
	const place = await placeNow();
	const stalled = [
		...(await Promise.all(Array.from({ length: 30 }, openEvents))),
		// ten megabytes of rows, one answer after the other
		...Array.from({ length: 10 }, () => ask({ offset: '-1' }, 40))
	];
	for (const socket of stalled) socket.pause();
	const good = await openEvents();
	const seen = seenBy(good);
	const connections = () =>
		new Promise<number>((resolve) => house.server.getConnections((_, n) => resolve(n)));
	const changes = 60;
	const late: number[] = [];
	const memory = process.memoryUsage().arrayBuffers;
	let most = 0;
	for (let n = 1; n <= changes; n++) {
		await change(n);
		const at = Date.now();
		await expect.poll(() => seen().at(-1), { interval: 2, timeout: 10_000 }).toBe(n);
		late.push(Date.now() - at);
		most = Math.max(most, process.memoryUsage().arrayBuffers - memory);
	}
	expect(seen()).toEqual(upTo(changes));
	expect(late.toSorted((a, b) => a - b)[changes / 2]).toBeLessThan(250);
	// Each of them was sent 15 megabytes; what waits for them is a page that they share.
	expect(most).toBeLessThan(60_000_000);
	await expect
		.poll(() => house.stream.stats(), { timeout: 15_000 })
		.toMatchObject({ readers: 1, buffered: 0 });
	// The good one's alone.
	await expect.poll(connections, { timeout: 15_000 }).toBe(1);
	house.forget(house.live.position());
	const back = await fetch(house.shapeUrl({ table: 'tickets.items', ...place, live: 'true' }), { headers });
	expect(back.status).toBe(409);
	expect(await back.json()).toEqual([{ headers: { control: 'must-refetch' } }]);
	for (const socket of [...stalled, good]) socket.destroy();
}, 60_000);
