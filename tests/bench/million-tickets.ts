import type pg from 'pg';
import { renderProgram, type CatalogTable, type ViewSpec } from '#engine/view';
import { planned } from '#support/planned';

export const schemas = { data: 'i1', state: 'i1_v' };
const rowCount = 1_000_000;
const column = (name: string, type: string, nullable = false) => ({ name, type, array: false, nullable });

const tables: readonly CatalogTable[] = [
	{
		name: 'projects',
		key: ['id'],
		columns: [column('id', 'uuid'), column('name', 'text'), column('region', 'text')]
	},
	{
		name: 'tickets',
		key: ['id'],
		columns: [
			column('id', 'uuid'),
			column('project_id', 'uuid'),
			column('title', 'text'),
			column('points', 'integer'),
			column('status', 'text')
		]
	}
];

/** 325,000 of a million rows pass. */
export const joinSql = `SELECT t.id, t.title, t.points, p.name AS project, p.region
	FROM tickets t JOIN projects p ON p.id = t.project_id WHERE t.status = 'open'`;
/** A thousand groups over a million rows. */
export const groupSql = `SELECT p.id, p.name, count(*) AS tickets, sum(t.points) AS points, avg(t.points) AS mean
	FROM tickets t JOIN projects p ON p.id = t.project_id GROUP BY p.id, p.name`;

const fill = `
	CREATE SCHEMA i1; CREATE SCHEMA i1_v;
	CREATE TABLE i1.projects (id uuid PRIMARY KEY, name text NOT NULL, region text NOT NULL);
	CREATE TABLE i1.tickets (id uuid PRIMARY KEY, project_id uuid NOT NULL, title text NOT NULL, points integer NOT NULL, status text NOT NULL);
	INSERT INTO i1.projects SELECT uuidv7(), 'Project ' || n, 'Region ' || n % 7 FROM generate_series(1, 1000) AS n;
	INSERT INTO i1.tickets
		SELECT uuidv7(), p.ids[1 + n % 1000], 'Ticket ' || n, n % 13, CASE WHEN n % 1000 < 325 THEN 'open' ELSE 'closed' END
		FROM (SELECT array_agg(id) AS ids FROM i1.projects) AS p, generate_series(1, ${rowCount}) AS n;
	CREATE INDEX ON i1.tickets (project_id);
	VACUUM ANALYZE i1.projects; VACUUM ANALYZE i1.tickets`;

/** A million tickets of a thousand projects. */
export async function fillTables(client: pg.Client): Promise<void> {
	for (const statement of fill.split(';')) await client.query(statement);
}

export async function build(client: pg.Client, name: string, sql: string): Promise<ViewSpec> {
	const spec = await planned(client, schemas.data, { name, file: `views/${name}.sql`, sql, tables });
	for (const statement of renderProgram(spec.program, schemas).create) await client.query(statement);
	await client.query(`SELECT * FROM i1_v.m_${spec.hash}('{"*": "quiet"}')`);
	return spec;
}

export async function allIds(client: pg.Client): Promise<string[]> {
	const { rows } = await client.query<{ ids: string[] }>('SELECT array_agg(id::text) AS ids FROM i1.tickets');
	return rows[0]!.ids;
}

/** That many different ids. */
export function pick(ids: readonly string[], count: number): string[] {
	const picked = new Set<string>();
	while (picked.size < count) picked.add(ids[Math.floor(Math.random() * ids.length)]!);
	return [...picked];
}

/** Changes those tickets; ms until the view is up to date, commit included and its difference delivered. */
export async function maintain(client: pg.Client, spec: ViewSpec, ids: readonly string[]): Promise<number> {
	await client.query(
		`UPDATE i1.tickets SET points = (points + 1) % 13, status = CASE WHEN random() < 0.325 THEN 'open' ELSE 'closed' END
		WHERE id = ANY ($1::uuid[])`,
		[ids]
	);
	const changed = JSON.stringify({ tickets: ids.map((id) => [id]) });
	return timed(() =>
		client.query({ name: spec.hash, text: `SELECT * FROM i1_v.m_${spec.hash}($1)`, values: [changed] })
	);
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
	const start = performance.now();
	await work();
	return performance.now() - start;
}
