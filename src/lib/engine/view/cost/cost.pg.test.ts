import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import type { CatalogTable } from '../catalog.ts';
import { finishView } from '../finish.ts';
import { planView } from '../plan.ts';
import { renderSql } from '../render.ts';
import { createView, dropView, fillView, maintainView, schemas } from '../stage-run.ts';
import type { ViewSpec } from '../types.ts';
import { viewCost } from './cost.ts';
import { estimated, type EstimatedStep, type Sizes, type TableIndexes } from './estimate.ts';
import type { ChangeCost } from './types.ts';

/**
 * What is said of a change is held against what Postgres reads for it: 20 projects in 4 regions, 2,000 tickets
 * (100 a project), 6,000 comments (3 a ticket).
 */
const column = (name: string, type: string, nullable = false) => ({ name, type, array: false, nullable });
const tables: readonly CatalogTable[] = [
	{
		name: 'projects',
		key: ['id'],
		columns: [column('id', 'integer'), column('name', 'text'), column('region', 'text')]
	},
	{
		name: 'tickets',
		key: ['id'],
		columns: [
			column('id', 'integer'),
			column('project_id', 'integer'),
			column('points', 'integer'),
			column('weight', 'double precision'),
			column('extra', 'jsonb', true)
		]
	},
	{
		name: 'comments',
		key: ['id'],
		columns: [column('id', 'integer'), column('ticket_id', 'integer'), column('body', 'text')]
	}
];

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
	await client.query(`CREATE SCHEMA i1; CREATE SCHEMA i1_v; SET search_path = i1;
CREATE TABLE projects (id integer PRIMARY KEY, name text NOT NULL, region text NOT NULL);
CREATE TABLE tickets (id integer PRIMARY KEY, project_id integer NOT NULL, points integer NOT NULL, weight double precision NOT NULL, extra jsonb);
CREATE TABLE comments (id integer PRIMARY KEY, ticket_id integer NOT NULL, body text NOT NULL);
ALTER TABLE projects SET (autovacuum_enabled = off); ALTER TABLE tickets SET (autovacuum_enabled = off); ALTER TABLE comments SET (autovacuum_enabled = off);
INSERT INTO projects SELECT n, 'project ' || n, 'region ' || n % 4 FROM generate_series(0, 19) AS n;
INSERT INTO tickets SELECT n, n % 20, n % 50, n / 7.0 FROM generate_series(0, 1999) AS n;
INSERT INTO comments SELECT n, n % 2000, 'comment ' || n FROM generate_series(0, 5999) AS n;
CREATE INDEX ON tickets (project_id); CREATE INDEX ON comments (ticket_id);
ANALYZE projects, tickets, comments`);
});
afterAll(async () => {
	await client?.end();
	await db?.drop();
});

const indexed: TableIndexes = new Map([
	['tickets', [['id'], ['project_id']]],
	['comments', [['id'], ['ticket_id']]],
	['projects', [['id']]]
]);

async function planned(
	sql: string
): Promise<{ spec: ViewSpec; changes: readonly ChangeCost[]; sizes: Sizes }> {
	const outcome = await planView({ name: 'v', file: 'views/v.sql', sql, tables });
	if (!outcome.ok) throw new Error(JSON.stringify(outcome.diagnostics));
	const { rows } = await client.query<{ types: string[] }>(renderSql(outcome.plan.describeSql, schemas));
	const { changes, measures } = viewCost(outcome.plan, rows[0]!.types);
	const sizes = new Map<string, number>();
	for (const { key, sql: text } of measures) {
		const explained = await client.query(`EXPLAIN (FORMAT JSON) ${renderSql(text, schemas)}`);
		sizes.set(key, explained.rows[0]['QUERY PLAN'][0].Plan['Plan Rows'] as number);
	}
	return { spec: finishView(outcome.plan, rows[0]!.types), changes, sizes };
}

