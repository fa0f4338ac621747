import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Place, Tenancy } from '#core/tenancy';
import { auditBank, bankTables, bankViews, makeBank, readView, transferring } from '#support/bank';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { maintainedSpec, throughSpec } from '#support/view-specs';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;

const start = () => createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makeBank(db, tenancy);
});
afterAll(async () => {
	await tenancy?.end();
	await db?.drop();
});

test('a second node waits for the lease and goes on where the first stopped', async () => {
	const first = await start();
	await first.ensure(place, bankTables, bankViews);
	const auditor = await auditBank(first, place);
	let isSecondUp = false;
	const starting = start().then((views) => {
		isSecondUp = true;
		return views;
	});
	const writers = transferring(db.superuserUrl, place.schema, 2, 5);
	await sleep(400);
	expect(isSecondUp).toBe(false);
	await first.stop();
	const second = await starting;
	await sleep(300);
	await writers.stop();
	await settle(second);
	auditor.follow(await second.journal({ seq: auditor.seq }, 100_000));
	expect(auditor.seq).toBe(second.position().seq);
	await second.stop();
});

test('a node whose lease was taken commits nothing more', async () => {
	const views = await start();
	const before = views.position();
	// what a takeover does first
	await onSuperuser('UPDATE loam.position SET epoch = epoch + 1');
	await onSuperuser(
		`UPDATE ${place.schema}.accounts SET balance = balance + CASE WHEN id = 1 THEN 5 ELSE -5 END WHERE id < 3`
	);
	// it notices at its next commit, and takes the lease again as there is no other holder
	await settle(views);
	const rows = await views.journal(before, 100);
	expect(new Set(rows.map(({ seq }) => seq))).toEqual(new Set([before.seq + 1n]));
	const { rows: position } = await db.app.query<{ seq: string; epoch: string }>(
		'SELECT seq, epoch FROM loam.position'
	);
	expect(BigInt(position[0]!.seq)).toBe(before.seq + 1n);
	await views.stop();
});

test('a holder that hangs is cut off when its time is up', async () => {
	const hung = await db.connect(db.instance.urlAs('views'));
	let cut = false;
	hung.on('end', () => (cut = true));
	await hung.query(`SELECT pg_advisory_lock(hashtextextended('loam.views', 0))`);
	await onSuperuser(`UPDATE loam.lease SET expires_at = now() + interval '1 second'`);
	const from = Date.now();
	const views = await start();
	expect(Date.now() - from).toBeGreaterThan(800);
	expect(cut).toBe(true);
	await views.stop();
});

test(
	'a view of a large table is built beside the maintainer, among writers',
	{ timeout: 120_000 },
	async () => {
		const large = await makePlace(
			db,
			tenancy,
			'large',
			'CREATE TABLE points (id int PRIMARY KEY, n int NOT NULL, filler text NOT NULL)',
			`INSERT INTO points SELECT n, n, repeat('x', 100) FROM generate_series(1, 150000) n`
		);
		const doubled = maintainedSpec({
			name: 'doubled',
			hash: 'ee00000000000001',
			select: 'SELECT id::text AS key, n * 2 AS n FROM {data}.points WHERE n % 10 <> 0',
			columns: [['n', 'integer']],
			sources: [{ table: 'points', key: ['id'] }],
			touched: 'SELECT key FROM changed'
		});
		const points = throughSpec(
			'points',
			'id',
			[
				['id', 'integer'],
				['n', 'integer'],
				['filler', 'text']
			],
			'ee00000000000002'
		);
		const views = await start();
		const writer = await db.connect(db.superuserUrl);
		let writes = 0;
		let over = false;
		const writing = (async () => {
			while (!over) {
				const id = 1 + (writes++ % 150_000);
				await writer.query(
					`BEGIN; UPDATE ${large.schema}.points SET n = n + 1 WHERE id = ${id}; DELETE FROM ${large.schema}.points WHERE id = ${150_000 - writes}; COMMIT`
				);
				const { rows } = await writer.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
				await views.whenApplied(BigInt(rows[0]!.xid), 30_000);
			}
		})();
		await views.ensure(large, [{ name: 'points', key: ['id'] }], [doubled, points]);
		await sleep(100);
		over = true;
		await writing;
		await writer.end();
		await settle(views);
		const { rows } = await readView(views, large, doubled.hash);
		const truth = await onSuperuser<{ key: string; n: string }>(
			`SELECT key, n::text AS n FROM (${doubled.sql.replaceAll('{data}', large.schema)}) s`
		);
		expect(new JournalReplica(rows).contents()).toEqual(
			new JournalReplica(truth.map(({ key, n }) => [key, { n }])).contents()
		);
		expect(writes).toBeGreaterThan(5);
		await views.stop();
	}
);

test(
	'the journal goes on into the next partition, and old ones are dropped',
	{ timeout: 60_000 },
	async () => {
		await onSuperuser('UPDATE loam.position SET seq = 99990');
		const views = await createViews({
			postgres: db,
			log: testLog,
			asOwner: tenancy.asOwner,
			journalLimitBytes: 1
		});
		const auditor = await auditBank(views, place);
		const writers = transferring(db.superuserUrl, place.schema, 1, 3);
		while (views.position().seq < 100_020n) await sleep(20);
		await writers.stop();
		await settle(views);
		auditor.follow(await views.journal({ seq: 99_990n }, 100_000));
		await views.stop();
		const counts = await onSuperuser<{ part: string; rows: string }>(
			`SELECT tableoid::regclass::text AS part, count(*) AS rows FROM loam.journal WHERE seq > 99990 GROUP BY 1 ORDER BY 1`
		);
		expect(counts.map(({ part }) => part)).toEqual(['loam.journal_1', 'loam.journal_100001']);
		await onSuperuser('UPDATE loam.position SET seq = 250000');
		const later = await createViews({
			postgres: db,
			log: testLog,
			asOwner: tenancy.asOwner,
			journalLimitBytes: 1
		});
		await tidied(later);
		expect(later.oldest()).toEqual({ seq: 100_000n });
		await later.stop();
	}
);

async function tidied(views: RunningViews): Promise<void> {
	for (const until = Date.now() + 10_000; views.oldest().seq === 0n && Date.now() < until;) await sleep(20);
}

async function settle(views: RunningViews): Promise<void> {
	const { rows } = await db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 20_000);
}

async function onSuperuser<Row extends object>(sql: string): Promise<Row[]> {
	const client = await db.connect(db.superuserUrl);
	try {
		return (await client.query<Row>(sql)).rows;
	} finally {
		await client.end();
	}
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
