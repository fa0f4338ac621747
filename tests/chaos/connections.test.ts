import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { healthOf, logOf, startNodes, waitUntil, type Nodes } from '#support/nodes';
import { auditTickets, type TicketAudit } from '#support/ticket-audit';
import { openDesk, openTicket, writeTickets, type Desk } from '#support/ticket-writers';

/** Somebody else takes all of Postgres's 100 connections. */
let all: Nodes;
let desk: Desk;
let audit: TicketAudit;

beforeAll(async () => {
	all = await startNodes(2, { settings: { max_connections: '100' } });
	desk = await openDesk(all.nodes[0]!);
	audit = auditTickets(all, all.nodes, desk);
});
afterAll(async () => {
	audit?.stop();
	await all?.stop();
});

test('what is connected goes on, the rest waits, and all is well when they are free again', async () => {
	await openTicket(all.nodes[0]!, desk, 'before');
	await openTicket(all.nodes[1]!, desk, 'before too');
	await all.query(`CREATE ROLE greedy LOGIN PASSWORD 'greedy'; GRANT CONNECT ON DATABASE postgres TO greedy`);
	const before = all.nodes.map((node) => logOf(node).length);
	const held = await takeAll();
	expect(held.length).toBeGreaterThan(20);
	await waitUntil(
		async () => (await healthOf(all.nodes[0]!)).problems?.some(({ name }) => name === 'connections'),
		'the nodes say what is short',
		15_000
	);
	expect((await healthOf(all.nodes[0]!)).status).toBe('degraded');
	const writers = writeTickets(all.nodes, desk, 50);
	await new Promise((resolve) => setTimeout(resolve, 5_000));
	// a maintainer that has to connect anew just now waits for a place
	await all.query(
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN ('loam maintainer', 'loam wal')`
	);
	held.push(...(await takeAll()));
	await new Promise((resolve) => setTimeout(resolve, 5_000));
	await Promise.all(held.map((client) => client.end()));
	await waitUntil(
		async () => (await Promise.all(all.nodes.map(healthOf))).every(({ status }) => status === 'ready'),
		'both nodes are ready again'
	);
	await writers.stop();
	await openTicket(all.nodes[1]!, desk, 'after');
	await audit.settle(new Set([...writers.acknowledged, 'before', 'before too', 'after']));
	expect(audit.refetches()).toBe(0);
	expect(writers.acknowledged.size).toBeGreaterThan(10);
	for (const [index, node] of all.nodes.entries()) {
		const warned = logOf(node)
			.slice(before[index])
			.filter(({ level }) => level !== 'info');
		expect(warned.length).toBeLessThan(25);
	}
});

async function takeAll(): Promise<pg.Client[]> {
	const taken: pg.Client[] = [];
	const url = new URL(all.url);
	Object.assign(url, { username: 'greedy', password: 'greedy' });
	for (;;) {
		const client = new pg.Client({ connectionString: url.toString() });
		client.on('error', () => {});
		try {
			await client.connect();
			taken.push(client);
		} catch (error) {
			// 53300: there is none left
			if ((error as { code?: string }).code === '53300') return taken;
			throw error;
		}
	}
}
