import type pg from 'pg';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createTables, keptExactly } from './kept-exactly.ts';

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
	await createTables(client);
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

describe('window functions', () => {
	test.each<[string, string?]>([
		[`SELECT id, title, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets`],
		[
			`SELECT id, title, row_number() OVER (PARTITION BY project_id ORDER BY points) AS n FROM tickets`,
			`SELECT id, title, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets`
		],
		[
			`SELECT id, rank() OVER (ORDER BY points DESC) AS r, dense_rank() OVER (ORDER BY points DESC) AS d, percent_rank() OVER (PARTITION BY title ORDER BY due) AS p, cume_dist() OVER (ORDER BY cost) AS c, ntile(3) OVER (ORDER BY id) AS t FROM tickets`
		],
		[
			`SELECT id, lag(title) OVER w AS a, lead(title, 2, 'none') OVER w AS b, first_value(title) OVER w AS c, last_value(id) OVER w AS d, nth_value(title, 2) OVER w AS e FROM tickets WINDOW w AS (PARTITION BY project_id ORDER BY points NULLS FIRST)`,
			`SELECT id, lag(title) OVER w AS a, lead(title, 2, 'none') OVER w AS b, first_value(title) OVER w AS c, last_value(id) OVER v AS d, nth_value(title, 2) OVER v AS e FROM (SELECT * FROM tickets ORDER BY project_id, points NULLS FIRST, id) tickets WINDOW w AS (PARTITION BY project_id ORDER BY points NULLS FIRST, id), v AS (PARTITION BY project_id ORDER BY points NULLS FIRST)`
		],
		[
			`SELECT id, sum(points) OVER (PARTITION BY project_id) AS a, count(*) OVER () AS b, avg(cost) OVER (PARTITION BY title, done) AS c, sum(points) OVER (PARTITION BY project_id ORDER BY id) AS d FROM tickets`
		],
		[
			`SELECT id, sum(points) OVER (PARTITION BY project_id ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a, count(*) OVER (PARTITION BY project_id ORDER BY points RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS b, count(*) OVER (PARTITION BY project_id ORDER BY points GROUPS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING) AS c FROM tickets`
		],
		[
			`SELECT id, count(*) OVER (ORDER BY due RANGE BETWEEN '1 day'::interval PRECEDING AND '1 day' FOLLOWING) AS a, array_agg(id) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) AS b FROM tickets`
		],
		[
			`SELECT id, count(*) OVER (PARTITION BY title ORDER BY points ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS a, count(*) OVER (PARTITION BY title ORDER BY points GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE GROUP) AS b FROM tickets`,
			`SELECT id, count(*) OVER (PARTITION BY title ORDER BY points ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS a, count(*) OVER (PARTITION BY title ORDER BY points GROUPS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE GROUP) AS b FROM (SELECT * FROM tickets ORDER BY title, points, id) AS tickets`
		],
		[
			`SELECT id, count(*) FILTER (WHERE done) OVER (PARTITION BY project_id) AS a, string_agg(title, ',') OVER (PARTITION BY project_id ORDER BY id) AS b FROM tickets`
		],
		[
			`SELECT project_id, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS r, sum(count(*)) OVER () AS s FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, title, sum(points) AS n, row_number() OVER (PARTITION BY project_id ORDER BY sum(points), title) AS r FROM tickets GROUP BY project_id, title HAVING count(*) < 4`
		],
		[
			`SELECT t.id, p.budget, row_number() OVER (PARTITION BY p.region ORDER BY t.id, p.id) AS r FROM tickets t JOIN projects p ON p.id = t.project_id`
		],
		[
			`SELECT id, points + sum(points) OVER (PARTITION BY project_id) * 2 AS a, CASE WHEN row_number() OVER (ORDER BY id) > 2 THEN title ELSE 'first' END AS b FROM tickets WHERE title <> 'y'`
		],
		[`SELECT id, row_number() OVER (ORDER BY points, id) AS n FROM tickets ORDER BY n DESC LIMIT 2`],
		[
			`SELECT q.id, q.n FROM (SELECT id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) q WHERE q.n <= 2`
		],
		[
			`SELECT project_id, title, count(*) AS n, rank() OVER (PARTITION BY GROUPING(project_id, title) ORDER BY count(*)) AS r FROM tickets GROUP BY ROLLUP (project_id, title)`
		],
		[`SELECT count(*) OVER () AS n FROM tickets`],
		[`SELECT id, avg(weight) OVER (PARTITION BY project_id ORDER BY id) AS a FROM tickets WHERE weight < 10`]
	])('%s', (sql, oracle) => keptExactly(client, sql, oracle));
});

