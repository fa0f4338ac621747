import { afterAll, beforeAll, expect, test } from 'vitest';
import { clockTable, type CatalogTable } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let views: RunningViews;
let place: Place;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	place = await makePlace(
		db,
		tenancy,
		'clocked',
		'CREATE TABLE tasks (id integer PRIMARY KEY, due timestamptz NOT NULL)',
		`INSERT INTO tasks VALUES (1, now() - interval '10 minutes'), (2, now() + interval '1 year')`
	);
});
afterAll(async () => {
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});

const tasks: CatalogTable = {
	name: 'tasks',
	key: ['id'],
	columns: [
		{ name: 'id', type: 'integer', array: false, nullable: false },
		{ name: 'due', type: 'timestamptz', array: false, nullable: false }
	]
};

test('a view over time follows the clock, and tells what came due', async () => {
	// as after an hour without any node
	const client = await db.connect(db.superuserUrl);
	await client.query(`UPDATE ${place.schema}.clock SET at = at - interval '1 hour'`);
	const spec = await planned(client, place.schema, {
		name: 'late',
		file: 'views/late.sql',
		sql: `SELECT id FROM tasks WHERE due < (SELECT at FROM clock WHERE every = 'minute')`,
		tables: [tasks, clockTable]
	});
	const from = views.position();
	await views.ensure(
		place,
		[tasks, clockTable].map(({ name, key }) => ({ name, key })),
		[spec]
	);
	const view = views.find(place, spec.hash)!;
	await expect
		.poll(() => views.journal(from, 10, view.id), { timeout: 5000 })
		.toMatchObject([{ operation: 'insert', new: { id: '1' } }]);
	const { rows } = await client.query<{ is: boolean }>(
		`SELECT bool_and(at = date_trunc(every, now(), 'UTC')) AND bool_and(today = (now() AT TIME ZONE 'UTC')::date) AS is FROM ${place.schema}.clock`
	);
	await client.end();
	expect(rows[0]!.is).toBe(true);
});

test('nobody but the platform moves the clock', async () => {
	await expect(
		tenancy.asOwner(place, (owner) => owner.query(`UPDATE ${place.schema}.clock SET at = now()`))
	).rejects.toMatchObject({ code: '42501' });
	await expect(
		tenancy.asOwner(place, (owner) =>
			owner.query(
				`CREATE TRIGGER t AFTER UPDATE ON ${place.schema}.clock EXECUTE FUNCTION suppress_redundant_updates_trigger()`
			)
		)
	).rejects.toMatchObject({ code: '42501' });
});

test('places that were made before it get one', async () => {
	await db.admin.query(`DROP TABLE ${place.schema}.clock CASCADE`);
	await (await testTenancy(db)).end();
	const { rows } = await db.admin.query(`SELECT every FROM ${place.schema}.clock ORDER BY every`);
	expect(rows).toEqual([{ every: 'day' }, { every: 'hour' }, { every: 'minute' }]);
});
