import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Postgres } from '#platform/postgres';
import type { Place, Tenancy } from '#core/tenancy';
import { auditBank, bankTables, bankViews, makeBank, readView, transferring } from '#support/bank';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { ownCluster, type OwnCluster } from '#support/own-cluster';
import { testTenancy } from '#support/places';
import { createViews } from './index.ts';

let own: OwnCluster;
let tenancy: Tenancy;
let place: Place;

beforeAll(async () => {
	own = await ownCluster({
		max_slot_wal_keep_size: '64MB',
		wal_keep_size: '0',
		min_wal_size: '32MB',
		max_wal_size: '64MB'
	});
	tenancy = await testTenancy(own.db);
	place = await makeBank(own.db, tenancy);
}, 120_000);
afterAll(async () => {
	await tenancy?.end();
	await own?.drop();
});

/** Of the cluster as it is now: it may have been restarted. */
const start = (db: Postgres = own.db) =>
	createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });

test('a commit that is in the WAL before snapshots see it is carried over', { timeout: 60_000 }, async () => {
	// A writer that waits for a standby has its commit in the WAL and is not seen: the window, held open.
	// The maintainer itself does not wait for one here.
	const db: Postgres = {
		...own.db,
		connect: (url, options) =>
			own.db.connect(url, { ...options, options: `${options?.options ?? ''} -c synchronous_commit=local` })
	};
	const views = await start(db);
	await views.ensure(place, bankTables, bankViews);
	const auditor = await auditBank(views, place);
	const admin = await own.db.connect(own.cluster.url);
	await admin.query('SET synchronous_commit = local');
	const slow = await own.db.connect(own.cluster.url);
	const data = place.schema;
	await admin.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
	await admin.query('SELECT pg_reload_conf()');
	await sleep(200);
	const first = slow.query(
		`BEGIN; UPDATE ${data}.accounts SET balance = balance - 7 WHERE id = 1; UPDATE ${data}.accounts SET balance = balance + 7 WHERE id = 2; COMMIT`
	);
	await sleep(200);
	// later in the WAL, seen earlier
	await admin.query(
		`BEGIN; UPDATE ${data}.accounts SET balance = balance - 9 WHERE id = 3; UPDATE ${data}.accounts SET balance = balance + 9 WHERE id = 4; COMMIT`
	);
	await waitUntil(() => views.position().seq > auditor.seq);
	const second = await views.journal({ seq: auditor.seq }, 1000, views.find(place, bankViews[0]!.hash)!.id);
	expect(second.map(({ key }) => key)).toEqual(['3', '4']);
	auditor.follow(await views.journal({ seq: auditor.seq }, 1000));
	await admin.query('ALTER SYSTEM RESET synchronous_standby_names');
	await admin.query('SELECT pg_reload_conf()');
	await first;
	await waitUntil(() => views.position().seq > auditor.seq);
	const carried = await views.journal({ seq: auditor.seq }, 1000);
	auditor.follow(carried);
	expect(new Set(carried.filter(({ view }) => view === second[0]!.view).map(({ key }) => key))).toEqual(
		new Set(['1', '2'])
	);
	await slow.end();
	await admin.end();
	await views.stop();
});

test('an idle slot advances', { timeout: 60_000 }, async () => {
	const views = await start();
	const admin = await own.db.connect(own.cluster.url);
	await admin.query('CREATE TABLE public.noise (n int)');
	const lag = async () => {
		const { rows } = await admin.query<{ lag: string }>(
			`SELECT pg_current_wal_flush_lsn() - confirmed_flush_lsn AS lag FROM pg_replication_slots WHERE slot_name = 'loam_${own.db.instance.id}'`
		);
		return Number(rows[0]!.lag);
	};
	for (let round = 0; round < 5; round++) {
		await admin.query('INSERT INTO public.noise SELECT generate_series(1, 50000)');
		await waitUntil(async () => (await lag()) < 100_000);
	}
	await admin.query('DROP TABLE public.noise');
	await admin.end();
	await views.stop();
});

test(
	'a Postgres that is killed loses nothing that was committed, and the journal goes on without a gap',
	{ timeout: 180_000 },
	async () => {
		let views = await start();
		const auditor = await auditBank(views, place);
		const generation = views.find(place, bankViews[0]!.hash)!.generation;
		for (let round = 0; round < 4; round++) {
			const writers = transferring(own.cluster.url, place.schema, 3, 10);
			await sleep(300 + Math.random() * 900);
			await own.kill();
			await writers.stop();
			await views.stop();
			await tenancy.end();
			await own.restart();
			tenancy = await testTenancy(own.db);
			views = await start();
			await settle(views);
			auditor.crashed();
			auditor.follow(await views.journal({ seq: auditor.seq }, 1_000_000));
			for (const { hash } of bankViews) {
				const { view, rows } = await readView(views, place, hash);
				// a batch that readers know may have been undone
				expect(view.generation).toBe(generation + round + 1);
				expect(auditor.contents(view.id)).toEqual(new JournalReplica(rows).contents());
			}
		}
		expect(auditor.positions).toBeGreaterThan(20);
		await views.stop();
	}
);

test(
	'a slot that lost WAL is replaced, and every view is rebuilt as a new generation',
	{ timeout: 120_000 },
	async () => {
		let views = await start();
		const before = bankViews.map(({ hash }) => views.find(place, hash)!.generation);
		await views.stop();
		const admin = await own.db.connect(own.cluster.url);
		await admin.query(
			`UPDATE ${place.schema}.accounts SET balance = balance + CASE WHEN id % 2 = 0 THEN 3 ELSE -3 END`
		);
		const status = async () => {
			const { rows } = await admin.query<{ status: string }>(
				`SELECT wal_status AS status FROM pg_replication_slots WHERE slot_name = 'loam_${own.db.instance.id}'`
			);
			return rows[0]!.status;
		};
		await admin.query('CREATE TABLE public.noise (t text)');
		for (let n = 0; n < 40 && (await status()) !== 'lost'; n++) {
			await admin.query(`INSERT INTO public.noise SELECT repeat('x', 1000) FROM generate_series(1, 10000)`);
			await admin.query('SELECT pg_switch_wal()');
			await admin.query('CHECKPOINT');
		}
		expect(await status()).toBe('lost');
		views = await start();
		// the old generation is served until then
		await waitUntil(() =>
			bankViews.every(({ hash }, i) => (views.find(place, hash)?.generation ?? 0) > before[i]!)
		);
		expect(bankViews.map(({ hash }) => views.find(place, hash)!.generation)).toEqual(
			before.map((generation) => generation + 1)
		);
		// from here on as ever
		const auditor = await auditBank(views, place);
		const writers = transferring(own.cluster.url, place.schema, 2, 5);
		await sleep(500);
		await writers.stop();
		await settle(views);
		auditor.follow(await views.journal({ seq: auditor.seq }, 1_000_000));
		const sums = await readView(views, place, bankViews[2]!.hash);
		expect(auditor.contents(sums.view.id)).toEqual(new JournalReplica(sums.rows).contents());
		expect(await status()).toBe('reserved');
		await admin.end();
		await views.stop();
	}
);

async function settle(views: Awaited<ReturnType<typeof start>>): Promise<void> {
	const { rows } = await own.db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 20_000);
}

async function waitUntil(condition: () => unknown, ms = 20_000): Promise<void> {
	for (const until = Date.now() + ms; !(await condition()); await sleep(10)) {
		if (Date.now() > until) throw new Error('it did not come to pass in time');
	}
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
