import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { tcpProxy, type TcpProxy } from '#support/tcp-proxy';
import { openListener } from './listener.ts';

let db: TestPostgres;
let proxy: TcpProxy;
beforeAll(async () => {
	db = await testPostgres();
	const { hostname: host, port } = new URL(db.superuserUrl);
	proxy = await tcpProxy({ host, port: Number(port) });
});
afterAll(async () => {
	await proxy.close();
	await db.drop();
});

function open() {
	const listener = openListener(proxy.through(db.instance.urlAs('app')), {
		beatMs: 200,
		answerWithinMs: 400
	});
	const heard: string[] = [];
	const hear = (channel: string) =>
		listener.hear(channel, {
			told: (payload) => heard.push(`${channel} ${payload}`),
			gap: () => heard.push(`${channel} gap`)
		});
	return { listener, heard, hear };
}

test('one connection hears all channels, and tells', async () => {
	const { listener, heard, hear } = open();
	const leave = await hear('one');
	await hear('two');
	await db.app.query(`SELECT pg_notify('one', 'a'), pg_notify('two', 'b')`);
	listener.tell('two', 'c');
	await expect.poll(() => heard).toEqual(['one a', 'two b', 'two c']);
	leave();
	await db.app.query(`SELECT pg_notify('one', 'd'), pg_notify('two', 'e')`);
	await expect.poll(() => heard.slice(3)).toEqual(['two e']);
	await listener.end();
});

test.each([
	['a reset', () => proxy.reset()],
	['silence', () => proxy.stall()]
])('after %s it hears again, and says that there was a gap', async (_, cut) => {
	const { listener, heard, hear } = open();
	await hear('one');
	cut();
	await new Promise((resolve) => setTimeout(resolve, 1_000));
	proxy.resume();
	await expect.poll(() => heard, { timeout: 10_000 }).toContain('one gap');
	await db.app.query(`SELECT pg_notify('one', 'later')`);
	await expect.poll(() => heard).toContain('one later');
	await listener.end();
});

test('what could not be heard at first is heard later', async () => {
	proxy.stall();
	const { listener, heard, hear } = open();
	const failed = expect(hear('one')).rejects.toThrow();
	await new Promise((resolve) => setTimeout(resolve, 200));
	proxy.reset();
	await failed;
	await expect.poll(() => heard, { timeout: 10_000 }).toContain('one gap');
	await listener.end();
});
