import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderSql, type CatalogTable, type ViewSpec } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import type { Client } from '#platform/postgres';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type LiveView, type RunningViews } from './index.ts';

const column = (name: string, type: string, nullable = false) => ({ name, type, array: false, nullable });
const tables: readonly CatalogTable[] = [
	{ name: 'projects', key: ['id'], columns: [column('id', 'integer'), column('name', 'text')] },
	{
		name: 'tickets',
		key: ['id'],
		columns: [column('id', 'integer'), column('project', 'integer'), column('points', 'integer')]
	}
];
/** A view, one that reads it, one that reads both, and one with parts of its own. */
const selects = {
	loads: 'SELECT project, count(*) AS n, sum(points) AS points FROM tickets GROUP BY project',
	heavy: 'SELECT p.name, l.project, l.n FROM loads l JOIN projects p ON p.id = l.project WHERE l.n > 2',
	both: 'SELECT h.name, l.points FROM heavy h JOIN loads l ON l.project = h.project',
	means:
		'WITH m AS (SELECT project, avg(points) AS mean FROM tickets GROUP BY project) SELECT round(mean) AS mean, count(*) AS n FROM m GROUP BY round(mean)'
};
type Name = keyof typeof selects;
const names = Object.keys(selects) as Name[];

let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;
let views: RunningViews;
let superuser: Client;
let specs: Record<Name, ViewSpec>;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makePlace(
		db,
		tenancy,
		'stages',
		'CREATE TABLE projects (id integer PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE tickets (id integer PRIMARY KEY, project integer NOT NULL, points integer NOT NULL)',
		`INSERT INTO projects SELECT n, 'project ' || n FROM generate_series(1, 9) AS n`,
		'INSERT INTO tickets SELECT n, 1 + n % 9, n % 5 FROM generate_series(1, 30) AS n'
	);
	superuser = await db.connect(db.superuserUrl);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	const all = names.map((name) => ({ name, file: `views/${name}.sql`, sql: selects[name] }));
	const specsOf = all.map(({ name, file, sql }) =>
		tenancy.asOwner(place, (owner) => planned(owner, place.schema, { name, file, sql, tables, views: all }))
	);
	specs = Object.fromEntries((await Promise.all(specsOf)).map((spec) => [spec.name, spec])) as typeof specs;
});
afterAll(async () => {
	await views?.stop();
	await superuser?.end();
	await tenancy?.end();
	await db?.drop();
});

const keys = tables.map(({ name, key }) => ({ name, key }));
const ensure = (...wanted: Name[]) =>
	views.ensure(
		place,
		keys,
		wanted.map((name) => specs[name])
	);
const retain = (...wanted: Name[]) => views.retain(place, new Set(wanted.map((name) => specs[name].hash)));

/** The rows that Postgres gives for the SELECT itself, as one text. */
async function truth(client: Client, name: Name): Promise<string[]> {
	const ctes = names.slice(0, names.indexOf(name)).map((other) => `${other} AS (${selects[other]})`);
	const list = specs[name].columns.map((one) => `${one.name}::text`).join(', ');
	const { rows } = await client.query<{ row: string }>(
		`${ctes.length > 0 && name !== 'means' ? `WITH ${ctes.join(', ')} ` : ''}SELECT ROW(${list})::text AS row FROM (${selects[name]}) AS v`
	);
	return rows.map(({ row }) => row).sort();
}

async function state(client: Client, view: LiveView): Promise<Map<string, Record<string, string | null>>> {
	const read = renderSql(view.spec.program.read, { data: place.schema, state: place.stateSchema });
	const types = { getTypeParser: () => (value: string) => value } as never;
	const { rows } = await client.query<Record<string, string | null>>({ text: read, types });
	return new Map(rows.map(({ _key, ...row }) => [_key!, row]));
}

const asText = (rows: Iterable<Record<string, string | null>>) =>
	Array.from(
		rows,
		(row) =>
			`(${Object.values(row)
				.map((v) => (/[ "]/.test(v!) ? `"${v}"` : v))
				.join(',')})`
	).sort();

