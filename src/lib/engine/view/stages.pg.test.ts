import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import type { CatalogTable } from './catalog.ts';
import {
	createView,
	dropView,
	fillView,
	maintainView,
	specOf,
	visibleRows,
	type Changed,
	type TextRow
} from './stage-run.ts';

const column = (name: string, type: string, nullable = true, array = false) => ({
	name,
	type,
	array,
	nullable
});
const tables: readonly CatalogTable[] = [
	{
		name: 'projects',
		key: ['id'],
		columns: [
			column('id', 'text', false),
			column('name', 'text'),
			column('region', 'text'),
			column('lead', 'integer')
		]
	},
	{
		name: 'tickets',
		key: ['id'],
		columns: [
			column('id', 'integer', false),
			column('project_id', 'text'),
			column('parent', 'integer'),
			column('title', 'text', false),
			column('points', 'integer'),
			column('cost', 'numeric'),
			column('done', 'boolean')
		]
	},
	{
		name: 'comments',
		key: ['ticket_id', 'n'],
		columns: [
			column('ticket_id', 'integer', false),
			column('n', 'integer', false),
			column('body', 'text'),
			column('tags', 'text', true, true),
			column('extra', 'jsonb')
		]
	}
];
/** Values of each column, few enough to meet often. */
const values: Readonly<Record<string, readonly string[]>> = {
	'projects.id': [`'a'`, `''`, `'d"é'`],
	'projects.name': ['NULL', `'x'`, `'y'`],
	'projects.region': ['NULL', `'north'`, `'south'`],
	'projects.lead': ['NULL', '0', '1', '2'],
	'tickets.id': ['0', '1', '2', '3', '4', '5'],
	'tickets.project_id': ['NULL', `'a'`, `''`, `'d"é'`, `'gone'`],
	'tickets.parent': ['NULL', '0', '1', '2', '3'],
	'tickets.title': [`'x'`, `'y'`, `'z'`],
	'tickets.points': ['NULL', '0', '1', '3', '5'],
	'tickets.cost': ['NULL', '1.0', '1.00', '2.5'],
	'tickets.done': ['NULL', 'true', 'false'],
	'comments.ticket_id': ['0', '1', '2', '3'],
	'comments.n': ['1', '2', '3'],
	'comments.body': ['NULL', `'x'`, `'y'`],
	'comments.tags': ['NULL', `'{}'`, `'{a,NULL}'`, `'{b,a}'`],
	'comments.extra': ['NULL', `'{"k": 1}'`, `'[1, "x"]'`, `'null'`]
};

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
	await client.query('CREATE SCHEMA i1; CREATE SCHEMA i1_v; SET search_path = i1');
	for (const table of tables) {
		const columns = table.columns.map(
			(one) => `${one.name} ${one.type}${one.array ? '[]' : ''}${one.nullable ? '' : ' NOT NULL'}`
		);
		await client.query(
			`CREATE TABLE ${table.name} (${columns.join(', ')}, PRIMARY KEY (${table.key.join(', ')}))`
		);
	}
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

/** The same numbers for the same seed: mulberry32. */
function randomOf(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) % below;
	};
}

interface Step {
	readonly sql: string;
	readonly changed: Changed;
}

/** A transaction of some changes of some tables; a key is touched at most once a statement. */
function stepOf(random: (below: number) => number): Step {
	const changed: Record<string, string[][]> = {};
	const statements: string[] = [];
	const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
	for (let count = 1 + random(4); count > 0; count--) {
		const table = pick([tables[0]!, tables[1]!, tables[1]!, tables[2]!]);
		const value = (name: string) => pick(values[`${table.name}.${name}`]!);
		const touched = (key: readonly string[]) =>
			(changed[table.name] ??= []).push(key.map((part) => part.replace(/^'([^]*)'$/, '$1')));
		const key = table.key.map(value);
		touched(key);
		const at = table.key.map((name, index) => `${name} = ${key[index]}`).join(' AND ');
		const row = table.columns.map(({ name }) =>
			table.key.includes(name) ? key[table.key.indexOf(name)]! : value(name)
		);
		const names = table.columns.map(({ name }) => name);
		const kind = random(10);
		if (kind < 5) {
			const set = names.slice(table.key.length).map((name) => `${name} = excluded.${name}`);
			statements.push(
				`INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${row.join(', ')}) ON CONFLICT (${table.key.join(', ')}) DO UPDATE SET ${set.join(', ')}`
			);
		} else if (kind < 7) statements.push(`DELETE FROM ${table.name} WHERE ${at}`);
		else if (kind < 9) {
			const name = pick(names.slice(table.key.length));
			statements.push(`UPDATE ${table.name} SET ${name} = ${value(name)} WHERE ${at}`);
		} else {
			const moved = table.key.map(value);
			touched(moved);
			const free = `NOT EXISTS (SELECT FROM ${table.name} WHERE ${table.key.map((name, index) => `${name} = ${moved[index]}`).join(' AND ')})`;
			statements.push(
				`UPDATE ${table.name} SET ${table.key.map((name, index) => `${name} = ${moved[index]}`).join(', ')} WHERE ${at} AND ${free}`
			);
		}
	}
	return { sql: statements.join('; '), changed };
}

