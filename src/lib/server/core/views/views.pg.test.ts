import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { maintainedSpec, throughSpec } from '#support/view-specs';
import type { Place, Tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let views: RunningViews;
let place: Place;

const tickets = throughSpec(
	'tickets',
	'id',
	[
		['id', 'integer'],
		['title', 'text'],
		['project', 'integer']
	],
	'aaaa000000000001'
);
const counts = maintainedSpec({
	name: 'counts',
	hash: 'bbbb000000000001',
	select:
		'SELECT p.id::text AS key, p.name, count(t.id) AS tickets FROM {data}.projects p JOIN {data}.tickets t ON t.project = p.id GROUP BY p.id, p.name',
	columns: [
		['name', 'text'],
		['tickets', 'bigint']
	],
	sources: [
		{ table: 'projects', key: ['id'] },
		{ table: 'tickets', key: ['id'] }
	],
	// the plain way: every group
	touched: `SELECT id::text AS key FROM {data}.projects UNION SELECT key FROM {state}.v_bbbb000000000001`
});

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makePlace(
		db,
		tenancy,
		'tickets',
		'CREATE TABLE projects (id int PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE tickets (id int PRIMARY KEY, title text NOT NULL, project int NOT NULL)',
		`INSERT INTO projects VALUES (1, 'loam'), (2, 'sand')`,
		`INSERT INTO tickets VALUES (1, 'first', 1)`
	);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	await views.ensure(
		place,
		[
			{ name: 'tickets', key: ['id'] },
			{ name: 'projects', key: ['id'] }
		],
		[tickets, counts]
	);
});
afterAll(async () => {
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});

async function write(sql: string): Promise<bigint> {
	return tenancy.asOwner(place, async (owner) => {
		await owner.query('BEGIN');
		await owner.query(sql);
		const { rows } = await owner.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
		await owner.query('COMMIT');
		return BigInt(rows[0]!.xid);
	});
}

describe('views', () => {
	test('write what a transaction changed, and tell when', async () => {
		const before = views.position();
		const xid = await write(`INSERT INTO tickets VALUES (2, 'second', 1)`);
		await views.whenApplied(xid, 5000);
		const rows = await views.journal(before, 100);
		const through = views.find(place, tickets.hash)!;
		const grouped = views.find(place, counts.hash)!;
		expect(
			rows.map(({ view, operation, key, old, new: after, txids }) => ({
				view,
				operation,
				key,
				old,
				after,
				txids
			}))
		).toEqual([
			{
				view: through.id,
				operation: 'insert',
				key: '2',
				old: null,
				after: { id: '2', title: 'second', project: '1' },
				txids: [xid]
			},
			{
				view: grouped.id,
				operation: 'update',
				key: '1',
				old: { name: 'loam', tickets: '1' },
				after: { name: 'loam', tickets: '2' },
				txids: [xid]
			}
		]);
		expect(views.position().seq).toBe(before.seq + 1n);
	});

	test('bind a snapshot to its position', async () => {
		const through = views.find(place, tickets.hash)!;
		const read = await views.snapshot(through, async (client, at) => {
			const { rows } = await client.query(
				'SELECT id FROM i1.tickets ORDER BY id'.replace('i1', place.schema)
			);
			return { rows, at };
		});
		expect(read.at).toEqual(views.position());
		expect(read.rows).toEqual([{ id: 1 }, { id: 2 }]);
	});

	test('say so for a transaction that changed no view', async () => {
		const before = views.position();
		const xid = await write('SELECT 1');
		await expect(views.whenApplied(xid, 5000)).resolves.toEqual(before);
	});
});