describe('the first rows in an order', () => {
	test.each<[string, string?]>([
		[
			`SELECT id, points FROM tickets ORDER BY points DESC LIMIT 2`,
			`SELECT id, points FROM tickets ORDER BY points DESC, id LIMIT 2`
		],
		[`SELECT id, points FROM tickets ORDER BY points DESC NULLS LAST, title FETCH FIRST 2 ROWS WITH TIES`],
		[`SELECT id, points FROM tickets ORDER BY points, id DESC LIMIT 2 OFFSET 1`],
		[`SELECT id, points FROM tickets ORDER BY 2 DESC, id OFFSET 2`],
		[`SELECT id, title FROM tickets ORDER BY points, id LIMIT 3`],
		[
			`SELECT id FROM tickets ORDER BY points OFFSET 1 ROWS FETCH NEXT 2 ROWS WITH TIES`,
			`SELECT id FROM (SELECT id, points, rank() OVER (ORDER BY points) AS r, row_number() OVER (ORDER BY points, id) AS n FROM tickets) x WHERE n > 1 AND r <= 3`
		],
		[
			`SELECT DISTINCT ON (project_id) project_id, id, title FROM tickets ORDER BY project_id, points DESC, id`
		],
		[
			`SELECT DISTINCT ON (project_id, title) id, points FROM tickets ORDER BY title, project_id, cost`,
			`SELECT DISTINCT ON (project_id, title) id, points FROM tickets ORDER BY title, project_id, cost, id`
		],
		[`SELECT DISTINCT ON (project_id) project_id, id FROM tickets ORDER BY project_id, id LIMIT 2`],
		[
			`SELECT project_id, sum(points) AS s FROM tickets GROUP BY project_id ORDER BY s DESC NULLS LAST, project_id LIMIT 2`
		],
		[
			`SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id ORDER BY max(points), project_id LIMIT 2`
		],
		[
			`SELECT q.title, count(*) AS c FROM (SELECT title FROM tickets ORDER BY points, id LIMIT 3) q GROUP BY q.title`
		],
		[
			`SELECT p.budget, q.title FROM projects p JOIN (SELECT DISTINCT ON (project_id) project_id, title FROM tickets ORDER BY project_id, id) q ON q.project_id = p.id`
		],
		[`SELECT id FROM tickets LIMIT 2`, `SELECT id FROM tickets ORDER BY id LIMIT 2`],
		[`SELECT count(*) AS n FROM tickets LIMIT 1`]
	])('%s', (sql, oracle) => keptExactly(client, sql, oracle));
});

describe('the first ranks of a partition', () => {
	test.each<[string, string?]>([
		[
			`SELECT q.id, q.n FROM (SELECT id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) q WHERE q.n <= 2`
		],
		[
			`SELECT q.id, q.n FROM (SELECT id, row_number() OVER (ORDER BY points DESC, id) AS n FROM tickets) q WHERE q.n <= 2`
		],
		[`SELECT q.id, q.n FROM (SELECT id, rank() OVER (ORDER BY title) AS n FROM tickets) q WHERE q.n < 3`],
		[
			`SELECT q.id, q.n FROM (SELECT id, rank() OVER (PARTITION BY done ORDER BY title DESC) AS n FROM tickets) q WHERE q.n = 1`
		],
		[
			`WITH r AS (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) SELECT p.id, r.id AS t FROM projects p JOIN r ON r.project_id = p.id AND r.n <= 1`
		],
		[
			`WITH r AS (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) SELECT a.id, b.n FROM r a JOIN r b ON b.project_id = a.project_id WHERE a.n <= 1`
		],
		[
			`WITH r AS (SELECT project_id, row_number() OVER (ORDER BY count(*) DESC, project_id) AS n FROM tickets GROUP BY project_id) SELECT p.budget, r.n FROM projects p JOIN r ON r.project_id = p.id WHERE r.n <= 2 AND r.n <= 3`
		],
		[
			`WITH r AS (SELECT p.region, t.title, row_number() OVER (PARTITION BY p.region ORDER BY count(*) DESC, t.title) AS n FROM tickets t JOIN projects p ON p.id = t.project_id GROUP BY p.region, t.title) SELECT region, title FROM r WHERE n = 1`
		],
		[
			`SELECT p.id, r.id AS t FROM projects p LEFT JOIN (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) r ON r.project_id = p.id AND r.n <= 1`
		],
		[
			`SELECT p.id, r.id AS t FROM projects p LEFT JOIN (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) r ON r.project_id = p.id WHERE r.n <= 1`
		],
		[
			`SELECT p.id, r.id AS t, s.id AS s FROM projects p LEFT JOIN (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) r ON r.project_id = p.id AND r.n <= 1 LEFT JOIN (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY id) AS n FROM tickets) s ON s.id = r.id AND r.n = 1`
		],
		[
			`SELECT p.id, r.id AS t FROM (SELECT id, project_id, row_number() OVER (PARTITION BY project_id ORDER BY points, id) AS n FROM tickets) r LEFT JOIN projects p ON r.project_id = p.id AND r.n <= 1`
		]
	])('%s', (sql, oracle) => keptExactly(client, sql, oracle));
});