/** Other views of the module. */
const views = [
	{
		name: 'loads',
		sql: 'SELECT project_id, count(*) AS n, sum(points) AS points FROM tickets GROUP BY project_id'
	},
	{
		name: 'named',
		sql: 'SELECT t.id, t.points, p.name FROM tickets t JOIN projects p ON p.id = t.project_id'
	},
	{
		name: 'busy',
		sql: 'SELECT p.id, p.name, l.n FROM projects p JOIN loads l ON l.project_id = p.id WHERE l.n > 1'
	},
	{
		name: 'maybe',
		sql: 'SELECT t.id, p.name, p.id AS project FROM tickets t LEFT JOIN projects p ON p.id = t.project_id'
	}
].map((view) => ({ ...view, file: `views/${view.name}.sql` }));
const ctes = views.map((view) => `${view.name} AS (${view.sql})`).join(', ');

const steps = Number(process.env['STEPS'] ?? 40);

async function check(sql: string): Promise<void> {
	const spec = await specOf(client, sql, tables, views);
	const oracle = sql.startsWith('WITH') ? sql.replace('WITH', `WITH ${ctes},`) : `WITH ${ctes} ${sql}`;
	const random = randomOf(Number(process.env['SEED'] ?? 7) + sql.length);
	await client.query('TRUNCATE tickets, projects, comments');
	for (let n = 0; n < 6; n++) await client.query(stepOf(random).sql);
	await createView(client, spec);
	try {
		await fillView(client, spec);
		const held = await visibleRows(client, spec);
		await compare(oracle, spec.columns, held, 'at first');
		for (let n = 0; n < steps; n++) {
			const step = stepOf(random);
			await client.query(step.sql);
			const differences = await maintainView(client, spec, step.changed);
			apply(held, differences, step.sql);
			await compare(oracle, spec.columns, held, `after ${n}: ${step.sql}`);
			if (n % 10 === 0) expect(await visibleRows(client, spec)).toEqual(held);
		}
		expect(await visibleRows(client, spec)).toEqual(held);
		expect(await maintainView(client, spec, 'all')).toEqual([]);
	} finally {
		await dropView(client, spec);
	}
}

function apply(
	held: Map<string, TextRow>,
	differences: Awaited<ReturnType<typeof maintainView>>,
	what: string
): void {
	for (const { operation, key, ...row } of differences) {
		expect(held.get(key) ?? null, `${operation} ${key} ${what}`).toEqual(row.old);
		if (operation === 'delete') held.delete(key);
		else held.set(key, row.new!);
	}
}

async function compare(
	oracle: string,
	columns: readonly { readonly name: string; readonly type: string; readonly dims: number }[],
	held: ReadonlyMap<string, TextRow>,
	what: string
): Promise<void> {
	const typed = columns.map(
		({ name, type, dims }) => `(r ->> '${name}')::${type}${'[]'.repeat(dims)} AS ${name}`
	);
	const kept = `SELECT ${typed.join(', ')} FROM jsonb_array_elements($1::jsonb) AS r`;
	const { rows } = await client.query(
		`SELECT 'kept' AS side, x::text FROM ((${kept}) EXCEPT ALL (${oracle})) AS x UNION ALL SELECT 'select', y::text FROM ((${oracle}) EXCEPT ALL (${kept})) AS y`,
		[JSON.stringify([...held.values()])]
	);
	expect(rows, what).toEqual([]);
}

describe('parts', () => {
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
	])('%s', check);
});

