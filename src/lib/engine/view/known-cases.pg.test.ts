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
	type Changed
} from './stage-run.ts';

/**
 * Cases that others who keep views found by losing rows: a join key that changes in the batch that deletes
 * its partner, outer joins in every combination, several tables in one batch. Each step is one batch and
 * begins where the first rows stand.
 */

const integer = (name: string, nullable = true) => ({ name, type: 'integer', array: false, nullable });
const tables: readonly CatalogTable[] = [
	{ name: 'r', key: ['id'], columns: [integer('id', false), integer('i')] },
	{ name: 's', key: ['id'], columns: [integer('id', false), integer('i'), integer('j')] },
	{ name: 't', key: ['id'], columns: [integer('id', false), integer('j'), integer('k')] },
	{ name: 'u', key: ['id'], columns: [integer('id', false), integer('k')] }
];
const firstRows = `
	INSERT INTO r VALUES (1, 1), (2, 2), (3, 3), (4, 3);
	INSERT INTO s VALUES (1, 2, 1), (2, 2, 2), (3, 3, 1), (4, 4, 1), (5, 4, 2);
	INSERT INTO t VALUES (1, 2, 1), (2, 3, 1), (3, 3, 2);
	INSERT INTO u VALUES (1, 1), (2, 3)`;

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
	await client.query('CREATE SCHEMA i1; CREATE SCHEMA i1_v; SET search_path = i1');
	for (const { name, columns } of tables) {
		await client.query(
			`CREATE TABLE ${name} (${columns.map((c) => `${c.name} integer`).join(', ')}, PRIMARY KEY (id))`
		);
		await client.query(`CREATE FUNCTION ${name}_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO i1.changed SELECT '${name}', x.id::text FROM (VALUES ((OLD).id), ((NEW).id)) AS x (id) WHERE x.id IS NOT NULL; RETURN NULL; END $$`);
		await client.query(
			`CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION ${name}_changed()`
		);
	}
	await client.query('CREATE TABLE changed (source text, key text)');
	await client.query(firstRows);
	await client.query('TRUNCATE changed');
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

async function changes(): Promise<Changed> {
	const { rows } = await client.query<{ source: string; key: string }>(
		'SELECT DISTINCT source, key FROM changed'
	);
	const bySource = Map.groupBy(rows, ({ source }) => source);
	return Object.fromEntries(Array.from(bySource, ([source, list]) => [source, list.map(({ key }) => [key])]));
}

/** Every step on its own: what is told of it is exact, and the view is what its SELECT says. */
async function checkSteps(sql: string, steps: readonly string[]): Promise<void> {
	const spec = await specOf(client, sql, tables);
	await createView(client, spec);
	try {
		await fillView(client, spec);
		for (const step of steps) {
			await client.query('BEGIN');
			const held = await visibleRows(client, spec);
			await client.query(step);
			const changed = /TRUNCATE/.test(step) ? 'all' : await changes();
			for (const { operation, key, ...row } of await maintainView(client, spec, changed)) {
				expect(held.get(key) ?? null, step).toEqual(row.old);
				if (operation === 'delete') held.delete(key);
				else held.set(key, row.new!);
			}
			expect(await visibleRows(client, spec), step).toEqual(held);
			const names = spec.columns.map((column) => column.name);
			const { rows } = await client.query({ text: sql, rowMode: 'array' });
			const sorted = (list: readonly unknown[][]) => list.map((row) => row.map(String).join()).sort();
			expect(sorted([...held.values()].map((row) => names.map((name) => row[name]))), step).toEqual(
				sorted(rows)
			);
			await client.query('ROLLBACK');
		}
	} finally {
		await client.query('ROLLBACK');
		await dropView(client, spec);
	}
}

describe('a join key changes in the batch that deletes its partner', () => {
	const steps = [
		'UPDATE r SET i = 4 WHERE id = 2; DELETE FROM s WHERE i = 2',
		'DELETE FROM s WHERE i = 2; UPDATE r SET i = 3 WHERE id = 2',
		'UPDATE s SET i = 3 WHERE i = 2; DELETE FROM r WHERE id = 2',
		'UPDATE r SET i = NULL WHERE id = 2; DELETE FROM s WHERE i = 2; INSERT INTO s VALUES (1, 2, 1)',
		'UPDATE r SET id = 20, i = 4 WHERE id = 2; UPDATE s SET id = id + 10, i = 2 WHERE i = 4; DELETE FROM s WHERE id = 1'
	];
	test.for(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'])('%s', (join) =>
		checkSteps(`SELECT r.id AS a, s.id AS b, r.i AS i, s.j AS j FROM r ${join} s ON r.i = s.i`, steps)
	);
	test('and grouped', () =>
		checkSteps(
			'SELECT r.i AS i, count(*) AS n, sum(s.j) AS j FROM r JOIN s ON r.i = s.i GROUP BY r.i',
			steps
		));
	test('and negated', () =>
		checkSteps('SELECT r.id AS a FROM r WHERE NOT EXISTS (SELECT 1 AS x FROM s WHERE s.i = r.i)', steps));
});

