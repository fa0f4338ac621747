import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger, type LogRecord } from '#kernel';
import { openPools } from '#platform/postgres';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { tcpProxy, type TcpProxy } from '#support/tcp-proxy';
import { watchHealth } from './index.ts';
import { readingSql, type Reading } from './probe.ts';

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

async function read(): Promise<Reading> {
	const { rows } = await db.app.query<{ reading: Reading }>(readingSql, ['none']);
	return rows[0]!.reading;
}

test('names what holds an old snapshot, whoever it is', async () => {
	const holder = await db.connect(db.superuserUrl, { application_name: 'some report' });
	await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
	const other = await db.connect(db.superuserUrl);
	await other.query(
		`DO $$ BEGIN FOR i IN 1..1100 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`
	);
	const { holders, connections, connectionLimit, slot } = await read();
	expect(holders.map(({ who }) => who)).toContainEqual(expect.stringMatching(/^process \d+, some report$/));
	expect(connections).toBeGreaterThan(2);
	expect(connectionLimit).toBeGreaterThan(connections);
	expect(slot).toBeNull();
	await holder.end();
	expect((await read()).holders.map(({ who }) => who)).not.toContainEqual(
		expect.stringMatching(/some report/)
	);
	await other.end();
});

test('a network that is cut is told once, since it was cut, and ends', { timeout: 60_000 }, async () => {
	const records: LogRecord[] = [];
	const through = { ...db.instance, urlAs: () => proxy.through(db.instance.urlAs('app')) };
	const postgres = openPools(through);
	await db.app.query(`UPDATE loam.lease SET expires_at = now() + interval '1 hour'`);
	const health = watchHealth({ postgres, log: createLogger((record) => records.push(record)), everyMs: 100 });
	await new Promise((resolve) => setTimeout(resolve, 500));
	expect(health.state()).toEqual({ status: 'ready', problems: [] });
	const cutAt = Date.now();
	proxy.stall();
	await expect.poll(() => health.state().status, { timeout: 15_000 }).toBe('unavailable');
	const [problem] = health.state().problems;
	expect(problem).toMatchObject({ name: 'database', message: expect.stringMatching(/does not answer/) });
	expect(problem!.since.getTime() - cutAt).toBeLessThan(5_000);
	await new Promise((resolve) => setTimeout(resolve, 5_000));
	proxy.reset();
	await expect.poll(() => health.state(), { timeout: 15_000 }).toEqual({ status: 'ready', problems: [] });
	expect(records.map(({ level, fields }) => [level, fields['condition']])).toEqual([
		['warn', 'database'],
		['info', 'database']
	]);
	await health.stop();
	await postgres.end();
});