describe('outer joins', () => {
	test.each([
		`SELECT t.id, p.name FROM tickets t LEFT JOIN projects p ON p.id = t.project_id`,
		`SELECT t.id, t.title, p.id AS project, p.name FROM projects p RIGHT JOIN tickets t ON p.id = t.project_id AND p.region = 'north'`,
		`SELECT p.id, t.id AS ticket, t.title FROM projects p LEFT JOIN tickets t ON t.project_id = p.id`,
		`SELECT p.name, t.title FROM projects p LEFT JOIN tickets t ON t.project_id = p.id AND t.points > p.lead`,
		`SELECT p.id FROM projects p LEFT JOIN tickets t ON t.project_id = p.id WHERE t.id IS NULL`,
		`SELECT p.id, t.points FROM projects p LEFT JOIN tickets t ON t.project_id = p.id WHERE coalesce(t.points, 0) < 2`,
		`SELECT p.id, t.points FROM projects p LEFT JOIN tickets t ON t.project_id = p.id WHERE t.points > 0 AND p.region IS NOT NULL`,
		`SELECT t.id, p.name, u.title FROM tickets t LEFT JOIN projects p ON p.id = t.project_id LEFT JOIN tickets u ON u.id = p.lead`,
		`SELECT t.id, u.id AS up, v.id AS top FROM tickets t LEFT JOIN tickets u ON u.id = t.parent LEFT JOIN tickets v ON v.id = u.parent`,
		`SELECT t.id, c.n, c.body, p.name FROM tickets t LEFT JOIN comments c ON c.ticket_id = t.id LEFT JOIN projects p ON p.id = t.project_id AND c.n = 1`,
		`SELECT p.id, t.id AS ticket, c.body FROM projects p LEFT JOIN (tickets t JOIN comments c ON c.ticket_id = t.id) ON t.project_id = p.id`,
		`SELECT p.id, t.id AS ticket, c.body FROM projects p LEFT JOIN (tickets t LEFT JOIN comments c ON c.ticket_id = t.id AND c.body = t.title) ON t.project_id = p.id`,
		`SELECT a.id, b.id AS other, c.n FROM tickets a JOIN tickets b ON b.parent = a.id LEFT JOIN comments c ON c.ticket_id = b.id`,
		`SELECT a.id, b.id AS other, p.name FROM tickets a JOIN tickets b ON b.title = a.title LEFT JOIN projects p ON p.lead = a.points AND p.lead <= b.points`,
		`SELECT t.id, u.title FROM tickets t LEFT JOIN tickets u ON u.points < t.points`,
		`SELECT t.id, p.id AS project FROM tickets t LEFT JOIN projects p ON true`,
		`SELECT t.id, p.name FROM tickets t LEFT JOIN projects p ON p.id = t.project_id JOIN comments c ON c.body = p.name AND c.ticket_id = t.id`,
		`SELECT t.id, p.name, c.n FROM (tickets t LEFT JOIN projects p ON p.id = t.project_id) JOIN comments c ON c.ticket_id = t.id AND c.body IS NOT DISTINCT FROM p.name`,
		`SELECT p.region, count(*) AS all, count(t.id) AS n, sum(t.points) AS points, max(t.title) AS last FROM projects p LEFT JOIN tickets t ON t.project_id = p.id GROUP BY p.region`.replace(
			'AS all',
			'AS every'
		),
		`SELECT p.name, count(*) AS n FROM tickets t LEFT JOIN projects p ON p.id = t.project_id WHERE p.region IS DISTINCT FROM 'north' GROUP BY p.name`,
		`SELECT p.id, max(t.cost) AS top FROM projects p LEFT JOIN tickets t ON t.project_id = p.id WHERE t.done IS NOT TRUE GROUP BY p.id HAVING count(*) < 3`,
		`SELECT * FROM tickets NATURAL LEFT JOIN (SELECT id AS project_id, name FROM projects) AS p`,
		`SELECT project_id, count(*) AS n FROM tickets RIGHT JOIN (SELECT id AS project_id, name FROM projects) AS p USING (project_id) GROUP BY project_id`,
		`SELECT m.id, m.name, l.n FROM maybe m LEFT JOIN loads l ON l.project_id = m.project`,
		`SELECT name, count(*) AS n FROM maybe GROUP BY name`,
		`SELECT p.id, l.n FROM projects p LEFT JOIN loads l ON l.project_id = p.id`,
		`WITH a AS (SELECT t.id, p.id AS project, p.name FROM projects p LEFT JOIN tickets t ON t.project_id = p.id) SELECT a.name, a.id, c.n FROM a LEFT JOIN comments c ON c.ticket_id = a.id`
	])('%s', check);
});