async function write(sql: string): Promise<void> {
	const xid = await tenancy.asOwner(place, async (owner) => {
		await owner.query('BEGIN');
		await owner.query(sql);
		const { rows } = await owner.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
		await owner.query('COMMIT');
		return BigInt(rows[0]!.xid);
	});
	await views.whenApplied(xid, 10_000);
}

async function check(...wanted: Name[]): Promise<void> {
	await superuser.query(`SET search_path = ${place.schema}`);
	for (const name of wanted) {
		const rows = await state(superuser, views.find(place, specs[name].hash)!);
		expect(asText(rows.values()), name).toEqual(await truth(superuser, name));
	}
}

const stateTables = async () => {
	const { rows } = await superuser.query<{ n: string }>(
		`SELECT count(*) AS n FROM pg_class WHERE relkind = 'r' AND relnamespace = $1::regnamespace`,
		[place.stateSchema]
	);
	return Number(rows[0]!.n);
};

describe('views that read views', () => {
	test('bring with them what they stand on, once', async () => {
		await ensure('both');
		await check('both');
		const only = await stateTables();
		await ensure('both', 'heavy', 'loads');
		expect(await stateTables()).toBe(only);
		await check(...(['loads', 'heavy', 'both'] as const));
	});

	test('follow in the same batch, each with its own difference', async () => {
		await ensure(...names);
		const before = views.position();
		const held = new Map<Name, JournalReplica>();
		for (const name of names)
			held.set(name, new JournalReplica([...(await state(superuser, views.find(place, specs[name].hash)!))]));
		for (const sql of [
			'INSERT INTO tickets SELECT n, 1, 3 FROM generate_series(100, 104) AS n',
			`UPDATE projects SET name = 'renamed' WHERE id = 1`,
			'UPDATE tickets SET project = 2 WHERE id > 101',
			'DELETE FROM tickets WHERE project = 2; INSERT INTO tickets VALUES (500, 9, 5)',
			'DELETE FROM tickets WHERE id BETWEEN 3 AND 8'
		]) {
			await write(sql);
			await check(...names);
		}
		const rows = await views.journal(before, 10_000);
		const seqs = new Map<bigint, Set<number>>();
		for (const row of rows) seqs.set(row.seq, (seqs.get(row.seq) ?? new Set()).add(row.view));
		expect(Math.max(...Array.from(seqs.values(), (set) => set.size))).toBeGreaterThan(2);
		for (const name of names) {
			const { id } = views.find(place, specs[name].hash)!;
			for (const row of rows) if (row.view === id) held.get(name)!.apply(row);
			expect(held.get(name)!.rows, name).toEqual(
				await state(superuser, views.find(place, specs[name].hash)!)
			);
		}
		const parts = specs.means.stages!.map(({ hash }) => hash);
		const { rows: hidden } = await superuser.query<{ n: string }>(
			'SELECT count(*) AS n FROM loam.journal j JOIN loam.view v ON v.id = j.view_id WHERE v.hash = ANY ($1)',
			[parts]
		);
		expect([parts.length, hidden[0]!.n]).toEqual([1, '0']);
	});

	test('fail with what they stand on, and are made again with it', async () => {
		await ensure(...names);
		const table = `${place.stateSchema}.l_${specs.loads.hash}`;
		await superuser.query(`DROP TABLE ${table}`);
		await write('UPDATE tickets SET points = points + 1');
		const { rows } = await superuser.query<{ hash: string; state: string; error: string | null }>(
			'SELECT hash, state, error FROM loam.view'
		);
		const states = Object.fromEntries(rows.map((row) => [row.hash, row.state]));
		expect(names.map((name) => states[specs[name].hash])).toEqual(['failed', 'failed', 'failed', 'ready']);
		expect(rows.find((row) => row.hash === specs.both.hash)!.error).toMatch(
			/its part "(heavy|loads)" failed/
		);
		await check('means');
		await ensure(...names);
		await check(...names);
	});

	test('keep what they stand on as long as they are kept', async () => {
		await ensure(...names);
		await retain('both');
		await write('INSERT INTO tickets SELECT n, 7, 2 FROM generate_series(900, 905) AS n');
		await check('loads', 'heavy', 'both');
		expect(views.find(place, specs.means.hash)).toBeUndefined();
		await retain();
		expect(await stateTables()).toBe(0);
	});
});
