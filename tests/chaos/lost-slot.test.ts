import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningLoam } from '#support/loam';
import { healthOf, logOf, startNodes, waitUntil, type Nodes } from '#support/nodes';
import { tcpProxy, type TcpProxy } from '#support/tcp-proxy';
import { auditTickets, type TicketAudit } from '#support/ticket-audit';
import { openDesk, openTicket, type Desk } from '#support/ticket-writers';

/** While the only node is cut off, Postgres throws away changes that its views needed. */
let all: Nodes;
let proxy: TcpProxy;
let node: RunningLoam;
let desk: Desk;
let audit: TicketAudit;

beforeAll(async () => {
	all = await startNodes(0, {
		settings: {
			max_slot_wal_keep_size: '64MB',
			wal_keep_size: '0',
			min_wal_size: '32MB',
			max_wal_size: '64MB'
		}
	});
	proxy = await tcpProxy({ host: '127.0.0.1', port: Number(new URL(all.url).port) });
	node = await all.add(proxy.through(all.url));
	desk = await openDesk(node);
	audit = auditTickets(all, [node], desk);
});
afterAll(async () => {
	audit?.stop();
	proxy?.resume();
	await all?.stop();
	await proxy?.close();
});

test('a lost slot: the views are rebuilt by themselves, and every reader fetches again once', async () => {
	for (let n = 0; n < 5; n++) await openTicket(node, desk, `before ${n}`);
	await audit.settle(new Set(['before 0']));
	proxy.stall();
	// a change that only the slot knew of
	await all.query(`UPDATE i1.tickets SET title = 'changed while nobody looked' WHERE title = 'before 0'`);
	await all.query('CREATE TABLE public.noise (t text)');
	const status = async () =>
		(await all.query<{ status: string }>('SELECT wal_status AS status FROM pg_replication_slots'))[0]!.status;
	for (let n = 0; n < 60 && (await status()) !== 'lost'; n++) {
		await all.query(`INSERT INTO public.noise SELECT repeat('x', 1000) FROM generate_series(1, 10000)`);
		await all.query('SELECT pg_switch_wal()');
		await all.query('CHECKPOINT');
	}
	expect(await status()).toBe('lost');
	const before = logOf(node).length;
	proxy.reset();
	const at = Date.now();
	await waitUntil(async () => (await healthOf(node)).status === 'ready', 'the node is ready again', 60_000);
	await openTicket(node, desk, 'after');
	await audit.settle(new Set(['before 1', 'changed while nobody looked', 'after']), 60_000);
	console.log(`a lost slot: all readers are exact ${Date.now() - at} ms after the node was back`);
	expect(audit.refetches()).toBe(audit.readers.length);
	expect(await status()).toBe('reserved');
	const told = logOf(node).slice(before);
	expect(told.filter(({ message }) => message.startsWith('all views are rebuilt'))).toHaveLength(1);
});