describe('subqueries in expressions', () => {
	test.each([
		`SELECT t.id FROM tickets t WHERE EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id)`,
		`SELECT t.id FROM tickets t WHERE NOT EXISTS (SELECT 1 FROM comments c WHERE c.ticket_id = t.id AND c.body = 'x')`,
		`SELECT t.id FROM tickets t WHERE EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id AND c.body = t.title)`,
		`SELECT t.id FROM tickets t WHERE EXISTS (SELECT FROM tickets u WHERE u.points > t.points)`,
		`SELECT t.id, EXISTS (SELECT FROM tickets u WHERE u.parent = t.id) AS has FROM tickets t WHERE t.points IS NOT NULL`,
		`SELECT t.id FROM tickets t WHERE EXISTS (SELECT FROM comments)`,
		`SELECT t.id FROM tickets t WHERE t.id IN (SELECT ticket_id FROM comments)`,
		`SELECT t.id FROM tickets t WHERE t.id NOT IN (SELECT ticket_id FROM comments WHERE body = 'x')`,
		`SELECT t.id FROM tickets t WHERE t.points NOT IN (SELECT lead FROM projects)`,
		`SELECT t.id, t.parent IN (SELECT lead FROM projects) AS led FROM tickets t`,
		`SELECT t.id FROM tickets t WHERE t.parent IN (SELECT lead FROM projects p WHERE p.id = t.project_id)`,
		`SELECT t.id FROM tickets t WHERE t.parent NOT IN (SELECT c.n FROM comments c WHERE c.ticket_id = t.id)`,
		`SELECT t.id FROM tickets t WHERE (t.title, t.points) IN (SELECT c.body, c.n FROM comments c)`,
		`SELECT t.id, (t.title, t.points) IN (SELECT c.body, c.n FROM comments c) AS has FROM tickets t`,
		`SELECT t.id FROM tickets t WHERE t.points > ALL (SELECT c.n FROM comments c WHERE c.ticket_id = t.id)`,
		`SELECT t.id FROM tickets t WHERE t.points >= ANY (SELECT lead FROM projects)`,
		`SELECT t.id FROM tickets t WHERE t.points = (SELECT max(points) FROM tickets)`,
		`SELECT t.id, (SELECT name FROM projects p WHERE p.id = t.project_id) AS project FROM tickets t`,
		`SELECT p.id, (SELECT count(*) FROM tickets t WHERE t.project_id = p.id) AS n, (SELECT sum(points) FROM tickets t WHERE t.project_id = p.id) AS points FROM projects p`,
		`SELECT p.id, (SELECT count(*) + 1 FROM tickets t WHERE t.project_id = p.id HAVING count(*) < 3) AS n FROM projects p`,
		`SELECT p.id, (SELECT count(*) FROM tickets t WHERE t.points > p.lead) AS n FROM projects p`,
		`SELECT p.id, (SELECT sum(t.points * p.lead) FROM tickets t WHERE t.project_id = p.id) AS n FROM projects p`,
		`SELECT p.id, (SELECT t.title FROM tickets t WHERE t.project_id = p.id ORDER BY t.points DESC NULLS LAST, t.id LIMIT 1) AS top FROM projects p`,
		`SELECT p.id, (SELECT t.title FROM tickets t WHERE t.points > p.lead ORDER BY t.points, t.id LIMIT 1) AS next FROM projects p`,
		`SELECT p.id, (SELECT c.body FROM comments c JOIN tickets t ON t.id = c.ticket_id WHERE t.project_id = p.id ORDER BY c.n DESC, t.id LIMIT 1 OFFSET 1) AS body FROM projects p`,
		`SELECT p.id, ARRAY(SELECT t.id FROM tickets t WHERE t.project_id = p.id ORDER BY t.points, t.id) AS tickets FROM projects p`,
		`SELECT p.id, ARRAY(SELECT t.id FROM tickets t ORDER BY t.id) AS tickets FROM projects p`,
		`SELECT p.id, (SELECT array_agg(t.title ORDER BY t.id) FROM tickets t WHERE t.project_id = p.id) AS titles FROM projects p`,
		`SELECT p.id, (SELECT jsonb_agg(x.n ORDER BY x.n) FROM (SELECT project_id, title, count(*) AS n FROM tickets GROUP BY project_id, title) x WHERE x.project_id = p.id) AS counts FROM projects p`,
		`SELECT p.id FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.project_id = p.id AND EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id))`,
		`SELECT p.id FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.project_id = p.id AND EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id AND c.body = p.name))`,
		`SELECT p.id FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.project_id = p.id GROUP BY t.title HAVING count(*) > 1)`,
		`SELECT p.id FROM projects p WHERE p.lead IN (SELECT max(t.points) FROM tickets t WHERE t.project_id = p.id)`,
		`SELECT p.id FROM projects p WHERE 0 = (SELECT count(*) FROM tickets t WHERE t.project_id = p.id)`,
		`SELECT p.id, p.region, t.id AS ticket FROM projects p LEFT JOIN tickets t ON t.project_id = p.id AND EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id)`,
		`SELECT p.id, t.id AS ticket, (SELECT max(c.n) FROM comments c WHERE c.ticket_id = t.id) AS last FROM projects p LEFT JOIN tickets t ON t.project_id = p.id`,
		`SELECT p.id, t.id AS ticket FROM projects p LEFT JOIN tickets t ON t.project_id = p.id WHERE NOT EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id)`,
		`SELECT p.region, count(*) AS n FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.project_id = p.id) GROUP BY p.region`,
		`SELECT project_id, count(*) AS n, (SELECT name FROM projects p WHERE p.id = t.project_id) AS name FROM tickets t GROUP BY project_id`,
		`SELECT title, count(*) AS n FROM tickets t GROUP BY title HAVING count(*) > (SELECT count(*) FROM comments c WHERE c.body = t.title)`,
		`SELECT (SELECT name FROM projects p WHERE p.id = t.project_id) AS name, count(*) AS n FROM tickets t GROUP BY 1`,
		`SELECT sum((SELECT count(*) FROM comments c WHERE c.ticket_id = t.id)) AS n, t.title FROM tickets t GROUP BY t.title`,
		`SELECT t.id, row_number() OVER (ORDER BY (SELECT count(*) FROM comments c WHERE c.ticket_id = t.id), t.id) AS n FROM tickets t`,
		`SELECT t.id, CASE WHEN t.done THEN (SELECT name FROM projects p WHERE p.id = t.project_id) ELSE (SELECT max(body) FROM comments) END AS x FROM tickets t`,
		`SELECT a.id, b.id AS other FROM tickets a, tickets b WHERE a.title = b.title AND EXISTS (SELECT FROM projects p WHERE p.lead = a.id AND p.name = b.title)`,
		`SELECT a.id FROM tickets a WHERE a.points = (SELECT min(b.points) FROM tickets b WHERE b.title = a.title)`,
		`SELECT p.id FROM projects p WHERE p.id IN (SELECT project_id FROM loads WHERE n > 1)`,
		`WITH big AS (SELECT * FROM tickets t WHERE t.points > (SELECT avg(points) FROM tickets u WHERE u.title = t.title)) SELECT title, count(*) AS n FROM big GROUP BY title`
	])('%s', check);
});

