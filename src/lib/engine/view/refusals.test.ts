import { describe, expect, test } from 'vitest';
import { modelTables } from './arbitrary-view.ts';
import { peopleTable } from './catalog.ts';
import { planView } from './plan.ts';

const tables = [...modelTables, peopleTable];

/** Views beside the one that is planned, some of which cannot be kept. */
const views = [
	['v', 'SELECT id FROM tickets'],
	['reads_v', 'SELECT id FROM v'],
	['clock', 'SELECT now() AS n FROM tickets'],
	['broken', 'SELECT']
].map(([name, sql]) => ({ name: name!, file: `views/${name}.sql`, sql: sql! }));

async function plan(sql: string) {
	return planView({ name: 'v', file: 'views/v.sql', sql, tables, views });
}

/** `^` in the text is where the finding points; it is taken out before planning. */
async function finding(marked: string) {
	const offset = marked.indexOf('^');
	const sql = marked.replace('^', '');
	const outcome = await plan(sql);
	expect(outcome.ok, sql).toBe(false);
	if (outcome.ok) throw new Error('planned');
	const [found] = outcome.diagnostics;
	const before = sql.slice(0, offset).split('\n');
	if (offset >= 0) {
		expect({ line: found!.line, column: found!.column }, `${sql}: ${found!.message}`).toEqual({
			line: before.length,
			column: before.at(-1)!.length + 1
		});
	}
	expect(found!.file).toBe('views/v.sql');
	expect(found!.hint).toBeTruthy();
	return found!;
}

describe('what views do not keep yet is refused by name, in its place', () => {
	test.each([
		['JSON_ARRAYAGG', `SELECT ^JSON_ARRAYAGG(title) AS j FROM tickets`],
		['COLLATE', `SELECT title ^COLLATE "C" AS t FROM tickets`],
		['parameters', `SELECT id FROM tickets WHERE id = ^$1`],
		['makes rows', `SELECT ^unnest(tags) AS tag FROM comments`],
		['ONLY', `SELECT id FROM ONLY ^tickets`]
	])('%s', async (what, marked) => {
		const found = await finding(marked);
		expect(found.reason).toBe('VIEW_NOT_YET');
		expect(found.message).toContain(what);
		expect(found.message).toContain('yet');
	});
});

test('a thousand joins are past a limit that is named, and cost no time', async () => {
	const joins = Array.from({ length: 1_000 }, (_, n) => `JOIN tickets t${n + 1} ON t${n + 1}.id = t${n}.id`);
	const started = performance.now();
	const found = await finding(`SELECT t0.id FROM tickets t0 ${joins.join(' ')}`);
	expect(found.message).toBe('A view cannot have more than 12 tables yet.');
	expect(performance.now() - started).toBeLessThan(5_000);
});