/** Rows that Postgres reads from tables and state for one changed row, planned before. */
async function readsOf(spec: ViewSpec, table: string): Promise<number> {
	await client.query('SET search_path = i1');
	const change = () => maintainView(client, spec, { [table]: [['7']] });
	await change();
	await client.query(`BEGIN; ${updates[table]}`);
	const before = await rowsRead();
	await change();
	const after = await rowsRead();
	await client.query('ROLLBACK');
	return after - before;
}

const updates: Readonly<Record<string, string>> = {
	projects: `UPDATE projects SET name = 'other', region = 'region 9' WHERE id = 7`,
	tickets: 'UPDATE tickets SET points = points + 1, weight = weight + 1 WHERE id = 7',
	comments: `UPDATE comments SET body = 'other' WHERE id = 7`
};

async function rowsRead(): Promise<number> {
	const { rows } = await client.query<{ read: string }>(
		`SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) AS read FROM pg_stat_xact_user_tables WHERE schemaname IN ('i1', 'i1_v')`
	);
	return Number(rows[0]!.read);
}

/** The class that is worst, about how many rows, and what is read as a whole. */
function said(steps: readonly EstimatedStep[]) {
	return {
		classes: steps.map((step) => step.class).join(' '),
		about: Math.round(steps.reduce((sum, { about = NaN }) => sum + about, 0)),
		looks: steps.reduce((sum, { looks = NaN }) => sum + looks, 0),
		scans: steps.flatMap(({ scans }) => scans.map(({ about = NaN }) => about)).reduce((a, b) => a + b, 0)
	};
}