describe('sets', () => {
	test.each([
		`SELECT id, title FROM tickets WHERE points > 0 UNION ALL SELECT ticket_id, body FROM comments`,
		`SELECT title FROM tickets UNION ALL SELECT name FROM projects UNION ALL SELECT body FROM comments WHERE n > 1`,
		`SELECT title FROM tickets UNION SELECT body FROM comments`,
		`SELECT title, points FROM tickets UNION SELECT body, n FROM comments UNION ALL SELECT name, lead FROM projects`,
		`(SELECT title FROM tickets UNION ALL SELECT body FROM comments) UNION SELECT name FROM projects`,
		`SELECT title FROM tickets INTERSECT SELECT body FROM comments`,
		`SELECT title FROM tickets EXCEPT SELECT body FROM comments WHERE n = 1`,
		`SELECT title FROM tickets INTERSECT ALL SELECT body FROM comments`,
		`SELECT title FROM tickets EXCEPT ALL SELECT body FROM comments`,
		`SELECT points FROM tickets EXCEPT SELECT lead FROM projects UNION SELECT n FROM comments`,
		`SELECT 'ticket' AS kind, id, NULL AS n FROM tickets UNION ALL SELECT 'comment', ticket_id, n FROM comments`,
		`SELECT points + 0.5 AS p FROM tickets UNION ALL SELECT lead FROM projects`,
		`SELECT title, count(*) AS n FROM tickets GROUP BY title UNION ALL SELECT body, max(n) FROM comments GROUP BY body`,
		`SELECT DISTINCT title FROM tickets`,
		`SELECT DISTINCT project_id, done FROM tickets WHERE points IS NOT NULL`,
		`SELECT DISTINCT count(*) AS n FROM tickets GROUP BY project_id`,
		`SELECT DISTINCT 1 AS one FROM tickets`,
		`SELECT DISTINCT cost FROM tickets`,
		`SELECT DISTINCT p.region, t.title FROM projects p LEFT JOIN tickets t ON t.project_id = p.id`,
		`SELECT DISTINCT title, points FROM tickets ORDER BY points, title LIMIT 2`,
		`SELECT title FROM tickets UNION SELECT body FROM comments ORDER BY 1 LIMIT 2`,
		`SELECT u.title, p.id FROM (SELECT title FROM tickets UNION SELECT body FROM comments) u JOIN projects p ON p.name = u.title`,
		`SELECT u.title, count(*) AS n FROM (SELECT title FROM tickets UNION ALL SELECT body FROM comments) u GROUP BY u.title`,
		`SELECT p.id FROM projects p WHERE p.name IN (SELECT title FROM tickets UNION SELECT body FROM comments)`,
		`SELECT p.id, EXISTS (SELECT title FROM tickets INTERSECT SELECT body FROM comments) AS any FROM projects p`.replace(
			'AS any',
			'AS some'
		),
		`SELECT t.id FROM tickets t WHERE t.title IN (SELECT DISTINCT body FROM comments)`,
		`WITH x AS (SELECT id FROM tickets EXCEPT SELECT ticket_id FROM comments) SELECT t.id, t.title FROM tickets t JOIN x ON x.id = t.id`
	])('%s', check);
});

