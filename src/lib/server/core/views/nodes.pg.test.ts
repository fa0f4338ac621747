import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPools } from '#platform/postgres';
import type { Place, Tenancy } from '#core/tenancy';
import { accounts, auditBank, bankTables, bankViews, makeBank, readView, transferring } from '#support/bank';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { maintainedSpec, throughSpec } from '#support/view-specs';
import { createViews, type Retention, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;

/** A node of its own: what tells others is a connection a node. */
async function start(retention?: Retention): Promise<RunningViews> {
	const postgres = openPools(db.instance);
	const views = await createViews({
		postgres,
		log: testLog,
		asOwner: tenancy.asOwner,
		...(retention && { retention })
	});
	return {
		...views,
		async stop() {
			await views.stop();
			await postgres.end();
		}
	};
}

async function maintaining(retention?: Retention): Promise<RunningViews> {
	const views = await start(retention);
	await maintained(views);
	return views;
}

const maintained = (views: RunningViews) => waitUntil(() => views.maintains());

/** Its column is a division by zero. */
const upperOptions = {
	name: 'faulty',
	select: 'SELECT id::text AS key, (id / (id - 1))::text AS text FROM {data}.notes',
	columns: [['text', 'text']] as const,
	sources: [{ table: 'notes', key: ['id'] }],
	touched: 'SELECT key FROM changed'
};

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makeBank(db, tenancy);
});
afterAll(async () => {
	await tenancy?.end();
	await db?.drop();
});

test('a second node serves at once, and goes on where the first stopped', async () => {
	const first = await start();
	await first.ensure(place, bankTables, bankViews);
	const auditor = await auditBank(first, place);
	const writers = transferring(db.superuserUrl, place.schema, 2, 5);
	const second = await start();
	await sleep(400);
	expect([first.maintains(), second.maintains()]).toEqual([true, false]);
	await first.stop();
	await maintained(second);
	await sleep(300);
	await writers.stop();
	await settle(second);
	auditor.follow(await second.journal({ seq: auditor.seq }, 100_000));
	expect(auditor.seq).toBe(second.position().seq);
	await second.stop();
});

test('a node that does not maintain hears of every change, and of what changed nothing', async () => {
	const first = await maintaining();
	const second = await start();
	const view = second.find(place, accounts.hash)!;
	const before = second.position();
	const moved = await xidOf(`UPDATE ${place.schema}.accounts SET region = 1 + region % 10 WHERE id = 1`);
	const at = await second.whenApplied(moved, 5_000);
	expect(second.position()).toEqual(at);
	expect(await second.journal(before, 10, view.id)).toMatchObject([{ key: '1', operation: 'update' }]);
	expect(await second.whenApplied(await xidOf('CREATE TABLE public.nothing ()'), 5_000)).toEqual(at);
	expect(second.maintains()).toBe(false);
	await second.stop();
	await first.stop();
});

test('a node that does not maintain reads tables bound to a position', async () => {
	const first = await maintaining();
	const second = await start();
	const writers = transferring(db.superuserUrl, place.schema, 2, 1);
	const replica = await readView(second, place, accounts.hash);
	for (let round = 0; round < 10; round++) {
		const later = await readView(second, place, accounts.hash);
		const held = new JournalReplica(replica.rows);
		const since = await second.journal(replica.at, 1_000_000, replica.view.id);
		for (const row of since) if (row.seq <= later.at.seq) held.apply(row);
		expect(held.contents()).toEqual(new JournalReplica(later.rows).contents());
	}
	await writers.stop();
	await second.stop();
	await first.stop();
});

test('views that one node registers are built by the one that maintains, and served by both', async () => {
	const first = await maintaining();
	const second = await start();
	const other = await makePlace(
		db,
		tenancy,
		'elsewhere',
		'CREATE TABLE notes (id int PRIMARY KEY, text text NOT NULL)',
		`INSERT INTO notes VALUES (1, 'one')`
	);
	const notes = throughSpec(
		'notes',
		'id',
		[
			['id', 'integer'],
			['text', 'text']
		],
		'ff00000000000001'
	);
	const upper = maintainedSpec({
		name: 'upper',
		hash: 'ff00000000000002',
		select: 'SELECT id::text AS key, upper(text) AS text FROM {data}.notes',
		columns: [['text', 'text']],
		sources: [{ table: 'notes', key: ['id'] }],
		touched: 'SELECT key FROM changed'
	});
	await second.ensure(other, [{ name: 'notes', key: ['id'] }], [notes, upper]);
	for (const node of [first, second]) {
		await waitUntil(() => node.find(other, upper.hash));
		expect((await readView(node, other, upper.hash)).rows).toEqual([['1', { text: 'ONE' }]]);
	}
	const faulty = { ...upper, name: 'faulty', hash: 'ff00000000000003' };
	const failing = { ...faulty, program: maintainedSpec({ ...upperOptions, hash: faulty.hash }).program };
	await expect(second.ensure(other, [], [failing])).rejects.toMatchObject({ reason: 'VIEW_FAILED' });
	// the other node drops what no release needs, and the first hears of it
	await second.retain(other, new Set([notes.hash]));
	await waitUntil(() => !first.find(other, upper.hash));
	expect(first.find(other, notes.hash)).toBeDefined();
	await second.stop();
	await first.stop();
});

