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

describe('aggregates', () => {
	test.each<[string, string?]>([
		[
			`SELECT project_id, title, points, cost, weight, done, due, spent, count(*) AS n, count(DISTINCT id % 2) AS d, max(id) AS m FROM tickets GROUP BY project_id, title, points, cost, weight, done, due, spent`
		],
		[
			`SELECT title, count(DISTINCT points) AS a, sum(DISTINCT points) AS b, avg(DISTINCT points) AS c, count(DISTINCT cost) FILTER (WHERE done) AS d FROM tickets GROUP BY ROLLUP (title)`
		],
		[
			`SELECT project_id, count(*) FILTER (WHERE done) AS a, count(points) FILTER (WHERE title = 'x') AS b, sum(points) FILTER (WHERE done) AS c, sum(points) AS d FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, avg(cost) FILTER (WHERE done) AS a, min(points) FILTER (WHERE title = 'x') AS b, max(due) FILTER (WHERE points > 0) AS c, sum(spent) FILTER (WHERE NOT done) AS d FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, bool_and(done) AS a, bool_or(done) AS b, every(points > 0) AS c, bool_or(done) FILTER (WHERE points > 0) AS d FROM tickets GROUP BY project_id`
		],
		[
			`SELECT bool_and(done) AS a, bool_or(done) AS b, count(DISTINCT title) AS c, array_agg(title ORDER BY id) AS d FROM tickets`
		],
		[
			`SELECT project_id, count(DISTINCT title) AS a, sum(DISTINCT points) AS b, avg(DISTINCT cost) AS c, count(DISTINCT cost) AS e, min(DISTINCT points) AS f FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, array_agg(title ORDER BY points DESC NULLS LAST, id) AS a, string_agg(title, ', ' ORDER BY title, id) AS b, array_agg(DISTINCT title) AS c, string_agg(DISTINCT title, '/' ORDER BY title DESC) AS d FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, array_agg(title) AS a, string_agg(title, ', ' ORDER BY points) AS b, jsonb_agg(cost) AS c, json_agg(title) AS d FROM tickets GROUP BY project_id`,
			`SELECT project_id, array_agg(title ORDER BY id) AS a, string_agg(title, ', ' ORDER BY points, id) AS b, jsonb_agg(cost ORDER BY id) AS c, json_agg(title ORDER BY id) AS d FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, jsonb_object_agg(title, points) AS a, json_object_agg(id, title) AS b, jsonb_object_agg('n' || id, cost) FILTER (WHERE done) AS c FROM tickets GROUP BY project_id`,
			`SELECT project_id, jsonb_object_agg(title, points ORDER BY id) AS a, json_object_agg(id, title ORDER BY id) AS b, jsonb_object_agg('n' || id, cost) FILTER (WHERE done) AS c FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, bit_and(points) AS a, bit_or(points) AS b, bit_xor(id) AS c FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, stddev(points) AS a, variance(cost) AS b, stddev_pop(weight) AS c, var_samp(weight) AS d, var_pop(cost) AS e, stddev_samp(cost) FILTER (WHERE done) AS f FROM tickets GROUP BY project_id`,
			`SELECT project_id, stddev(points) AS a, variance(cost) AS b, stddev_pop(weight ORDER BY id) AS c, var_samp(weight ORDER BY id) AS d, var_pop(cost) AS e, stddev_samp(cost) FILTER (WHERE done) AS f FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, corr(points, weight) AS a, regr_slope(points, id) AS b, regr_count(points, weight) AS c, covar_pop(id, weight) AS d, regr_r2(id, points) AS e FROM tickets GROUP BY project_id`,
			`SELECT project_id, corr(points, weight ORDER BY id) AS a, regr_slope(points, id ORDER BY id) AS b, regr_count(points, weight) AS c, covar_pop(id, weight ORDER BY id) AS d, regr_r2(id, points ORDER BY id) AS e FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY points) AS a, percentile_disc(0.25) WITHIN GROUP (ORDER BY cost DESC) AS b, mode() WITHIN GROUP (ORDER BY title) AS c, percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY due) AS d, percentile_cont(0.3) WITHIN GROUP (ORDER BY spent) AS e FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, rank(3) WITHIN GROUP (ORDER BY points) AS a, dense_rank(3) WITHIN GROUP (ORDER BY points DESC) AS b, cume_dist(3) WITHIN GROUP (ORDER BY points) AS c, percent_rank(1) WITHIN GROUP (ORDER BY points) AS d FROM tickets GROUP BY project_id`
		],
		[
			`SELECT id, any_value(title) AS a, any_value(title || 'x') FILTER (WHERE done) AS b FROM tickets GROUP BY id`
		],
		[
			`SELECT sum(weight) AS a, avg(weight) AS b, sum(spent) AS c, avg(spent) AS d FROM tickets WHERE title = 'x'`
		],
		[
			`SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id HAVING count(DISTINCT title) > 1 OR bool_and(done)`
		],
		[
			`SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id HAVING array_agg(title ORDER BY id) = ARRAY['x']`
		],
		[`SELECT upper(title) AS t, points > 1 AS p, count(*) AS n FROM tickets GROUP BY 1, p`],
		[
			`SELECT p.region, array_agg(t.title ORDER BY t.id, p.id) AS a, count(DISTINCT p.id) AS b FROM tickets t JOIN projects p ON p.id = t.project_id GROUP BY p.region`
		],
		[`SELECT project_id, title, done, count(*) AS n FROM tickets GROUP BY project_id, (title, done)`],
		[
			`SELECT project_id, count(*) AS n, percentile_cont(project_id / 10.0) WITHIN GROUP (ORDER BY id) AS m FROM tickets GROUP BY project_id`
		],
		[
			`SELECT project_id, count(*) FILTER (WHERE true) AS a, sum(1) AS b, count(1) FILTER (WHERE done) AS c, string_agg('x', ',') AS d FROM tickets GROUP BY project_id`
		]
	])('%s', (sql, oracle) => keptExactly(client, sql, oracle));
});