const outerSteps = [
	'INSERT INTO r VALUES (11, 1), (12, 2), (13, 3)',
	'INSERT INTO r VALUES (14, 4), (15, 5)',
	'INSERT INTO s VALUES (11, 1, 3)',
	'INSERT INTO s VALUES (12, 2, 3)',
	'INSERT INTO t VALUES (11, 1, 1), (12, 2, 1)',
	'INSERT INTO t VALUES (13, 3, 1), (14, 4, 1)',
	...[1, 2, 3].map((i) => `DELETE FROM r WHERE i = ${i}`),
	...[2, 3, 4].map((i) => `DELETE FROM s WHERE i = ${i}`),
	...[2, 3].map((j) => `DELETE FROM t WHERE j = ${j}`),
	...['r', 's', 't'].map((table) => `TRUNCATE ${table}`),
	// keys that are NULL meet nothing
	'INSERT INTO r VALUES (21, NULL); INSERT INTO s VALUES (21, NULL, 1), (22, 1, NULL); INSERT INTO t VALUES (21, NULL, 1)',
	'UPDATE s SET i = NULL; UPDATE t SET j = NULL',
	// several tables at once, and one table several times
	'INSERT INTO r VALUES (31, 1), (32, 2); INSERT INTO s VALUES (31, 2, 3), (32, 1, 3); DELETE FROM t WHERE j = 3; UPDATE t SET j = 3 WHERE j = 2',
	'INSERT INTO s VALUES (41, 1, 2); UPDATE s SET j = j + 1; DELETE FROM s WHERE i = 2; INSERT INTO s VALUES (1, 3, 3)'
];
const joins = ['FULL', 'LEFT', 'RIGHT', 'INNER'];

describe('three tables, any two joins', () => {
	test.for(joins.flatMap((one) => joins.map((other) => [one, other] as const)))('%s and %s', ([one, other]) =>
		checkSteps(
			`SELECT r.id AS a, s.id AS b, t.id AS c, r.i AS i, t.j AS j FROM r ${one} JOIN s ON r.i = s.i ${other} JOIN t ON s.j = t.j`,
			outerSteps
		)
	);
});

/** Of 6,400 letters that nothing compresses: more than an index takes. */
const long = (column: string) =>
	`(SELECT string_agg(md5(x || ' ' || ${column}), '' ORDER BY x) AS x FROM generate_series(1, 200) AS x)`;

describe('values that are longer than an index takes', () => {
	test.for([
		`SELECT ${long('r.i')} AS t, count(*) AS n FROM r GROUP BY 1`,
		`SELECT ${long('r.i')} AS t, max(r.id) AS m, count(DISTINCT r.id) AS d FROM r GROUP BY 1`,
		`SELECT DISTINCT ${long('s.i')} AS t, s.j AS j FROM s`,
		`SELECT ${long('r.i')} AS t FROM r UNION SELECT ${long('s.i')} AS t FROM s`,
		`SELECT ${long('r.i')} AS t FROM r INTERSECT SELECT ${long('s.i')} AS t FROM s`,
		`SELECT t, count(*) AS n FROM (SELECT DISTINCT ${long('r.i')} AS t FROM r UNION ALL SELECT DISTINCT ${long('s.i')} AS t FROM s) AS u GROUP BY t`,
		`SELECT x.id AS id, row_number() OVER (PARTITION BY x.t ORDER BY x.id) AS n FROM (SELECT r.id AS id, ${long('r.i')} AS t FROM r) AS x`,
		`SELECT DISTINCT ON (x.t) x.id AS id, x.t AS t FROM (SELECT r.id AS id, ${long('r.i')} AS t FROM r) AS x ORDER BY x.t, x.id`
	])('%s', (sql) => checkSteps(sql, outerSteps));
});

