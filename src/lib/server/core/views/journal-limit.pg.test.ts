import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ViewSpec } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type RunningViews } from './index.ts';
import { limitFor } from './journal-limit.ts';

/** A change of much of a view: its readers fetch it again instead of being told of every row. */
let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;
let views: RunningViews;
let spec: ViewSpec;

const column = (name: string, type: string) => ({ name, type, array: false, nullable: false });
const tables = [
	{ name: 'teams', key: ['id'], columns: [column('id', 'integer'), column('name', 'text')] },
	{ name: 'people_of', key: ['id'], columns: [column('id', 'integer'), column('team', 'integer')] }
];

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makePlace(
		db,
		tenancy,
		'teams',
		'CREATE TABLE teams (id integer PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE people_of (id integer PRIMARY KEY, team integer NOT NULL)',
		'CREATE INDEX ON people_of (team)',
		`INSERT INTO teams VALUES (1, 'small'), (2, 'half'), (3, 'large')`,
		// 900 of team 1, 3,100 of team 2, 26,000 of team 3
		`INSERT INTO people_of SELECT n, CASE WHEN n <= 900 THEN 1 WHEN n <= 4000 THEN 2 ELSE 3 END FROM generate_series(1, 30000) AS n`
	);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	spec = await tenancy.asOwner(place, (owner) =>
		planned(owner, place.schema, {
			name: 'members',
			file: 'views/members.sql',
			sql: 'SELECT p.id, t.name FROM people_of p JOIN teams t ON t.id = p.team',
			tables
		})
	);
	await views.ensure(place, tables, [spec]);
});
afterAll(async () => {
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});

test.each([
	[0, 1_000],
	[1_999, 1_000],
	[10_000, 5_000],
	[40_000, 20_000],
	[10_000_000, 20_000]
])('of %i rows %i changes are told', (rows, expected) => {
	expect(limitFor(rows)).toBe(expected);
});

test.each([
	['one key that changes few rows is told row by row', 1, 900, 0],
	['one key that changes more rows than are ever told is not', 3, undefined, 1]
] as const)('%s', async (_, team, rows, renewed) => {
	const before = views.find(place, spec.hash)!;
	const from = views.position();
	const xid = await tenancy.asOwner(place, async (owner) => {
		await owner.query(`BEGIN; UPDATE teams SET name = name || '!' WHERE id = ${team}`);
		const { rows } = await owner.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
		await owner.query('COMMIT');
		return BigInt(rows[0]!.xid);
	});
	await views.whenApplied(xid, 30_000);
	expect(views.find(place, spec.hash)!.generation - before.generation).toBe(renewed);
	expect(await views.journal(from, 100_000)).toHaveLength(rows ?? 0);
	const { rows: kept } = await db.app.query<{ n: number }>(
		`SELECT count(*)::integer AS n FROM (${spec.program.read.replaceAll('{state}', place.stateSchema)}) v WHERE name LIKE '%!'`
	);
	expect(kept[0]!.n).toBe(team === 1 ? 900 : 26_900);
});