describe('what a view can never be', () => {
	test.each([
		['VIEW_CLOCK', `SELECT id FROM tickets WHERE opened_at > ^now()`],
		['VIEW_CLOCK', `SELECT id FROM tickets WHERE due > ^current_date`],
		['VIEW_CLOCK', `SELECT id FROM tickets WHERE due > ^'today'`],
		['VIEW_CLOCK', `SELECT id FROM tickets WHERE due BETWEEN ^'yesterday' AND '2026-01-01'`],
		['VIEW_CLOCK', `SELECT id FROM tickets WHERE due IN (^' NOW ')`],
		['VIEW_CLOCK', `SELECT id, coalesce(due, ^'today') AS d FROM tickets`],
		['VIEW_CLOCK', `SELECT id, CASE WHEN done THEN due ELSE ^'today' END AS d FROM tickets`],
		['VIEW_CLOCK', `SELECT id, title::^timestamptz AS d FROM tickets`],
		['VIEW_CLOCK', `SELECT id, lower(title)::^date AS d FROM tickets`],
		['VIEW_CLOCK', `SELECT id, (extra ->> 'at')::^date AS d FROM comments`.replace('id, ', 'n, ')],
		['VIEW_CLOCK', `SELECT id, ^age(opened_at) AS d FROM tickets`],
		['VIEW_VOLATILE', `SELECT id FROM tickets TABLESAMPLE ^SYSTEM (10)`],
		['VIEW_RECURSION', `/* WITH */ ^WITH RECURSIVE x AS (SELECT 1) SELECT id FROM tickets`],
		['VIEW_VOLATILE', `SELECT id, ^random() AS r FROM tickets`],
		['VIEW_VOLATILE', `SELECT id, ^gen_random_uuid() AS r FROM tickets`],
		['VIEW_FUNCTION', `SELECT id, ^current_user AS u FROM tickets`],
		['VIEW_FUNCTION', `SELECT id, ^current_setting('a') AS u FROM tickets`],
		['VIEW_FUNCTION', `SELECT id, ^query_to_xml('SELECT 1', true, true, '') AS u FROM tickets`],
		['VIEW_FUNCTION', `SELECT id, ^mine.lower(title) AS u FROM tickets`],
		['VIEW_TYPE', `SELECT id::^regclass AS u FROM tickets`],
		['VIEW_TYPE', `SELECT id::^mine.money AS u FROM tickets`],
		['VIEW_OPERATOR', `SELECT id FROM tickets WHERE title ^@@ 'x'`],
		['VIEW_UNKNOWN_TABLE', `SELECT id FROM ^tocket`],
		['VIEW_CIRCLE', `SELECT id FROM ^v`],
		['VIEW_CIRCLE', `SELECT id FROM ^reads_v`],
		['VIEW_OF_REFUSED', `SELECT n FROM ^clock`],
		['VIEW_UNKNOWN_COLUMN', `WITH x AS (SELECT id FROM tickets) SELECT ^title FROM x`],
		['VIEW_UNKNOWN_COLUMN', `WITH x AS (SELECT title FROM tickets) SELECT ^x._k0_0 FROM x`],
		['VIEW_UNKNOWN_TABLE', `SELECT ^x.id FROM tickets`],
		['VIEW_QUALIFIED_NAME', `SELECT id FROM ^i2.tickets`],
		['VIEW_QUALIFIED_NAME', `SELECT tablename FROM ^pg_catalog.pg_tables`],
		['VIEW_UNKNOWN_TABLE', `SELECT usename FROM ^pg_user`],
		['VIEW_UNKNOWN_COLUMN', `SELECT t.^nope FROM tickets t`.replace('t.^', '^t.')],
		['VIEW_UNKNOWN_COLUMN', `SELECT ^ctid FROM tickets`],
		['VIEW_AMBIGUOUS_COLUMN', `SELECT ^id FROM tickets JOIN projects ON projects.id = project_id`],
		['VIEW_WHOLE_ROW', `SELECT ^tickets FROM tickets`],
		['VIEW_COLUMN_NAME', `SELECT id, ^points + 1 FROM tickets`],
		['VIEW_COLUMN_NAME', `SELECT ^id AS "Id" FROM tickets`],
		['VIEW_COLUMN_NAME', `SELECT ^id AS _key FROM tickets`],
		['VIEW_DUPLICATE_COLUMN', `SELECT t.*, ^p.id FROM tickets t JOIN projects p ON p.id = t.project_id`],
		['VIEW_DUPLICATE_TABLE', `SELECT 1 AS x FROM tickets, ^tickets`],
		['VIEW_NOT_GROUPED', `SELECT title, ^done, count(*) AS n FROM tickets GROUP BY title`],
		['VIEW_NOT_GROUPED', `SELECT count(*) AS n FROM tickets HAVING ^title = 'x'`],
		['VIEW_AGGREGATE', `SELECT id FROM tickets WHERE ^count(*) > 1`],
		['VIEW_AGGREGATE', `SELECT ^mode() AS n FROM tickets`],
		['VIEW_AGGREGATE', `SELECT ^sum(points) WITHIN GROUP (ORDER BY id) AS n FROM tickets`],
		['VIEW_ANY_VALUE', `SELECT title, ^any_value(points) AS n FROM tickets GROUP BY title`],
		['VIEW_WINDOW', `SELECT id FROM tickets WHERE ^row_number() OVER () = 1`],
		['VIEW_WINDOW', `SELECT count(*) AS n FROM tickets HAVING ^count(*) OVER () = 1`],
		['VIEW_WINDOW', `SELECT count(*) AS n FROM tickets GROUP BY ^rank() OVER (ORDER BY id)`],
		['VIEW_WINDOW', `SELECT ^sum(rank() OVER (ORDER BY id)) AS n FROM tickets`],
		['VIEW_WINDOW', `SELECT ^sum(rank() OVER (ORDER BY id)) OVER () AS n FROM tickets`],
		['VIEW_WINDOW', `SELECT ^rank() AS n FROM tickets`],
		['VIEW_WINDOW', `SELECT ^upper(title) OVER () AS n FROM tickets`],
		['VIEW_WINDOW', `SELECT ^rank() OVER w AS n FROM tickets`],
		['VIEW_WINDOW', `SELECT ^count(DISTINCT title) OVER () AS n FROM tickets`],
		['VIEW_ORDER', `SELECT id FROM tickets ORDER BY ^7 LIMIT 1`],
		['VIEW_NOT_YET', `SELECT id FROM tickets ^LIMIT 1 + 1`],
		['VIEW_GROUP', `SELECT title, ^grouping(points) AS n FROM tickets GROUP BY title`],
		['VIEW_AGGREGATE', `SELECT sum(^count(*)) AS n FROM tickets`.replace('sum(^', '^sum(')],
		['VIEW_GROUP', `SELECT id FROM tickets GROUP BY ^7`],
		['VIEW_NO_TABLE', `^SELECT 1 AS one`],
		['VIEW_NO_TABLE', `^VALUES (1)`],
		['VIEW_NO_TABLE', `^SELECT n FROM generate_series(1, 3) AS n`],
		['VIEW_UNION', `^SELECT id FROM tickets UNION SELECT n, body FROM comments`],
		['VIEW_SUBQUERY', `SELECT id FROM tickets WHERE id ^IN (SELECT n, body FROM comments)`],
		['VIEW_SUBQUERY', `SELECT id, ^(SELECT n, body FROM comments) AS n FROM tickets`],
		['VIEW_NOT_SELECT', `^DELETE FROM tickets`],
		['VIEW_NOT_SELECT', `SELECT id ^INTO x FROM tickets`],
		['VIEW_NOT_SELECT', `SELECT id FROM tickets ^FOR UPDATE`],
		['VIEW_ONE_STATEMENT', `SELECT id FROM tickets; ^SELECT id FROM projects`],
		['SQL_SYNTAX', `SELECT 'é😀', id\nFROM tickets\nWHERE ^)`],
		['SQL_SYNTAX', `SELECT id FROM ^'x'`],
		['SQL_SYNTAX', `^-- nothing`]
	])('%s: %s', async (reason, marked) => {
		expect((await finding(marked)).reason).toBe(reason);
	});

	test('a place after letters outside ASCII is still right', async () => {
		await finding(`SELECT '😀é' AS e, id,\n\t'é' AS a, ^now() AS b FROM tickets`);
	});
});