describe('rows of functions and constants', () => {
	test.each([
		`SELECT c.ticket_id, c.n, tag FROM comments c, unnest(c.tags) AS tag`,
		`SELECT c.ticket_id, c.n, u.tag, u.place FROM comments c CROSS JOIN LATERAL unnest(c.tags) WITH ORDINALITY AS u(tag, place)`,
		`SELECT c.ticket_id, c.n, tag FROM comments c LEFT JOIN LATERAL unnest(c.tags) AS tag ON true`,
		`SELECT c.ticket_id, tag FROM comments c LEFT JOIN LATERAL unnest(c.tags) AS tag ON tag = c.body`,
		`SELECT tag, count(*) AS n FROM comments c, unnest(c.tags) AS tag GROUP BY tag`,
		`SELECT DISTINCT tag FROM comments c, unnest(c.tags) AS tag`,
		`SELECT t.id, tag FROM tickets t JOIN comments c ON c.ticket_id = t.id, unnest(c.tags) AS tag WHERE tag IS NOT NULL`,
		`SELECT c.ticket_id, c.n, e.key, e.value FROM comments c, jsonb_each(CASE WHEN jsonb_typeof(c.extra) = 'object' THEN c.extra END) AS e`,
		`SELECT t.id, n FROM tickets t, generate_series(1, t.points) AS n`,
		`SELECT n, count(t.id) AS tickets FROM generate_series(0, 4) AS n LEFT JOIN tickets t ON t.points = n GROUP BY n`,
		`SELECT v.label, t.id FROM (VALUES (1, 'one'), (3, 'three'), (NULL, 'none')) AS v(points, label) LEFT JOIN tickets t ON t.points IS NOT DISTINCT FROM v.points`,
		`SELECT v.label, t.id FROM tickets t JOIN (VALUES (1, 'one'), (3, 'three')) AS v(points, label) ON v.points = t.points`,
		`SELECT (SELECT count(*) FROM tickets) AS tickets, (SELECT count(*) FROM comments) AS comments`,
		`SELECT t.id FROM tickets t JOIN comments c ON c.ticket_id = t.id WHERE EXISTS (SELECT FROM unnest(c.tags) AS tag WHERE tag = t.title OR tag = 'a')`,
		`SELECT c.ticket_id, c.n, (SELECT count(*) FROM unnest(c.tags) AS tag WHERE tag IS NOT NULL) AS tags, ARRAY(SELECT upper(tag) FROM unnest(c.tags) AS tag ORDER BY tag) AS upper FROM comments c`,
		`SELECT c.ticket_id, c.n FROM comments c WHERE 'a' IN (SELECT tag FROM unnest(c.tags) AS tag)`,
		`SELECT title FROM tickets UNION ALL VALUES ('fixed'), ('more')`,
		`SELECT r.a, r.b FROM comments c, jsonb_to_recordset(CASE WHEN jsonb_typeof(c.extra) = 'array' THEN '[{"a": 1, "b": "x"}, {"a": 2}]'::jsonb END) AS r(a int, b text)`
	])('%s', check);
});

describe('full joins', () => {
	test.each([
		`SELECT t.id, t.title, p.id AS project, p.name FROM tickets t FULL JOIN projects p ON p.id = t.project_id`,
		`SELECT t.id, c.n, c.body FROM tickets t FULL JOIN comments c ON c.ticket_id = t.id AND c.body = t.title`,
		`SELECT coalesce(t.project_id, p.id) AS project, count(t.id) AS n FROM tickets t FULL JOIN projects p ON p.id = t.project_id GROUP BY 1`,
		`SELECT p.id, t.id AS ticket FROM tickets t FULL JOIN projects p ON p.id = t.project_id WHERE t.id IS NULL OR p.id IS NULL`,
		`SELECT project_id, n, name FROM (SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id) x FULL JOIN (SELECT id AS project_id, name FROM projects) y USING (project_id)`,
		`SELECT * FROM (SELECT id, title FROM tickets) x NATURAL FULL JOIN (SELECT ticket_id AS id, n FROM comments) y`,
		`SELECT t.id, p.name, c.n FROM tickets t FULL JOIN projects p ON p.lead = t.points LEFT JOIN comments c ON c.ticket_id = t.id`,
		`SELECT a.id, b.id AS other FROM tickets a FULL JOIN tickets b ON a.parent = b.id`,
		`SELECT t.id, p.id AS project, c.n FROM (tickets t LEFT JOIN comments c ON c.ticket_id = t.id) FULL JOIN projects p ON p.id = t.project_id AND c.n = 1`,
		`SELECT t.id, p.id AS project, q.id AS again FROM tickets t FULL JOIN projects p ON p.id = t.project_id FULL JOIN projects q ON q.lead = t.points`,
		`SELECT t.id, p.id AS project FROM tickets t FULL JOIN projects p ON false`,
		`SELECT p.id FROM projects p WHERE EXISTS (WITH f AS (SELECT t.project_id, c.body FROM tickets t FULL JOIN comments c ON c.ticket_id = t.id) SELECT FROM f WHERE f.project_id = p.id)`
	])('%s', check);
});

describe('groups by the key of a table in a full join', () => {
	test.each([
		`SELECT p.id, p.name, count(t.id) AS n FROM tickets t FULL JOIN projects p ON p.id = t.project_id GROUP BY p.id`
	])('%s', check);
});

