import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Place, Tenancy } from '#core/tenancy';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { maintainedSpec, throughSpec } from '#support/view-specs';
import { createViews, type RunningViews } from './index.ts';

/** What is left of views that were dropped, and of functions that are not the platform's own. */
let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;
let views: RunningViews;

const tables = [{ name: 'items', key: ['id'] }];
const items = throughSpec('items', 'id', [['id', 'integer']], 'ea00000000000001');
const wide = throughSpec('items', 'id', [['id', 'integer']], 'ea00000000000002');
const doubled = maintainedSpec({
	name: 'doubled',
	hash: 'ea00000000000003',
	select: 'SELECT id::text AS key, id * 2 AS n FROM {data}.items',
	columns: [['n', 'integer']],
	sources: tables.map(({ name, key }) => ({ table: name, key })),
	touched: 'SELECT key FROM changed'
});

const start = () => createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makePlace(
		db,
		tenancy,
		'retained',
		'CREATE TABLE items (id int PRIMARY KEY)',
		'INSERT INTO items VALUES (1)'
	);
});
beforeEach(async () => {
	views = await start();
	await views.ensure(place, tables, [items, wide, doubled]);
});
afterAll(async () => {
	await tenancy?.end();
	await db?.drop();
});

async function identity(): Promise<string> {
	const { rows } = await db.admin.query<{ identity: string }>(
		`SELECT relreplident AS identity FROM pg_class WHERE oid = '${place.schema}.items'::regclass`
	);
	return rows[0]!.identity;
}

test('a table writes whole old rows only as long as a view reads it through', async () => {
	expect(await identity()).toBe('f');
	await views.retain(place, new Set([wide.hash, doubled.hash]));
	expect(await identity()).toBe('f');
	const writer = await db.connect(db.superuserUrl);
	await writer.query(`BEGIN; UPDATE ${place.schema}.items SET id = id`);
	const retained = views.retain(place, new Set([doubled.hash]));
	await new Promise((resolve) => setTimeout(resolve, 400));
	await writer.query('COMMIT');
	await retained;
	expect(await identity()).toBe('d');
	await views.ensure(place, tables, [items]);
	expect(await identity()).toBe('f');
	await writer.end();
	await views.stop();
});

test.each([
	['runs with the rights of its caller', 'SECURITY INVOKER'],
	['has no search_path of its own', 'RESET search_path']
])('a function that %s is never called', async (_, change) => {
	await views.stop();
	await tenancy.asOwner(place, async (owner) => {
		await owner.query(`ALTER FUNCTION ${place.stateSchema}.m_${doubled.hash}(jsonb) ${change}`);
		await owner.query(`INSERT INTO items VALUES ((SELECT max(id) + 1 FROM items))`);
	});
	views = await start();
	const { rows } = await db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 20_000);
	expect(views.find(place, doubled.hash)).toBeUndefined();
	expect(views.find(place, items.hash)).toBeDefined();
	const state = await db.app.query('SELECT state, error FROM loam.view WHERE hash = $1', [doubled.hash]);
	expect(state.rows).toEqual([
		{ state: 'failed', error: expect.stringMatching(/not as it was made/) as unknown }
	]);
	// published again, it is made anew
	await views.ensure(place, tables, [doubled]);
	expect(views.find(place, doubled.hash)).toBeDefined();
	await views.stop();
});
