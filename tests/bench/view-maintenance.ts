import type pg from 'pg';
import { renderProgram, type CatalogTable, type ViewSpec } from '#engine/view';
import { planned } from '#support/planned';
import { testPostgres } from '#support/postgres';
import type { Row } from './row.ts';

const schemas = { data: 'i1', state: 'i1_v' };
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
const joinSql = `SELECT t.id, t.title, t.points, p.name AS project, p.region
	FROM tickets t JOIN projects p ON p.id = t.project_id WHERE t.status = 'open'`;
/** A thousand groups over a million rows. */
const groupSql = `SELECT p.id, p.name, count(*) AS tickets, sum(t.points) AS points, avg(t.points) AS mean
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

/** The rows `view-maintenance … refresh` of the budgets. */
export async function run(): Promise<Row[]> {
	const db = await testPostgres();
	const client = await db.connect(db.superuserUrl);
	try {
		await fillTables(client);
		const rows: Row[] = [];
		for (const view of [
			{ name: 'join', sql: joinSql, goals: [1000, 100] },
			{ name: 'group', sql: groupSql, goals: [50, 4] }
		]) {
			rows.push(...(await compare(client, view.name, view.sql, view.goals)));
		}
		return rows;
	} finally {
		await client.end();
		await db.drop();
	}
}

async function fillTables(client: pg.Client): Promise<void> {
	for (const statement of fill.split(';')) await client.query(statement);
}

async function compare(
	client: pg.Client,
	name: string,
	sql: string,
	goals: readonly number[]
): Promise<Row[]> {
	const spec = await build(client, name, sql);
	await client.query(
		`SET search_path = i1; CREATE MATERIALIZED VIEW i1.m_${name} AS ${sql}; CREATE UNIQUE INDEX ON i1.m_${name} (id); ANALYZE i1.m_${name}`
	);
	const ids = await allIds(client);
	const rows: Row[] = [];
	for (const [index, keys] of [1, 1000].entries()) {
		// Turn by turn, so that neither has the machine to itself.
		const ours: number[] = [];
		const theirs: number[] = [];
		for (let round = 0; round < 3; round++) {
			for (let n = 0; n < (keys === 1 ? 100 : 15); n++)
				ours.push(await maintain(client, spec, pick(ids, keys)));
			theirs.push(await timed(() => client.query(`REFRESH MATERIALIZED VIEW CONCURRENTLY i1.m_${name}`)));
		}
		const [value, reference] = [median(ours), median(theirs)];
		rows.push(
			row(
				`view-maintenance ${name} ${keys} key${keys === 1 ? '' : 's'} refresh`,
				value,
				reference,
				goals[index]!
			)
		);
	}
	await check(client, spec, sql);
	return rows;
}

function row(name: string, value: number, reference: number, goal: number): Row {
	const ratio = reference / value;
	return {
		name,
		value,
		unit: 'ms',
		against: 'REFRESH MATERIALIZED VIEW CONCURRENTLY',
		reference,
		ratio,
		goal: `>= ${goal}`,
		holds: ratio >= goal
	};
}

async function build(client: pg.Client, name: string, sql: string): Promise<ViewSpec> {
	const spec = await planned(client, schemas.data, { name, file: `views/${name}.sql`, sql, tables });
	for (const statement of renderProgram(spec.program, schemas).create) await client.query(statement);
	await client.query(`SELECT * FROM i1_v.m_${spec.hash}('{"*": "quiet"}')`);
	return spec;
}

async function allIds(client: pg.Client): Promise<string[]> {
	const { rows } = await client.query<{ ids: string[] }>('SELECT array_agg(id::text) AS ids FROM i1.tickets');
	return rows[0]!.ids;
}

/** That many different ids. */
function pick(ids: readonly string[], count: number): string[] {
	const picked = new Set<string>();
	while (picked.size < count) picked.add(ids[Math.floor(Math.random() * ids.length)]!);
	return [...picked];
}

/** Changes those tickets; ms until the view is up to date, commit included and its difference delivered. */
async function maintain(client: pg.Client, spec: ViewSpec, ids: readonly string[]): Promise<number> {
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

/** A figure of a view that went wrong is worth nothing. */
async function check(client: pg.Client, spec: ViewSpec, sql: string): Promise<void> {
	const columns = spec.columns.map((made) => made.name).join(', ');
	const read = `SELECT ${columns} FROM (${renderProgram(spec.program, schemas).read}) AS r`;
	const { rows } = await client.query<{ count: string }>(
		`SELECT count(*) FROM ((${read}) EXCEPT ALL (${sql})) AS x UNION ALL SELECT count(*) FROM ((${sql}) EXCEPT ALL (${read})) AS y`
	);
	if (rows.some((counted) => counted.count !== '0')) throw new Error(`${spec.name} differs from its SELECT`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
	const start = performance.now();
	await work();
	return performance.now() - start;
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