describe('grouping sets', () => {
	test.each<[string, string?]>([
		[
			`SELECT project_id, title, count(*) AS n, sum(points) AS s FROM tickets GROUP BY ROLLUP (project_id, title)`
		],
		[
			`SELECT project_id, title, done, count(*) AS n, sum(points) AS s, min(cost) AS m FROM tickets GROUP BY CUBE (project_id, title, done)`
		],
		[
			`SELECT project_id, title, GROUPING(project_id, title) AS g, count(*) AS n, array_agg(id ORDER BY id) AS s FROM tickets GROUP BY GROUPING SETS ((project_id), (title), (title), ())`
		],
		[
			`SELECT project_id, GROUPING(project_id) AS g, count(*) AS n, max(points) AS s FROM tickets GROUP BY GROUPING SETS ((), project_id) HAVING GROUPING(project_id) = 1 OR count(*) > 1`
		],
		[`SELECT project_id, title, done, count(*) AS n FROM tickets GROUP BY project_id, ROLLUP (title, done)`],
		[
			`SELECT project_id, title, done, count(*) AS n FROM tickets GROUP BY DISTINCT ROLLUP (title, done), ROLLUP (title, project_id)`
		],
		[`SELECT count(*) AS n FROM tickets GROUP BY GROUPING SETS ((), ())`],
		[
			`SELECT project_id, coalesce(project_id, 0) AS p, percentile_disc(0.5) WITHIN GROUP (ORDER BY points) AS m FROM tickets GROUP BY ROLLUP (project_id)`
		],
		[`SELECT count(*) AS n, grouping(project_id) AS g FROM tickets GROUP BY project_id`]
	])('%s', (sql, oracle) => keptExactly(client, sql, oracle));
});
