import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ViewSpec } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import { makeBank, readView, transferring } from '#support/bank';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let views: RunningViews;
let sessions: [pg.Client, pg.Client];

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	sessions = [await db.connect(db.superuserUrl), await db.connect(db.superuserUrl)];
});
afterAll(async () => {
	for (const session of sessions ?? []) await session.end();
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});

const column = (name: string) => ({ name, type: 'integer', array: false, nullable: false });

function specsOf(
	place: Place,
	tables: readonly { readonly name: string; readonly columns: readonly string[] }[],
	selects: readonly (readonly [name: string, sql: string])[]
): Promise<ViewSpec[]> {
	const catalog = tables.map(({ name, columns }) => ({ name, key: ['id'], columns: columns.map(column) }));
	const named = selects.map(([name, sql]) => ({ name, file: `views/${name}.sql`, sql }));
	return tenancy.asOwner(place, async (owner) => {
		const specs: ViewSpec[] = [];
		for (const view of named)
			specs.push(await planned(owner, place.schema, { ...view, tables: catalog, views: named }));
		return specs;
	});
}

async function settle(): Promise<void> {
	const { rows } = await db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 20_000);
}

/** Of one view in the order of its journal, from where a reader began. */
interface Reader {
	readonly view: number;
	readonly seq: bigint;
	readonly replica: JournalReplica;
}

async function openReader(place: Place, { hash }: ViewSpec): Promise<Reader> {
	const { view, at, rows } = await readView(views, place, hash);
	return { view: view.id, seq: at.seq, replica: new JournalReplica(rows) };
}

test(
	'views that meet again above one table are of one moment at every position',
	{ timeout: 60_000 },
	async () => {
		const place = await makeBank(db, tenancy);
		const tables = [{ name: 'accounts', columns: ['id', 'region', 'balance'] }];
		const specs = await specsOf(place, tables, [
			['left_side', 'SELECT region, sum(balance) AS balance FROM accounts GROUP BY region'],
			[
				'right_side',
				'SELECT region, count(*) AS accounts, sum(balance) AS balance FROM accounts GROUP BY region'
			],
			[
				'met',
				'SELECT l.region, l.balance - r.balance AS gap, r.accounts FROM left_side l JOIN right_side r ON r.region = l.region'
			]
		]);
		await views.ensure(place, [{ name: 'accounts', key: ['id'] }], specs);
		const readers = await Promise.all(specs.map((spec) => openReader(place, spec)));
		const from = views.position();
		const writers = transferring(db.superuserUrl, place.schema);
		await new Promise((resolve) => setTimeout(resolve, 3000));
		await writers.stop();
		await settle();
		let positions = 0;
		for (const [seq, rows] of Map.groupBy(await views.journal(from, 1_000_000), (row) => row.seq)) {
			for (const { view, seq: begun, replica } of readers)
				for (const row of rows) if (row.view === view && seq > begun) replica.apply(row);
			if (readers.some(({ seq: begun }) => seq <= begun)) continue;
			positions++;
			const [left, right, met] = readers.map(({ replica }) => [...replica.rows.values()]);
			const balances = (of: readonly Readonly<Record<string, string | null>>[]) =>
				new Map(of.map(({ region, balance }) => [region, balance]));
			expect(balances(left!), `at ${seq}`).toEqual(balances(right!));
			expect(
				met!.every(({ gap }) => gap === '0'),
				`at ${seq}`
			).toBe(true);
			expect(new Map(met!.map(({ region, accounts }) => [region, accounts])), `at ${seq}`).toEqual(
				new Map(right!.map(({ region, accounts }) => [region, accounts]))
			);
		}
		expect(positions).toBeGreaterThan(20);
		await views.retain(place, new Set());
	}
);

type Step = '1' | '2' | 'c1' | 'c2' | 'create';

