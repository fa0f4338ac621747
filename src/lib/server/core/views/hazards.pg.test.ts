import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Place, Tenancy } from '#core/tenancy';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { maintainedSpec, throughSpec } from '#support/view-specs';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let views: RunningViews;
let place: Place;

const items = throughSpec(
	'items',
	'id',
	[
		['id', 'integer'],
		['n', 'integer']
	],
	'da00000000000001'
);
const kept = maintainedSpec({
	name: 'kept',
	hash: 'da00000000000002',
	select: 'SELECT i.id::text AS key, i.n, o.name FROM {data}.items i JOIN {data}.owners o ON o.id = i.n % 3',
	columns: [
		['n', 'integer'],
		['name', 'text']
	],
	sources: [
		{ table: 'items', key: ['id'] },
		{ table: 'owners', key: ['id'] }
	],
	touched: `SELECT key FROM changed WHERE source = 'items' UNION SELECT i.id::text FROM {data}.items i JOIN changed c ON c.source = 'owners' AND i.n % 3 = c.key::int`
});
/** Fails for n = 13. */
const ratios = maintainedSpec({
	name: 'ratios',
	hash: 'da00000000000003',
	select: 'SELECT id::text AS key, 100 / (n - 13) AS ratio FROM {data}.items',
	columns: [['ratio', 'integer']],
	sources: [{ table: 'items', key: ['id'] }],
	touched: `SELECT key FROM changed`
});
const tables = [
	{ name: 'items', key: ['id'] },
	{ name: 'owners', key: ['id'] }
];

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makePlace(
		db,
		tenancy,
		'hazards',
		'CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL)',
		'CREATE TABLE owners (id int PRIMARY KEY, name text NOT NULL)',
		`INSERT INTO owners VALUES (0, 'zero'), (1, 'one'), (2, 'two')`
	);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	await views.ensure(place, tables, [items, kept, ratios]);
});
afterAll(async () => {
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});
beforeEach(async () => {
	await write('DELETE FROM items', 'INSERT INTO items SELECT n, n FROM generate_series(1, 10) n');
	await views.ensure(place, tables, [items, kept, ratios]);
	await settle();
});

async function write(...statements: string[]): Promise<void> {
	await tenancy.asOwner(place, async (owner) => {
		await owner.query('BEGIN');
		for (const statement of statements) await owner.query(statement);
		await owner.query('COMMIT');
	});
}

async function settle(): Promise<void> {
	const { rows } = await db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 20_000);
}

async function rowsOf(hash: string) {
	const view = views.find(place, hash)!;
	const sql = view.spec.program.read
		.replaceAll('{data}', place.schema)
		.replaceAll('{state}', place.stateSchema);
	return views.snapshot(view, async (client, at) => {
		const columns = view.spec.columns.map(({ name }) => `'${name}', ${name}::text`).join(', ');
		const { rows } = await client.query<{ key: string; row: Record<string, string> }>(
			`SELECT _key AS key, jsonb_build_object(${columns}) AS row FROM (${sql}) v`
		);
		return { view, at, rows: rows.map(({ key, row }) => [key, row] as const) };
	});
}

test('TRUNCATE ends the handles of a read-through view and empties a maintained one', async () => {
	const before = views.find(place, items.hash)!;
	const replica = new JournalReplica((await rowsOf(kept.hash)).rows);
	const from = views.position();
	await write('TRUNCATE items', 'INSERT INTO items VALUES (5, 50), (20, 200)');
	await settle();
	expect(views.find(place, items.hash)!.generation).toBe(before.generation + 1);
	const view = views.find(place, kept.hash)!;
	for (const row of await views.journal(from, 1000, view.id)) replica.apply(row);
	expect(replica.contents()).toEqual([
		['20', { n: '200', name: 'two' }],
		['5', { n: '50', name: 'two' }]
	]);
	expect(await views.journal(from, 1000, before.id)).toEqual([]);
});

test('TRUNCATE and writes among running fences leave the views as the SELECT says', async () => {
	const replica = new JournalReplica((await rowsOf(kept.hash)).rows);
	const from = views.position();
	for (let round = 0; round < 10; round++) {
		await Promise.all([
			write(`UPDATE items SET n = n + 1`),
			...[0, 1].map(() =>
				tryWrite('TRUNCATE items', `INSERT INTO items SELECT n, n * ${round} FROM generate_series(1, 10) n`)
			),
			write(`UPDATE owners SET name = 'round ${round}' WHERE id = ${round % 3}`)
		]);
	}
	await settle();
	const view = views.find(place, kept.hash)!;
	for (const row of await views.journal(from, 100_000, view.id)) replica.apply(row);
	const truth = await truthOf(kept.sql);
	expect(replica.contents()).toEqual(truth);
	expect(new JournalReplica((await rowsOf(kept.hash)).rows).contents()).toEqual(truth);
});

test('what is truncated while a read-through view is being read stays in what is read', async () => {
	const view = views.find(place, items.hash)!;
	const sql = view.spec.program.read.replaceAll('{data}', place.schema);
	await views.snapshot(view, async (client, at) => {
		const truncating = write('TRUNCATE items');
		await expect(truncating).rejects.toMatchObject({ code: '55P03' });
		const { rows } = await client.query(sql);
		expect(rows).toHaveLength(10);
		expect(at).toEqual(views.position());
	});
});