describe('what long runs of random views found', () => {
	test.for([
		// what an outer join fixes is no key of what it is joined to
		'SELECT r.id AS a, s.id AS b FROM t RIGHT JOIN s ON s.id = t.j RIGHT JOIN r ON true',
		// a row that ON refuses takes with it the row that lacked it
		'SELECT r.id AS a, s.id AS b, t.id AS c FROM t RIGHT JOIN s ON t.j = s.j RIGHT JOIN r ON t.k IS NULL',
		// rows that nothing orders are level
		'SELECT r.id AS a, r.i AS i FROM r ORDER BY NULL::text FETCH FIRST 1 ROWS WITH TIES',
		'SELECT r.id AS a, x.b AS b FROM r, LATERAL (SELECT s.id AS b FROM s WHERE s.i = r.i ORDER BY s.i FETCH FIRST 1 ROWS WITH TIES) AS x',
		// a subquery that names both what is within LATERAL and what is around
		'SELECT r.id AS a, x.b AS b FROM r JOIN LATERAL (SELECT s.id AS b FROM s WHERE r.i IN (SELECT t.k AS k FROM t WHERE t.j = s.j)) AS x ON true',
		// DISTINCT of what only the SELECT around decides
		'SELECT r.id AS a, (SELECT DISTINCT (SELECT max(t.k) AS k FROM t WHERE r.i > 1) AS k FROM s) AS k FROM r',
		// ON with a subquery of both sides
		'SELECT r.id AS a, s.id AS b FROM r FULL JOIN s ON r.i = s.i AND EXISTS (SELECT FROM t WHERE t.j = s.j) IS NOT NULL',
		// a group that not every set has, and by which the subquery is connected
		'SELECT r.id AS a, x.i AS i, x.n AS n FROM r JOIN LATERAL (SELECT s.i AS i, count(*) AS n FROM s WHERE s.i = r.i GROUP BY GROUPING SETS ((s.j), (s.i))) AS x ON true',
		// a column of LATERAL that is one of what is around
		'SELECT r.id AS a, x.i AS i FROM r LEFT JOIN LATERAL (SELECT r.i AS i FROM s WHERE s.i = r.i) AS x ON x.i > 1',
		// LATERAL that begins a join
		'SELECT r.id AS a, x.b AS b, t.id AS c FROM r, LATERAL (SELECT s.id AS b FROM s WHERE s.i = r.i) AS x JOIN t ON true',
		'SELECT r.id AS a, x.n AS n, t.id AS c FROM r, LATERAL (SELECT count(*) AS n FROM s WHERE s.i = r.i) AS x LEFT JOIN t ON t.k = x.n',
		'SELECT r.id AS a, (SELECT count(*) AS n FROM LATERAL (SELECT s.id AS b FROM s WHERE s.i = r.i) AS x JOIN t ON true) AS n FROM r',
		// a function of a side of FULL JOIN
		'SELECT r.id AS a, x AS x, s.id AS b FROM r JOIN generate_series(1, r.i) AS x ON true FULL JOIN s ON x = s.i',
		// a window in what orders a subquery that is computed in place
		'SELECT r.id AS a, (SELECT s.id AS b FROM s ORDER BY (SELECT t.id AS c FROM t WHERE t.j > r.i ORDER BY first_value(t.k) OVER (ORDER BY t.id), t.id LIMIT 1), s.id LIMIT 1) AS b FROM r'
	])('%s', (sql) => checkSteps(sql, outerSteps));
});

describe('outer joins among other things', () => {
	test.for([
		// a subquery that has a row of nothing, without an aggregate
		`SELECT r.id AS a, (SELECT 'one' AS x FROM s WHERE s.i = r.i HAVING true) AS b FROM r`,
		'SELECT r.id AS a, s.id AS b, t.id AS c, u.id AS d FROM r FULL JOIN s ON r.i = s.i FULL JOIN t ON s.j = t.j FULL JOIN u ON t.k = u.k',
		'SELECT r.id AS a, s.id AS b FROM r LEFT JOIN s ON r.i = s.i WHERE s.j > 1',
		'SELECT r.id AS a, s.id AS b FROM r LEFT JOIN s ON r.i = s.i WHERE s.id IS NULL',
		'SELECT r.id AS a, s.id AS b FROM r FULL JOIN s ON r.i = s.i WHERE coalesce(r.i, s.i) > 2',
		'SELECT r.id AS a, s.id AS b FROM r LEFT JOIN s ON r.i = s.i AND s.j > 1 AND r.i > 1',
		'SELECT r.id AS a, s.id AS b FROM r LEFT JOIN s ON r.i < s.i',
		'SELECT a.id AS a, b.id AS b FROM s AS a LEFT JOIN s AS b ON a.i = b.j',
		'SELECT a.id AS a, b.id AS b FROM s AS a FULL JOIN s AS b ON a.i = b.j',
		'SELECT r.id AS a, s.id AS b, t.id AS c FROM (r LEFT JOIN s ON r.i = s.i) CROSS JOIN t',
		'SELECT r.id AS a, s.id AS b, t.id AS c FROM r LEFT JOIN (s JOIN t ON s.j = t.j) ON r.i = s.i',
		'SELECT DISTINCT r.i AS i, s.j AS j FROM r FULL JOIN s ON r.i = s.i',
		'SELECT r.i AS i, count(*) AS n, count(s.id) AS m, max(t.k) AS k FROM r LEFT JOIN s ON r.i = s.i LEFT JOIN t ON s.j = t.j GROUP BY r.i',
		'SELECT r.id AS a FROM r LEFT JOIN s ON r.i = s.i AND EXISTS (SELECT 1 AS x FROM t WHERE t.j = s.j) WHERE s.id IS NULL'
	])('%s', (sql) => checkSteps(sql, outerSteps));
});