describe('lateral', () => {
	test.each([
		`SELECT p.id, x.title FROM projects p, LATERAL (SELECT t.title FROM tickets t WHERE t.project_id = p.id) x`,
		`SELECT p.id, x.title, x.more FROM projects p CROSS JOIN LATERAL (SELECT t.title, t.points + p.lead AS more FROM tickets t WHERE t.project_id = p.id) x`,
		`SELECT p.id, x.title FROM projects p LEFT JOIN LATERAL (SELECT t.title FROM tickets t WHERE t.points > p.lead) x ON true`,
		`SELECT p.id, x.id AS ticket, x.title FROM projects p, LATERAL (SELECT t.id, t.title FROM tickets t WHERE t.project_id = p.id ORDER BY t.points DESC NULLS LAST, t.id LIMIT 2) x`,
		`SELECT p.id, x.id AS ticket FROM projects p LEFT JOIN LATERAL (SELECT t.id FROM tickets t WHERE t.project_id = p.id ORDER BY t.points, t.id LIMIT 1) x ON true`,
		`SELECT p.id, x.n, x.points FROM projects p, LATERAL (SELECT count(*) AS n, sum(points) AS points FROM tickets t WHERE t.project_id = p.id) x`,
		`SELECT p.id, x.n FROM projects p CROSS JOIN LATERAL (SELECT count(*) AS n FROM tickets t WHERE t.project_id = p.id HAVING count(*) < 3) x`,
		`SELECT p.id, x.n FROM projects p LEFT JOIN LATERAL (SELECT count(*) AS n FROM tickets t WHERE t.project_id = p.id) x ON true WHERE x.n > 0`,
		`SELECT p.id, x.title, x.n FROM projects p, LATERAL (SELECT title, count(*) AS n FROM tickets t WHERE t.project_id = p.id GROUP BY title) x`,
		`SELECT p.id, x.title FROM projects p, LATERAL (SELECT DISTINCT title FROM tickets t WHERE t.project_id = p.id) x`,
		`SELECT p.id, x.id AS ticket, x.place FROM projects p, LATERAL (SELECT t.id, row_number() OVER (ORDER BY t.points, t.id) AS place FROM tickets t WHERE t.project_id = p.id) x`,
		`SELECT p.id, t.id AS ticket, x.n FROM projects p LEFT JOIN tickets t ON t.project_id = p.id LEFT JOIN LATERAL (SELECT c.n FROM comments c WHERE c.ticket_id = t.id) x ON x.n > 1`,
		`SELECT p.id, t.id AS ticket, x.n FROM projects p LEFT JOIN (tickets t CROSS JOIN LATERAL (SELECT count(*) AS n FROM comments c WHERE c.ticket_id = t.id) x) ON t.project_id = p.id`,
		`SELECT p.region, sum(x.n) AS n FROM projects p, LATERAL (SELECT count(*) AS n FROM tickets t WHERE t.project_id = p.id) x GROUP BY p.region`,
		`SELECT c.ticket_id, c.n, x.tag FROM comments c, LATERAL (SELECT upper(tag) AS tag FROM unnest(c.tags) AS tag WHERE tag IS NOT NULL) x`,
		`SELECT c.ticket_id, c.n, x.tags FROM comments c, LATERAL (SELECT count(*) AS tags FROM unnest(c.tags) AS tag) x`,
		`SELECT p.id, x.n FROM projects p, LATERAL (SELECT 1 AS n FROM tickets t WHERE t.project_id = p.id AND EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id)) x`,
		`SELECT j.id, j.name FROM (SELECT p.id, p.name FROM projects p) AS j (id, name)`,
		`SELECT t.a, t.b, c.n FROM tickets AS t (a, b) JOIN comments c ON c.ticket_id = t.a WHERE t.points > 0`
	])('%s', check);
});