test('a node whose lease was taken commits nothing more', async () => {
	const views = await maintaining();
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
	const views = await maintaining();
	expect(Date.now() - from).toBeGreaterThan(800);
	expect(cut).toBe(true);
	await views.stop();
});

test('a holder that is late once, as where Postgres stood still, stays', async () => {
	const late = await db.connect(db.instance.urlAs('views'));
	let cut = false;
	late.on('end', () => (cut = true));
	await late.query(`SELECT pg_advisory_lock(hashtextextended('loam.views', 0))`);
	await onSuperuser(`UPDATE loam.lease SET expires_at = now() + interval '1 hour'`);
	const views = await start();
	await sleep(300);
	for (let time = 0; time < 3; time++) {
		await onSuperuser(`UPDATE loam.lease SET expires_at = now() - interval '1 second'`);
		await sleep(250);
		await onSuperuser(`UPDATE loam.lease SET expires_at = now() + interval '1 hour'`);
		await sleep(250);
	}
	expect([cut, views.maintains()]).toEqual([false, false]);
	await late.end();
	await maintained(views);
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
		const views = await maintaining();
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
		let views = await maintaining();
		const auditor = await auditBank(views, place);
		const writers = transferring(db.superuserUrl, place.schema, 1, 3);
		await waitUntil(() => views.position().seq >= 100_020n);
		await writers.stop();
		await settle(views);
		auditor.follow(await views.journal({ seq: 99_990n }, 100_000));
		await views.stop();
		const parts = () =>
			onSuperuser<{ part: string }>(
				`SELECT DISTINCT tableoid::regclass::text AS part FROM loam.journal WHERE seq > 99990 ORDER BY 1`
			);
		expect(await parts()).toEqual([{ part: 'loam.journal_1' }, { part: 'loam.journal_100001' }]);
		await onSuperuser('UPDATE loam.position SET seq = 250000');
		views = await maintaining({ bytes: 1, ageMs: 3_600_000 });
		await waitUntil(() => views.oldest().seq > 0n);
		expect(views.oldest().seq).toBe(249_800n);
		await expect(views.journal({ seq: 100_000n }, 10)).rejects.toMatchObject({ reason: 'JOURNAL_CUT' });
		expect(await views.journal({ seq: 249_800n }, 10)).toEqual([]);
		await waitUntil(async () => (await parts()).length === 0);
		await views.stop();
	}
);

test('the journal forgets what is older than a time', { timeout: 60_000 }, async () => {
	const views = await maintaining({ bytes: 2 ** 30, ageMs: 3_000 });
	const follower = await start();
	const before = views.position().seq;
	for (let n = 0; n < 400; n++) {
		const xid = await xidOf(`UPDATE ${place.schema}.regions SET name = 'n${n}' WHERE id = 1`);
		await views.whenApplied(xid, 5_000);
	}
	// what readers are only a little behind stays
	await waitUntil(() => follower.oldest().seq === views.position().seq - 200n);
	expect(follower.oldest().seq).toBeGreaterThan(before);
	await expect(follower.journal({ seq: before }, 10)).rejects.toMatchObject({ reason: 'JOURNAL_CUT' });
	const { rows } = await db.app.query<{ seq: string }>('SELECT min(seq) AS seq FROM loam.journal');
	expect(BigInt(rows[0]!.seq)).toBe(follower.oldest().seq + 1n);
	await follower.stop();
	await views.stop();
});

async function settle(views: RunningViews): Promise<void> {
	const { rows } = await db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 20_000);
}

async function xidOf(statement: string): Promise<bigint> {
	const client = await db.connect(db.superuserUrl);
	try {
		await client.query(`BEGIN; ${statement}`);
		const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
		await client.query('COMMIT');
		return BigInt(rows[0]!.xid);
	} finally {
		await client.end();
	}
}

async function waitUntil(condition: () => unknown, ms = 20_000): Promise<void> {
	for (const until = Date.now() + ms; !(await condition()); await sleep(10)) {
		if (Date.now() > until) throw new Error('it did not come to pass in time');
	}
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