/** Two sessions, each with one change; the view is made before, or somewhere among them. */
const orders: readonly (readonly Step[])[] = [
	['1', '2', 'c1', 'c2'],
	['1', 'c1', '2', 'c2'],
	['2', '1', 'c2', 'c1'],
	['create', '1', '2', 'c2', 'c1'],
	['1', 'create', '2', 'c1', 'c2'],
	['1', '2', 'create', 'c1', 'c2'],
	['1', '2', 'c1', 'create', 'c2'],
	['2', '1', 'c2', 'create', 'c1']
];
const changes = [
	['UPDATE a SET j = 11 WHERE id = 1', 'UPDATE b SET j = 111 WHERE id = 1'],
	[
		'INSERT INTO a VALUES (2, 2, 20); INSERT INTO b VALUES (2, 2, 200)',
		'INSERT INTO a VALUES (3, 1, 11), (4, 2, 21); INSERT INTO b VALUES (3, 2, 201)'
	],
	['DELETE FROM b WHERE id = 1', 'UPDATE a SET i = 2; INSERT INTO b VALUES (5, 2, 500)']
] as const;
const levels = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];

test.each(levels)('two sessions in every order: %s', { timeout: 120_000 }, async (level) => {
	const name = `isolation${levels.indexOf(level)}`;
	const place = await makePlace(
		db,
		tenancy,
		name,
		'CREATE TABLE a (id int PRIMARY KEY, i int NOT NULL, j int NOT NULL)',
		'CREATE TABLE b (id int PRIMARY KEY, i int NOT NULL, j int NOT NULL)'
	);
	const refs = ['a', 'b'].map((table) => ({ name: table, key: ['id'] }));
	const tables = ['a', 'b'].map((table) => ({ name: table, columns: ['id', 'i', 'j'] }));
	const sql =
		'SELECT a1.id AS x, a2.id AS y, b.id AS z, a1.j AS p, a2.j AS q, b.j AS r FROM a AS a1, a AS a2, b WHERE a1.i = a2.i AND a1.i = b.i';
	const [spec] = await specsOf(place, tables, [['met', sql]]);
	// published before, so that making the view waits for no writer
	await views.ensure(place, refs, [spec!]);
	await views.retain(place, new Set());
	for (const session of sessions) await session.query(`SET search_path = ${place.schema}`);
	for (const order of orders) {
		for (const [one, other] of changes) {
			await sessions[0].query(
				'TRUNCATE a, b; INSERT INTO a VALUES (1, 1, 10); INSERT INTO b VALUES (1, 1, 100)'
			);
			const readers: Reader[] = [];
			let making: Promise<void> | undefined;
			const create = async () => {
				await views.ensure(place, refs, [spec!]);
				readers.push(await openReader(place, spec!));
			};
			if (!order.includes('create')) await create();
			for (const session of sessions) await session.query(`BEGIN ISOLATION LEVEL ${level}; SELECT`);
			for (const step of order) {
				if (step === 'create') making = create();
				else if (step === 'c1' || step === 'c2') await sessions[step === 'c1' ? 0 : 1].query('COMMIT');
				else await sessions[step === '1' ? 0 : 1].query(step === '1' ? one : other);
			}
			await making;
			await settle();
			for (const { view, seq, replica } of readers)
				for (const row of await views.journal({ seq }, 100_000, view)) replica.apply(row);
			const { rows } = await readView(views, place, spec!.hash);
			const what = `${order.join(' ')}: ${one} | ${other}`;
			expect(readers[0]!.replica.contents(), what).toEqual(new JournalReplica(rows).contents());
			const { rows: truth } = await sessions[0].query({ text: sql, rowMode: 'array' });
			const sorted = (list: readonly unknown[][]) => list.map((row) => row.map(String).join()).sort();
			const names = spec!.columns.map((made) => made.name);
			expect(sorted(rows.map(([, row]) => names.map((column) => row[column]))), what).toEqual(sorted(truth));
			await views.retain(place, new Set());
		}
	}
});