/** For these no way is known but to compute them again. */
describe('what is computed in place', () => {
	test.each([
		`SELECT p.id, ARRAY(SELECT row_number() OVER (ORDER BY t.points, t.id) FROM tickets t WHERE t.points > p.lead) AS places FROM projects p`,
		`SELECT p.id, (SELECT max(x.n) FROM (SELECT t.title, count(*) AS n FROM tickets t WHERE t.points > p.lead GROUP BY t.title) x) AS most FROM projects p`,
		`SELECT p.id FROM projects p WHERE 2 IN (SELECT count(*) FROM tickets t WHERE t.project_id = p.id GROUP BY GROUPING SETS ((t.title), ()))`,
		`SELECT p.id, (SELECT count(*) FROM (SELECT title FROM tickets t WHERE t.project_id = p.id UNION SELECT body FROM comments c WHERE c.n > p.lead) x) AS n FROM projects p`,
		`SELECT p.id FROM projects p WHERE EXISTS (SELECT t.title FROM tickets t WHERE t.project_id = p.id INTERSECT SELECT c.body FROM comments c)`,
		`SELECT p.id, (SELECT DISTINCT ON (t.title) t.id FROM tickets t WHERE t.points > p.lead ORDER BY t.title, t.id LIMIT 1) AS one FROM projects p`,
		`SELECT p.id, ARRAY(SELECT DISTINCT count(*) FROM tickets t WHERE t.points >= p.lead GROUP BY t.title ORDER BY 1) AS counts FROM projects p`,
		`SELECT p.id, (WITH own AS (SELECT t.id, t.title FROM tickets t WHERE t.points > p.lead) SELECT count(*) FROM own a JOIN own b ON a.title = b.title) AS pairs FROM projects p`,
		`SELECT t.id, (SELECT count(*) FROM comments c, unnest(c.tags) AS tag WHERE tag = t.title) AS n FROM tickets t`,
		`SELECT c.ticket_id, c.n, (SELECT string_agg(t.title, ',' ORDER BY t.id) FROM unnest(c.tags) AS tag JOIN tickets t ON t.title = tag) AS titles FROM comments c`,
		`SELECT p.id, (SELECT count(c.n) FROM tickets t LEFT JOIN comments c ON c.ticket_id = t.id AND c.n > p.lead WHERE t.project_id = p.id) AS n FROM projects p`,
		`SELECT p.id, EXISTS (SELECT FROM tickets t FULL JOIN comments c ON c.ticket_id = t.id WHERE coalesce(t.title, c.body) = p.name) AS has FROM projects p`,
		`SELECT p.id, x.title, x.n FROM projects p, LATERAL (SELECT t.title, count(*) AS n FROM tickets t WHERE t.points > p.lead GROUP BY t.title ORDER BY n DESC, t.title LIMIT 2) x`,
		`SELECT p.id, x.title FROM projects p LEFT JOIN LATERAL (SELECT title FROM tickets t WHERE t.project_id = p.id UNION ALL SELECT body FROM comments c WHERE c.n = p.lead) x ON x.title <> p.name`,
		`SELECT p.id, x.n FROM projects p LEFT JOIN LATERAL (SELECT count(*) AS n FROM tickets t WHERE t.project_id = p.id) x ON x.n > 1`,
		`SELECT p.id, t.id AS ticket, x.body FROM projects p LEFT JOIN tickets t ON t.project_id = p.id, LATERAL (SELECT c.body FROM comments c WHERE c.n > t.points ORDER BY c.n, c.ticket_id LIMIT 1) x`,
		`SELECT x.region, sum(x.n) AS n FROM (SELECT p.region, (SELECT count(*) FROM tickets t WHERE t.points > p.lead GROUP BY GROUPING SETS (()) LIMIT 1) AS n FROM projects p) x GROUP BY x.region`,
		`SELECT t.id, u.tag FROM tickets t LEFT JOIN comments c ON c.ticket_id = t.id CROSS JOIN unnest(c.tags) AS u(tag) WHERE u.tag IS NOT NULL`,
		`SELECT t.id, u.tag FROM tickets t LEFT JOIN comments c ON c.ticket_id = t.id LEFT JOIN unnest(c.tags) AS u(tag) ON u.tag = t.title`
	])('%s', check);
});

describe('an outer join of a join, with a condition on what may be lacking', () => {
	test.each([
		`SELECT p.id, t.id AS ticket, c.n FROM projects p LEFT JOIN (tickets t LEFT JOIN comments c ON c.ticket_id = t.id) ON p.id = t.project_id AND c.body IS NULL`,
		`SELECT p.id, t.id AS ticket, c.n FROM comments c RIGHT JOIN tickets t ON true RIGHT JOIN projects p ON c.n IS NULL`,
		`SELECT p.id, t.id AS ticket, c.n FROM projects p FULL JOIN (tickets t LEFT JOIN comments c ON c.ticket_id = t.id) ON p.lead = coalesce(c.n, t.points)`,
		`SELECT p.id, t.id AS ticket, c.n, q.id AS other FROM projects p LEFT JOIN (tickets t LEFT JOIN comments c ON c.ticket_id = t.id JOIN projects q ON q.lead = coalesce(c.n, 1)) ON p.id = t.project_id`,
		`SELECT id, n, x.name FROM (SELECT id AS project_id, name FROM projects) x LEFT JOIN (tickets t LEFT JOIN comments c ON c.ticket_id = t.id) USING (project_id)`
	])('%s', check);
});

describe('subqueries with changes on both sides', () => {
	test.each([
		`SELECT p.id FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.project_id = p.id AND EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id AND c.body = p.name))`,
		`SELECT p.id, (SELECT count(*) FROM tickets t WHERE t.project_id = p.id AND EXISTS (SELECT FROM comments c WHERE c.ticket_id = t.id AND c.n > p.lead)) AS n FROM projects p`,
		`SELECT p.id FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.project_id = (SELECT max(q.id) FROM projects q WHERE q.region = p.region))`,
		`SELECT p.id FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.project_id = p.id AND t.points = (SELECT max(c.n) FROM comments c WHERE c.ticket_id = t.id AND c.body = p.name))`,
		`SELECT p.id, (SELECT sum(t.points) OVER () FROM tickets t WHERE t.project_id = p.id ORDER BY t.id LIMIT 1) AS points FROM projects p`
	])('%s', check);
});