test('TRUNCATE comes through among readers, and they among it', async () => {
	let isOver = false;
	let reads = 0;
	const reading = [0, 1, 2].map(async () => {
		for (; !isOver; reads++) await rowsOf(items.hash);
	});
	try {
		for (let round = 0; round < 8; round++) {
			await tryWrite('TRUNCATE items', `INSERT INTO items SELECT n, ${round} FROM generate_series(1, 10) n`);
			await settle();
		}
	} finally {
		isOver = true;
		await Promise.all(reading);
	}
	expect(reads).toBeGreaterThan(8);
	expect((await rowsOf(items.hash)).rows).toHaveLength(10);
});

test('a column added among writers is no hindrance', async () => {
	const replica = new JournalReplica((await rowsOf(kept.hash)).rows);
	const from = views.position();
	const writing = (async () => {
		for (let n = 0; n < 40; n++) await write(`UPDATE items SET n = n + 1 WHERE id = ${1 + (n % 10)}`);
	})();
	for (let n = 0; n < 8; n++) {
		await tryWrite(`ALTER TABLE items ADD COLUMN extra_${n} text NOT NULL DEFAULT 'x'`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	await writing;
	await settle();
	for (const row of await views.journal(from, 100_000, views.find(place, kept.hash)!.id)) replica.apply(row);
	expect(replica.contents()).toEqual(await truthOf(kept.sql));
	const through = await views.journal(from, 100_000, views.find(place, items.hash)!.id);
	expect(through).toHaveLength(40);
});

test('a changed key takes its old row along', async () => {
	const replica = new JournalReplica((await rowsOf(kept.hash)).rows);
	const from = views.position();
	await write('UPDATE items SET id = id + 100 WHERE id < 4');
	await settle();
	for (const row of await views.journal(from, 1000, views.find(place, kept.hash)!.id)) replica.apply(row);
	expect([...replica.rows.keys()].sort()).toEqual(['10', '101', '102', '103', '4', '5', '6', '7', '8', '9']);
});

test('a view whose function fails is set aside, the others go on, and it comes back when it is ensured', async () => {
	const from = views.position();
	await write('UPDATE items SET n = 13 WHERE id = 1');
	await settle();
	expect(views.find(place, ratios.hash)).toBeUndefined();
	const { rows } = await db.app.query('SELECT state, error FROM loam.view WHERE hash = $1', [ratios.hash]);
	expect(rows).toEqual([{ state: 'failed', error: 'division by zero' }]);
	expect(await views.journal(from, 10, views.find(place, kept.hash)!.id)).toHaveLength(1);
	await expect(views.ensure(place, tables, [ratios])).rejects.toMatchObject({ reason: 'VIEW_FAILED' });
	await write('UPDATE items SET n = 14 WHERE id = 1');
	await settle();
	await views.ensure(place, tables, [ratios]);
	expect((await rowsOf(ratios.hash)).rows).toHaveLength(10);
});

test('a transaction with more rows than are listed reaches every view', async () => {
	const generation = views.find(place, items.hash)!.generation;
	await write('INSERT INTO items SELECT n, n + 100 FROM generate_series(1000, 13000) n');
	await settle();
	expect(views.find(place, items.hash)!.generation).toBe(generation + 1);
	expect(new JournalReplica((await rowsOf(kept.hash)).rows).contents()).toEqual(await truthOf(kept.sql));
	await write('DELETE FROM items WHERE id >= 1000');
	await settle();
	expect(new JournalReplica((await rowsOf(kept.hash)).rows).contents()).toEqual(await truthOf(kept.sql));
});

test('views that no release needs are dropped', async () => {
	await views.retain(place, new Set([items.hash, kept.hash]));
	expect(views.find(place, ratios.hash)).toBeUndefined();
	const { rows } = await db.admin.query(
		`SELECT to_regclass('${place.stateSchema}.v_${ratios.hash}') AS state`
	);
	expect(rows).toEqual([{ state: null }]);
	await write('UPDATE items SET n = n + 1');
	await settle();
	expect(new JournalReplica((await rowsOf(kept.hash)).rows).contents()).toEqual(await truthOf(kept.sql));
});

async function truthOf(sql: string) {
	const client = await db.connect(db.superuserUrl);
	const { rows } = await client.query<{ key: string; row: Record<string, string> }>(
		`SELECT key, jsonb_build_object('n', n::text, 'name', name) AS row FROM (${sql.replaceAll('{data}', place.schema)}) v`
	);
	await client.end();
	return new JournalReplica(rows.map(({ key, row }) => [key, row])).contents();
}

/** DDL that gives way to writers: it is tried again as a migration is. */
async function tryWrite(...statements: string[]): Promise<void> {
	for (let attempt = 0; ; attempt++) {
		try {
			return await write(...statements);
		} catch (error) {
			if (!['55P03', '40P01'].includes((error as { code?: string }).code ?? '') || attempt > 20) throw error;
		}
	}
}