interface Case {
	readonly sql: string;
	/** By table: classes of its steps, and about how many rows are touched and scanned. */
	readonly says: Readonly<Record<string, readonly [classes: string, about: number, scans?: number]>>;
}
const cases: Readonly<Record<string, Case>> = {
	'a filter that is kept': {
		sql: 'SELECT id, points FROM tickets WHERE extra IS NULL',
		says: { tickets: ['row', 1] }
	},
	'a join': {
		sql: 'SELECT t.id, p.name FROM tickets t JOIN projects p ON p.id = t.project_id',
		says: { tickets: ['row', 1], projects: ['matches', 100] }
	},
	'a chain of joins': {
		sql: 'SELECT c.id, p.name FROM comments c JOIN tickets t ON t.id = c.ticket_id JOIN projects p ON p.id = t.project_id',
		says: { comments: ['row', 1], tickets: ['matches', 3], projects: ['matches', 300] }
	},
	'a join without an index': {
		sql: 'SELECT t.id, o.id AS other FROM tickets t JOIN tickets o ON o.points = t.points',
		says: { tickets: ['matches', 40, 2000] }
	},
	'a join by no equality': {
		sql: 'SELECT t.id, p.id AS project FROM tickets t JOIN projects p ON p.id > t.points',
		says: { tickets: ['all', 20, 20], projects: ['all', 2000, 2000] }
	},
	'a join with one row that is named': {
		sql: 'SELECT t.id, p.name FROM tickets t CROSS JOIN projects p WHERE p.id = 7',
		says: { tickets: ['row', 1], projects: ['all', 2000, 2000] }
	},
	'a join by an expression': {
		sql: 'SELECT t.id, c.id AS comment FROM tickets t JOIN comments c ON c.ticket_id + 1 = t.id',
		says: { tickets: ['matches', 3, 6000], comments: ['row', 1] }
	},
	'a left join': {
		sql: 'SELECT t.id, c.body FROM tickets t LEFT JOIN comments c ON c.ticket_id = t.id',
		says: { tickets: ['matches', 3], comments: ['matches', 3] }
	},
	'a left join to one': {
		sql: 'SELECT t.id, p.name FROM tickets t LEFT JOIN projects p ON p.id = t.project_id',
		says: { tickets: ['row', 1], projects: ['matches', 100] }
	},
	EXISTS: {
		sql: `SELECT t.id FROM tickets t WHERE EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id AND c.body <> 'x')`,
		says: { tickets: ['row', 1], comments: ['row row', 2] }
	},
	'NOT IN by what connects it': {
		sql: `SELECT p.id FROM projects p WHERE 3 NOT IN (SELECT t.points FROM tickets t WHERE t.project_id = p.id)`,
		says: { projects: ['row', 1], tickets: ['row row', 2] }
	},
	'a count in SELECT': {
		sql: `SELECT t.id, (SELECT count(*) FROM comments c WHERE c.ticket_id = t.id) AS n FROM tickets t`,
		says: { tickets: ['row', 1], comments: ['row group row', 3] }
	},
	'IN a list of its own': {
		sql: `SELECT t.id FROM tickets t WHERE t.project_id IN (SELECT id FROM projects WHERE region = 'region 1')`,
		says: { tickets: ['row', 1, 5], projects: ['row matches', 101, 5] }
	},
	'counts and sums': {
		sql: 'SELECT project_id, count(*) AS n, sum(points) AS points FROM tickets GROUP BY project_id',
		says: { tickets: ['row group', 2] }
	},
	'sums over a join': {
		sql: 'SELECT p.name, sum(t.points) AS points FROM tickets t JOIN projects p ON p.id = t.project_id GROUP BY p.name',
		says: { tickets: ['row group', 2], projects: ['matches group', 101] }
	},
	'sums of floats': {
		sql: 'SELECT project_id, sum(weight) AS weight FROM tickets GROUP BY project_id',
		says: { tickets: ['row regroup', 101] }
	},
	'a list of all': {
		sql: 'SELECT string_agg(body, $$, $$ ORDER BY id) AS bodies FROM comments',
		says: { comments: ['row all', 6001] }
	},
	'the greatest': {
		sql: 'SELECT project_id, max(points) AS points FROM tickets GROUP BY project_id',
		says: { tickets: ['row extreme', 101] }
	},
	DISTINCT: {
		sql: 'SELECT DISTINCT region FROM projects',
		says: { projects: ['row group', 2] }
	},
	windows: {
		sql: 'SELECT id, rank() OVER (PARTITION BY project_id ORDER BY points) AS place FROM tickets',
		says: { tickets: ['row partition', 101] }
	},
	'windows over everything': {
		sql: 'SELECT id, rank() OVER (ORDER BY points) AS place FROM tickets',
		says: { tickets: ['row all', 2001] }
	},
	'the first of each': {
		sql: 'SELECT DISTINCT ON (project_id) project_id, id, points FROM tickets ORDER BY project_id, points DESC',
		says: { tickets: ['row first', 2] }
	},
	'the first of all': {
		sql: 'SELECT id, points FROM tickets ORDER BY points DESC LIMIT 10',
		says: { tickets: ['row first', 11] }
	},
	'UNION ALL': {
		sql: 'SELECT id, body FROM comments UNION ALL SELECT id, name FROM projects',
		says: { comments: ['row row', 2], projects: ['row row', 2] }
	},
	'groups of groups': {
		sql: 'WITH m AS (SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id) SELECT n, count(*) AS projects FROM m GROUP BY n',
		says: { tickets: ['row group row group', 4] }
	},
	'a connected subquery without equality': {
		sql: 'SELECT p.id, (SELECT count(*) FROM tickets t WHERE t.points > p.id) AS n FROM projects p',
		says: { projects: ['row', 1, 2000], tickets: ['row all', 21, 2020] }
	},
	'rows of a subquery joined by their key': {
		sql: 'WITH m AS (SELECT id, points + 1 AS n FROM tickets) SELECT c.id, m.n FROM comments c JOIN m ON m.id = c.ticket_id',
		says: { comments: ['row', 1, 2000], tickets: ['row matches', 4] }
	},
	'a function of the row': {
		sql: 'SELECT t.id, n FROM tickets t, generate_series(1, t.points) AS n',
		says: { tickets: ['matches', NaN] }
	},
	'GROUPING SETS': {
		sql: 'SELECT project_id, points, count(*) AS n, avg(weight) AS mean FROM tickets GROUP BY GROUPING SETS ((project_id), (points))',
		says: { tickets: ['row regroup', 201] }
	},
	'a FULL JOIN': {
		sql: 'SELECT t.id, p.id AS project FROM tickets t FULL JOIN projects p ON p.id = t.project_id',
		says: { tickets: ['row row row', 3], projects: ['matches row row', 300] }
	},
	'the greatest of all': {
		sql: 'SELECT max(points) AS points FROM tickets',
		says: { tickets: ['row extreme', 2001] }
	},
	'values that count once': {
		sql: 'SELECT project_id, count(DISTINCT points) AS n FROM tickets GROUP BY project_id',
		says: { tickets: ['row group', 2] }
	},
	'rows behind an OFFSET': {
		sql: 'SELECT id, points FROM tickets ORDER BY points DESC OFFSET 10',
		says: { tickets: ['row all', 2001] }
	},
	'the first ranks of each': {
		sql: 'SELECT * FROM (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY points DESC, id) AS place FROM tickets) AS r WHERE place <= 3',
		says: { tickets: ['row first row', 7] }
	},
	'LATERAL with a limit': {
		sql: 'SELECT p.id, l.id AS ticket FROM projects p CROSS JOIN LATERAL (SELECT t.id FROM tickets t WHERE t.project_id = p.id ORDER BY t.points DESC LIMIT 2) AS l',
		says: { projects: ['matches', 2] }
	},
	INTERSECT: {
		sql: 'SELECT id FROM projects INTERSECT SELECT project_id FROM tickets',
		says: { projects: ['row row row group', 4], tickets: ['row row row group', 4] }
	},
	'a table joined with groups': {
		sql: 'WITH m AS (SELECT project_id, sum(points) AS n FROM tickets GROUP BY project_id) SELECT p.name, m.n FROM projects p JOIN m ON m.project_id = p.id',
		says: { tickets: ['row group row', 3], projects: ['row', 1] }
	}
};

