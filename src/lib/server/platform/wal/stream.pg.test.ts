import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '#platform/postgres';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { tcpProxy } from '#support/tcp-proxy';
import { openWalStream, type WalMessage, type WalOptions, type WalStream } from './index.ts';

let db: TestPostgres;
let writer: Client;

beforeAll(async () => {
	db = await testPostgres();
	writer = await db.connect(db.superuserUrl);
	await writer.query(`
		CREATE TABLE public.plain (id int PRIMARY KEY, n numeric, big text, seen timestamptz);
		CREATE TABLE public.whole (id int PRIMARY KEY, big text);
		ALTER TABLE public.whole REPLICA IDENTITY FULL;
		ALTER TABLE public.whole ALTER COLUMN big SET STORAGE EXTERNAL;
		CREATE PUBLICATION p FOR TABLE public.plain, public.whole`);
	await writer.query(`SELECT pg_create_logical_replication_slot('s_${db.instance.id}', 'pgoutput')`);
});
afterAll(async () => {
	await writer?.end();
	await db?.drop();
});

/** Opens the slot and gathers what comes. */
async function open(over: Partial<WalOptions> = {}) {
	const messages: WalMessage[] = [];
	let ended: Error | undefined;
	const stream = await openWalStream({
		url: db.superuserUrl,
		slot: `s_${db.instance.id}`,
		publication: 'p',
		onMessage: (message) => messages.push(message),
		onEnd: (error) => (ended = error),
		...over
	});
	return { stream, messages, ended: () => ended };
}

async function waitUntil(condition: () => unknown, ms = 10_000): Promise<void> {
	for (
		const until = Date.now() + ms;
		!(await condition());
		await new Promise((resolve) => setTimeout(resolve, 5))
	) {
		if (Date.now() > until) throw new Error('it did not come to pass in time');
	}
}

const commits = (messages: readonly WalMessage[]) => messages.filter(({ kind }) => kind === 'commit').length;
const rowsOf = (messages: readonly WalMessage[]) =>
	messages.flatMap((m): unknown[][] => {
		if (m.kind === 'insert') return [['insert', m.relation.name, m.new]];
		if (m.kind === 'update') return [['update', m.old?.values, m.new]];
		if (m.kind === 'delete') return [['delete', m.old.whole, m.old.values]];
		if (m.kind === 'truncate') return [['truncate', m.relations.map(({ name }) => name)]];
		return [];
	});

async function acknowledgeAll(stream: WalStream, messages: WalMessage[]): Promise<void> {
	const last = messages.filter((m) => m.kind === 'commit').at(-1)!;
	stream.acknowledge(last.endLsn);
	await stream.close();
}

test('delivers what Postgres writes, in text under the output settings', async () => {
	const { stream, messages } = await open();
	const wide = 'x'.repeat(9000);
	await writer.query(`INSERT INTO public.plain VALUES (1, 1.50, NULL, '2026-11-20 12:00+02')`);
	await writer.query(`UPDATE public.plain SET id = 2`);
	await writer.query(`DELETE FROM public.plain`);
	await writer.query(`INSERT INTO public.whole VALUES (1, '${wide}')`);
	await writer.query(`UPDATE public.whole SET id = 2`);
	await writer.query(`TRUNCATE public.plain, public.whole`);
	await waitUntil(() => commits(messages) === 6);
	expect(rowsOf(messages)).toEqual([
		['insert', 'plain', ['1', '1.50', null, '2026-11-20 10:00:00+00']],
		['update', ['1', null, null, null], ['2', '1.50', null, '2026-11-20 10:00:00+00']],
		['delete', false, ['2', null, null, null]],
		['insert', 'whole', ['1', wide]],
		['update', ['1', wide], ['2', undefined]],
		['truncate', ['plain', 'whole']]
	]);
	await acknowledgeAll(stream, messages);
});

test('sends again what was not acknowledged, and nothing that was', async () => {
	const first = await open();
	await writer.query(`INSERT INTO public.plain VALUES (10); INSERT INTO public.plain VALUES (11)`);
	await writer.query(`INSERT INTO public.plain VALUES (12)`);
	await waitUntil(() => commits(first.messages) === 2);
	const [one] = first.messages.filter((m) => m.kind === 'commit');
	first.stream.acknowledge(one!.endLsn);
	await first.stream.close();
	expect(first.ended()).toBeUndefined();
	const second = await open();
	await waitUntil(() => commits(second.messages) === 1);
	expect(rowsOf(second.messages).map(([, , row]) => row)).toEqual([['12', null, null, null]]);
	await acknowledgeAll(second.stream, second.messages);
});

test('leaves out what has an origin, and passes on messages', async () => {
	const { stream, messages } = await open();
	const name = `test_${db.instance.id}`;
	await writer.query(`SELECT pg_replication_origin_create('${name}')`);
	await writer.query(`SELECT pg_replication_origin_session_setup('${name}')`);
	await writer.query(`INSERT INTO public.plain VALUES (20)`);
	await writer.query(`SELECT pg_replication_origin_session_reset()`);
	await writer.query(`SELECT pg_replication_origin_drop('${name}')`);
	await writer.query(`SELECT pg_logical_emit_message(false, 'loam', 'hello', true)`);
	await waitUntil(() => messages.some((m) => m.kind === 'message'));
	expect(messages).toMatchObject([
		{ kind: 'message', transactional: false, prefix: 'loam', content: 'hello' }
	]);
	await stream.close();
});

test('a pause holds the server back, and nothing is lost', async () => {
	const { stream, messages } = await open();
	stream.pause();
	await writer.query(
		`INSERT INTO public.plain SELECT n, n, repeat('y', 1000) FROM generate_series(1000, 30000) n`
	);
	await new Promise((resolve) => setTimeout(resolve, 300));
	const held = messages.length;
	stream.resume();
	await waitUntil(() => commits(messages) === 1, 30_000);
	expect(held).toBeLessThan(29_001);
	expect(rowsOf(messages)).toHaveLength(29_001);
	await acknowledgeAll(stream, messages);
});

test('answers before the server loses patience, also when it has nothing to say', async () => {
	const { stream, ended } = await open({ settings: '-c wal_sender_timeout=1s' });
	await new Promise((resolve) => setTimeout(resolve, 2500));
	expect(ended()).toBeUndefined();
	await stream.close();
});

test('notices a network that was cut without a word', async () => {
	const { hostname: host, port } = new URL(db.superuserUrl);
	const proxy = await tcpProxy({ host, port: Number(port) });
	const { stream, ended } = await open({
		url: proxy.through(db.superuserUrl),
		settings: '-c wal_sender_timeout=1s'
	});
	proxy.stall();
	await waitUntil(ended, 4_000);
	expect(ended()).toMatchObject({ reason: 'WAL_CONNECTION_LOST' });
	await stream.close();
	await proxy.close();
});

test('says why it ended when it was cut off, and refuses a slot that is not there', async () => {
	const { ended, stream } = await open();
	await writer.query(
		`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 's_${db.instance.id}'`
	);
	await waitUntil(ended);
	await stream.close();
	await expect(
		openWalStream({ url: db.superuserUrl, slot: 'none', publication: 'p', onMessage() {}, onEnd() {} })
	).rejects.toMatchObject({ reason: 'WAL_START_FAILED' });
});
