import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { modelTables } from './arbitrary-view.ts';
import { castType } from './catalog.ts';
import { createView, dropView, fillView, maintainView, specOf, visibleRows } from './stage-run.ts';

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
	await client.query('CREATE SCHEMA i1; CREATE SCHEMA i1_v');
	for (const table of modelTables) {
		const columns = table.columns.map(
			(column) => `${column.name} ${castType(column)}${column.nullable ? '' : ' NOT NULL'}`
		);
		await client.query(
			`CREATE TABLE i1.${table.name} (${columns.join(', ')}, PRIMARY KEY (${table.key.join(', ')}))`
		);
	}
	await client.query('SET search_path = i1');
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

/** Rows of small tables that meet, part and repeat; each step is one transaction. */
const steps: readonly { readonly sql: string; readonly changed: Record<string, string[][]> }[] = [
	{
		sql: `INSERT INTO projects VALUES ('a', 'A', 'north', 1.0), ('b', 'B', 'south', 2.5);
			INSERT INTO tickets (id, project_id, title, points, opened_at) VALUES
				(1, 'a', 'x', 1, '2026-01-01'), (2, 'a', 'y', 3, '2026-01-01'), (3, 'b', 'x', NULL, '2026-01-02')`,
		changed: { projects: [['a'], ['b']], tickets: [['1'], ['2'], ['3']] }
	},
	{ sql: `UPDATE tickets SET project_id = 'b' WHERE id = 1`, changed: { tickets: [['1']] } },
	{ sql: `UPDATE projects SET region = 'south' WHERE id = 'a'`, changed: { projects: [['a']] } },
	{
		sql: `DELETE FROM projects WHERE id = 'b'; UPDATE tickets SET project_id = NULL WHERE id = 3`,
		changed: { projects: [['b']], tickets: [['3']] }
	},
	{
		sql: `INSERT INTO projects VALUES ('b', NULL, NULL, NULL); INSERT INTO tickets (id, project_id, title, points, opened_at) VALUES (4, 'b', 'x', 9, '2026-01-03')`,
		changed: { projects: [['b']], tickets: [['4']] }
	},
	{ sql: `UPDATE tickets SET id = 7, title = 'z' WHERE id = 2`, changed: { tickets: [['2'], ['7']] } },
	{ sql: `DELETE FROM tickets WHERE id IN (1, 4)`, changed: { tickets: [['1'], ['4']] } },
	{
		sql: `DELETE FROM tickets; DELETE FROM projects`,
		changed: { tickets: [['3'], ['7']], projects: [['a'], ['b']] }
	}
];

const views = [
	{
		name: 'loads',
		file: 'views/loads.sql',
		sql: 'SELECT project_id, count(*) AS n, sum(points) AS points FROM tickets GROUP BY project_id'
	},
	{
		name: 'named',
		file: 'views/named.sql',
		sql: 'SELECT t.id, t.points, p.name FROM tickets t JOIN projects p ON p.id = t.project_id'
	},
	{
		name: 'busy',
		file: 'views/busy.sql',
		sql: 'SELECT p.id, p.name, l.n FROM projects p JOIN loads l ON l.project_id = p.id WHERE l.n > 1'
	}
];

test.each([
	`WITH a AS (SELECT id, title, points FROM tickets WHERE points > 0) SELECT id, title FROM a WHERE points < 9`,
	`WITH a AS (SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id) SELECT p.id, p.name, a.n FROM projects p JOIN a ON a.project_id = p.id`,
	`WITH a AS (SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id) SELECT n, count(*) AS times FROM a GROUP BY n`,
	`WITH a AS (SELECT max(points) AS top FROM tickets) SELECT t.id FROM tickets t JOIN a ON a.top = t.points`,
	`SELECT x.project_id, x.mean, p.name FROM (SELECT project_id, avg(points) AS mean FROM tickets GROUP BY project_id) AS x, projects p WHERE p.id = x.project_id`,
	`SELECT region, sum(n) AS n FROM (SELECT p.region, p.id, count(*) AS n FROM tickets t JOIN projects p ON p.id = t.project_id GROUP BY p.region, p.id) AS x GROUP BY region`,
	`WITH a AS (SELECT title, count(*) AS n FROM tickets GROUP BY title), b AS (SELECT n, count(*) AS m FROM a GROUP BY n) SELECT a.title, b.m FROM a JOIN b ON b.n = a.n`,
	`SELECT p.id, l.n, l.points FROM loads l JOIN projects p ON p.id = l.project_id`,
	`SELECT name, count(*) AS n, max(points) AS top FROM named GROUP BY name`,
	`SELECT b.id, b.n, l.points FROM busy b JOIN loads l ON l.project_id = b.id`,
	`SELECT x.title, y.title AS other FROM (SELECT id, title FROM tickets) x JOIN (SELECT id, title FROM tickets) y ON y.id = x.id + 1`
])('%s', async (sql) => {
	await client.query('DELETE FROM tickets; DELETE FROM projects');
	const spec = await specOf(client, sql, modelTables, views);
	const ctes = views.map((view) => `${view.name} AS (${view.sql})`).join(', ');
	const oracle = sql.startsWith('WITH') ? sql.replace('WITH', `WITH ${ctes},`) : `WITH ${ctes} ${sql}`;
	await createView(client, spec);
	await fillView(client, spec);
	const held = await visibleRows(client, spec);
	for (const step of steps) {
		await client.query(step.sql);
		for (const { operation, key, ...row } of await maintainView(client, spec, step.changed)) {
			expect(held.get(key) ?? null).toEqual(row.old);
			if (operation === 'delete') held.delete(key);
			else held.set(key, row.new!);
		}
		expect(await visibleRows(client, spec)).toEqual(held);
		const names = spec.columns.map((column) => column.name).join(', ');
		const kept = `SELECT ${names} FROM (${spec.program.read.replaceAll('{state}', 'i1_v')}) AS r`;
		const { rows } = await client.query(
			`SELECT 'kept' AS side, x::text FROM ((${kept}) EXCEPT ALL (${oracle})) AS x UNION ALL SELECT 'select', y::text FROM ((${oracle}) EXCEPT ALL (${kept})) AS y`
		);
		expect(rows, step.sql).toEqual([]);
	}
	expect(await maintainView(client, spec, 'all')).toEqual([]);
	await dropView(client, spec);
});
