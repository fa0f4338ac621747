import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CatalogTable, ViewSpec } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import { openPools } from '#platform/postgres';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type RunningViews } from './index.ts';

/** What administrators are told of views, on the node that maintains and on another. */
const column = (name: string, type: string) => ({ name, type, array: false, nullable: false });
const tables: readonly CatalogTable[] = [
	{
		name: 'orders',
		key: ['id'],
		columns: [column('id', 'integer'), column('shop', 'integer'), column('amount', 'integer')]
	}
];
const selects = {
	totals: 'SELECT shop, sum(amount) AS amount FROM orders GROUP BY shop',
	ranked: 'SELECT id, rank() OVER (PARTITION BY shop ORDER BY amount) AS place FROM orders',
	shares:
		'SELECT id, 100 / amount AS share FROM orders WHERE shop > 0 AND EXISTS (SELECT FROM orders o WHERE o.id = orders.id)'
};

let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;
let views: RunningViews;
let other: RunningViews;
let pools: ReturnType<typeof openPools>;
let specs: ViewSpec[];

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makePlace(
		db,
		tenancy,
		'shop',
		'CREATE TABLE orders (id integer PRIMARY KEY, shop integer NOT NULL, amount integer NOT NULL)',
		'INSERT INTO orders SELECT n, n % 4, 1 + n % 9 FROM generate_series(1, 100) AS n'
	);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	specs = await Promise.all(
		Object.entries(selects).map(([name, sql]) =>
			tenancy.asOwner(place, (owner) =>
				planned(owner, place.schema, { name, file: `views/${name}.sql`, sql, tables, views: [] })
			)
		)
	);
	await views.ensure(place, [{ name: 'orders', key: ['id'] }], specs);
	pools = openPools(db.instance);
	other = await createViews({ postgres: pools, log: testLog, asOwner: tenancy.asOwner });
});
afterAll(async () => {
	await other?.stop();
	await pools?.end();
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});

const write = (sql: string) => tenancy.asOwner(place, (owner) => owner.query(sql));
async function status(name: keyof typeof selects, node = views) {
	const { hash } = specs.find((spec) => spec.name === name)!;
	return (await node.status(place)).find((one) => one.hash === hash)!;
}

test('a view and its parts have a state and a size', async () => {
	expect(await status('totals')).toMatchObject({ state: 'ready', error: undefined, build: undefined });
	expect((await status('totals')).bytes).toBeGreaterThan(10_000);
	const all = await views.status(place);
	expect(all.map(({ name }) => name)).toEqual(
		expect.arrayContaining(['ranked', 'ranked: rows under windows'])
	);
});

test('what was done lately is told by every node', async () => {
	for (let n = 0; n < 3; n++) {
		await write(`UPDATE orders SET amount = amount + 1 WHERE id IN (${n + 1}, ${n + 11})`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	const told = {
		batches: expect.toSatisfy((n) => n >= 2),
		changes: 6,
		lastMs: expect.toSatisfy((ms) => ms > 0)
	};
	await expect
		.poll(async () => (await status('totals', other)).activity, { timeout: 6_000 })
		.toMatchObject(told);
	const { activity } = await status('totals');
	expect(activity).toMatchObject(told);
	expect(activity!.rows).toBeGreaterThanOrEqual(4);
	expect(Date.now() - activity!.lastAt.getTime()).toBeLessThan(10_000);
	await expect.poll(async () => (await status('totals', other)).rows, { timeout: 15_000 }).toBe(4);
});

test('a view that can’t be computed any more says why', async () => {
	await write('UPDATE orders SET amount = 0 WHERE id = 7');
	await expect
		.poll(async () => status('shares', other), { timeout: 6_000 })
		.toMatchObject({ state: 'failed', error: expect.stringContaining('division by zero') });
	expect(await status('totals')).toMatchObject({ state: 'ready' });
});

test('who waits for a lock that a change needs is behind, and then not any more', async () => {
	const blocker = await db.connect(db.superuserUrl);
	await expect.poll(() => views.lag()).toEqual({ bytes: 0, ms: 0 });
	await blocker.query('BEGIN; LOCK loam.position IN EXCLUSIVE MODE');
	await write('UPDATE orders SET amount = 3 WHERE id = 8');
	await expect.poll(() => views.lag()).toMatchObject({ ms: expect.toSatisfy((ms) => ms > 100) });
	await expect
		.poll(() => other.lag(), { timeout: 6_000 })
		.toMatchObject({ ms: expect.toSatisfy((ms) => ms > 100), bytes: expect.toSatisfy((bytes) => bytes > 0) });
	await blocker.query('ROLLBACK');
	await blocker.end();
	await expect.poll(() => other.lag(), { timeout: 6_000 }).toEqual({ bytes: 0, ms: 0 });
});