describe('what is fine', () => {
	test.each([
		`SELECT * FROM tickets;`,
		`SELECT * FROM tickets JOIN comments USING (id)`.replace('USING (id)', 'ON tickets.id = ticket_id'),
		`SELECT id FROM tickets WHERE title = 'now' OR title IN ('today', 'later')`,
		`SELECT id, CASE title WHEN 'a' THEN 'today' ELSE title END AS t FROM tickets`,
		`SELECT 'today'::text AS t FROM tickets`,
		`SELECT extract(year FROM opened_at) AS y, opened_at AT TIME ZONE 'Europe/Vienna' AS local FROM tickets`,
		`SELECT trim(both ' ' FROM title) AS t, substring(title FROM 1 FOR 2) AS s, position('a' IN title) AS p FROM tickets`,
		`SELECT title LIKE 'a!%' ESCAPE '!' AS l, title SIMILAR TO 'a|b' AS s FROM tickets`,
		`SELECT tags[1] AS first, tags[1:2] AS some, ARRAY['a', body] AS made FROM comments`,
		`SELECT date_trunc('month', opened_at)::date AS month, count(*) AS n FROM tickets GROUP BY month`,
		`SELECT title, count(*) AS n FROM tickets GROUP BY 1 HAVING count(*) > 1`,
		`SELECT p.name, t.title FROM tickets t, people p`
	])('%s', async (sql) => {
		const outcome = await plan(sql);
		expect(outcome.ok ? [] : outcome.diagnostics).toEqual([]);
	});

	test('an order that chooses no rows is warned of', async () => {
		const outcome = await plan('SELECT id, title AS t FROM tickets ORDER BY title');
		expect(outcome.ok && outcome.plan.warnings).toMatchObject([
			{ reason: 'VIEW_ORDER', line: 1, column: 45 }
		]);
		const chosen = await plan('SELECT id FROM tickets ORDER BY title LIMIT 1');
		expect(chosen.ok && chosen.plan.warnings).toEqual([]);
	});

	test('tables that nothing connects are warned of', async () => {
		const outcome = await plan('SELECT t.id, p.name FROM tickets t, people p');
		expect(outcome.ok && outcome.plan.warnings).toMatchObject([
			{ reason: 'VIEW_CROSS_JOIN', line: 1, column: 37 }
		]);
	});
});
