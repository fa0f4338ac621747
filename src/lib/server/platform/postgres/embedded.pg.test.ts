import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import { startEmbedded } from './embedded.ts';

test('a Postgres that dies is started again at the same address', { timeout: 60_000 }, async () => {
	const dir = mkdtempSync(join(tmpdir(), 'loam-embedded-'));
	chmodSync(dir, 0o755);
	const cluster = await startEmbedded(dir, silentLogger, { shared_buffers: '16MB' });
	const states: string[] = [];
	cluster.keepAlive((reason) => states.push(reason ? 'down' : 'up'));
	const query = async (sql: string) => {
		const client = new pg.Client({ connectionString: cluster.url });
		client.on('error', () => {});
		await client.connect();
		const { rows } = await client.query<{ n: number }>(sql);
		await client.end();
		return rows;
	};
	await query('CREATE TABLE kept AS SELECT 1 AS n');
	for (const signal of ['SIGKILL', 'SIGINT'] as const) {
		const before = cluster.pid;
		process.kill(before, signal);
		await expect
			.poll(() => query('SELECT n FROM kept').catch(() => undefined), { timeout: 30_000 })
			.toEqual([{ n: 1 }]);
		await expect.poll(() => states.at(-1)).toBe('up');
		expect(cluster.pid).not.toBe(before);
	}
	expect(states[0]).toBe('down');
	await cluster.stop();
	await expect(query('SELECT 1')).rejects.toThrow();
	rmSync(dir, { recursive: true, force: true });
});