describe('what is said of a change is what Postgres does', () => {
	test.each(Object.entries(cases))('%s', async (_, { sql, says }) => {
		const { spec, changes, sizes } = await planned(sql);
		if (spec.kind === 'maintained') {
			await createView(client, spec);
			await fillView(client, spec);
		}
		try {
			const found: Record<string, unknown> = {};
			const wanted: Record<string, unknown> = {};
			for (const [table, [classes, about, scans = 0]] of Object.entries(says)) {
				const places = changes.filter((change) => change.table === table);
				const all = places.map((change) => said(estimated(change, sizes, indexed)));
				found[table] = all[0];
				wanted[table] = {
					looks: expect.any(Number),
					classes,
					about: Number.isNaN(about) ? NaN : expect.closeTo(about, -0.6),
					scans
				};
				if (spec.kind !== 'maintained') continue;
				const read = await readsOf(spec, table);
				const touched = all.reduce((sum, one) => sum + one.about, 0);
				const scanned = all.reduce((sum, one) => sum + one.scans, 0);
				if (Number.isNaN(touched)) continue;
				// a row is read in the table and in the state, as it was and as it is; what has no index, for each row
				const looks = all.reduce((sum, one) => sum + one.looks, 0);
				const most = 5 * touched + 2 * looks + 2 * touched * scanned + 5;
				expect(read, `rows read for a change of ${table}`).toBeLessThanOrEqual(most);
				if (!classes.includes('extreme')) expect(5 * read).toBeGreaterThanOrEqual(touched + scanned);
			}
			expect(found).toEqual(wanted);
		} finally {
			await dropView(client, spec);
		}
	});
});
