import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { tcpProxy, type TcpProxy } from '#support/tcp-proxy';
import { openPools, transaction } from './pools.ts';

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

test('a connection that is reset between two queries fails its transaction and nothing else', async () => {
	const pools = openPools({ ...db.instance, urlAs: (login) => proxy.through(db.instance.urlAs(login)) });
	const failed = transaction(pools.app, async (client) => {
		await client.query('SELECT 1');
		proxy.reset();
		// nobody asks just now
		await new Promise((resolve) => setTimeout(resolve, 200));
		await client.query('SELECT 2');
	});
	await expect(failed).rejects.toThrow();
	// the next one is made anew
	expect((await pools.app.query<{ n: number }>('SELECT 3 AS n')).rows).toEqual([{ n: 3 }]);
	await pools.end();
});
