import { describe, expect, test } from 'vitest';
import { allowedFunctions } from './guard-functions.ts';
import { guardMigration } from './guard-migration.ts';
import { guardStatement } from './guard-statement.ts';
import { aggregateFunctions, textFunctions, viewFunctions } from './functions.ts';

const scope = { tables: new Set(['tickets', 'projects']), readOnly: new Set(['people']) };

describe('guardStatement', () => {
	test.each([
		'SELECT 1',
		'SELECT * FROM tickets',
		'SELECT t.*, p.name FROM tickets t JOIN people p ON p.id = t.assignee WHERE t.status = $1',
		'SELECT count(*) FILTER (WHERE status = $1), sum(points)::int FROM tickets GROUP BY project_id HAVING count(*) > 1',
		'SELECT DISTINCT ON (project_id) id FROM tickets ORDER BY project_id, opened_at DESC NULLS LAST LIMIT 5 OFFSET $1',
		'SELECT id FROM tickets WHERE id = ANY($1) AND title ILIKE $2 AND opened_at BETWEEN $3 AND now() AND status IN ($4, $5)',
		'SELECT row_number() OVER (PARTITION BY project_id ORDER BY points) FROM tickets',
		'SELECT sum(points) OVER w FROM tickets WINDOW w AS (ORDER BY id)',
		'WITH open AS (SELECT * FROM tickets WHERE status = $1) SELECT * FROM open UNION ALL SELECT * FROM open',
		'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n',
		'SELECT id FROM tickets WHERE status = $1 FOR UPDATE SKIP LOCKED',
		'SELECT t.id FROM tickets t, projects p WHERE p.id = t.project_id FOR UPDATE OF t',
		`SELECT extract(year FROM opened_at), date_trunc('day', opened_at), opened_at AT TIME ZONE 'UTC', current_date FROM tickets`,
		`SELECT CASE WHEN points > 3 THEN 'much' ELSE 'little' END, coalesce(price, 0), nullif(title, ''), greatest(1, points) FROM tickets`,
		`SELECT extra->>'a', extra @> '{"a": 1}', jsonb_build_object('a', 1), tags[1], tags && ARRAY['x'], array_length(tags, 1) FROM tickets`,
		`SELECT e.value FROM tickets t, jsonb_array_elements_text(t.extra->'list') e, generate_series(1, 3) g`,
		`SELECT substring(title FROM 1 FOR 3), trim(title), position('a' IN title), title || $1, lpad(title, 10, '0') FROM tickets`,
		`SELECT EXISTS (SELECT FROM projects), (SELECT max(points) FROM tickets), ARRAY(SELECT id FROM tickets)`,
		`INSERT INTO tickets (title, status) VALUES ($1, DEFAULT), ($2, 'OPEN') RETURNING id`,
		`INSERT INTO tickets (title) SELECT name FROM projects ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE tickets.points < 3`,
		`UPDATE tickets SET points = points + 1, (title, status) = (SELECT name, 'OPEN' FROM projects LIMIT 1) WHERE id = $1 RETURNING *`,
		`UPDATE tickets t SET title = p.name FROM projects p WHERE p.id = t.project_id`,
		`DELETE FROM tickets USING projects p WHERE p.id = project_id`,
		`WITH gone AS (DELETE FROM tickets WHERE id = $1 RETURNING *) INSERT INTO projects (name) SELECT title FROM gone`,
		`MERGE INTO tickets t USING projects p ON t.project_id = p.id WHEN MATCHED THEN UPDATE SET title = p.name WHEN NOT MATCHED THEN INSERT (title) VALUES (p.name) RETURNING merge_action(), t.id`,
		`SELECT 'it''s', E'\\n', $$text$$, 1.5e3, interval '1 day', '2026-01-01'::date, b'101' -- a comment\n/* another */ ;`
	])('lets through: %s', async (sql) => {
		expect(await guardStatement(sql, scope)).toMatchObject({ ok: true });
	});

	test.each([
		['SELECT 1; SELECT 2', 'SQL_ONE_STATEMENT'],
		['DROP TABLE tickets', 'SQL_NOT_ALLOWED'],
		['SELECT * FROM secrets', 'SQL_TABLE_UNKNOWN'],
		['SELECT * FROM pg_class', 'SQL_TABLE_UNKNOWN'],
		['SELECT * FROM _migrations', 'SQL_TABLE_UNKNOWN'],
		['SELECT * FROM "TICKETS"', 'SQL_TABLE_UNKNOWN'],
		['SELECT * FROM public.tickets', 'SQL_NAME_QUALIFIED'],
		['SELECT * FROM db.public.tickets', 'SQL_NAME_QUALIFIED'],
		['SELECT public.tickets.id FROM tickets', 'SQL_NAME_QUALIFIED'],
		['WITH pg_class AS (SELECT 1) SELECT * FROM pg_class', 'SQL_NAME_RESERVED'],
		['SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) y, x', 'SQL_TABLE_UNKNOWN'],
		['WITH tickets AS (SELECT 1) INSERT INTO secrets SELECT * FROM tickets', 'SQL_TABLE_UNKNOWN'],
		['UPDATE people SET name = $1', 'SQL_READ_ONLY'],
		['SELECT pg_sleep(1)', 'SQL_FUNCTION'],
		['SELECT public.lower(title) FROM tickets', 'SQL_FUNCTION'],
		['SELECT __proto__(1)', 'SQL_FUNCTION'],
		['SELECT constructor(1)', 'SQL_FUNCTION'],
		[`SELECT repeat('x', 1000000000)`, 'SQL_FUNCTION'],
		[`SELECT lpad('x', points) FROM tickets`, 'SQL_FUNCTION'],
		[`SELECT 'tickets'::regclass`, 'SQL_TYPE'],
		[`SELECT CAST(1 AS public.mine)`, 'SQL_TYPE'],
		[`SELECT 1 OPERATOR(public.+) 2`, 'SQL_OPERATOR'],
		[`SELECT xmin FROM tickets`, 'SQL_NOT_ALLOWED'],
		[`SELECT tickets.tableoid FROM tickets`, 'SQL_NOT_ALLOWED'],
		['SELECT current_user', 'SQL_NOT_ALLOWED'],
		['SELECT * INTO x FROM tickets', 'SQL_NOT_ALLOWED'],
		['SELECT * FROM tickets FOR SHARE', 'SQL_NOT_ALLOWED'],
		['SELECT * FROM tickets TABLESAMPLE SYSTEM (1)', 'SQL_NOT_ALLOWED'],
		['SELECT xmlelement(name a)', 'SQL_NOT_ALLOWED'],
		['SELECT make_interval(days => 1)', 'SQL_NOT_ALLOWED'],
		[`SELECT title COLLATE "de_DE" FROM tickets`, 'SQL_NOT_ALLOWED'],
		[
			'INSERT INTO tickets (title) VALUES ($1) ON CONFLICT (lower(public.f(title))) DO NOTHING',
			'SQL_FUNCTION'
		],
		['', 'SQL_SYNTAX'],
		['SELECT FROM WHERE', 'SQL_SYNTAX']
	])('refuses %s', async (sql, reason) => {
		const outcome = await guardStatement(sql, scope);
		expect(outcome.ok ? [] : outcome.diagnostics.map((found) => found.reason)).toContain(reason);
	});

	test('points at the place, past letters of several bytes', async () => {
		const outcome = await guardStatement(`SELECT 'äöü€😀',\n\t'ß', pg_sleep(1)`, scope, 'logic/a.ts');
		expect(outcome).toMatchObject({
			diagnostics: [{ file: 'logic/a.ts', line: 2, column: 7, severity: 'error' }]
		});
	});

	test('tells where the parameters are, and the text without what follows it', async () => {
		const sql = `SELECT 'ä$1' , $2::int FROM tickets WHERE title = $1 OR points = $2 ; -- end`;
		const outcome = await guardStatement(sql, scope);
		if (!outcome.ok) throw new Error('refused');
		const { text, parameters, parameterCount, returns } = outcome.statement;
		expect(parameters.map(({ number, start, end }) => [number, text.slice(start, end)])).toEqual([
			[2, '$2'],
			[1, '$1'],
			[2, '$2']
		]);
		expect({ text, parameterCount, returns }).toEqual({
			text: sql.slice(0, -8),
			parameterCount: 2,
			returns: true
		});
	});
});

describe('guardMigration', () => {
	test('lets a plain migration through', async () => {
		const sql = `
			-- tickets
			CREATE TABLE projects (id uuid PRIMARY KEY DEFAULT uuidv7(), name text NOT NULL UNIQUE);
			CREATE TABLE IF NOT EXISTS tickets (
				id uuid DEFAULT gen_random_uuid(), part integer, title text NOT NULL CHECK (char_length(title) <= 80 AND title <> ''),
				status text NOT NULL DEFAULT 'OPEN' CONSTRAINT tickets_status_check CHECK (status IN ('OPEN', 'DONE')),
				project_id uuid REFERENCES projects ON DELETE CASCADE, tags text[] NOT NULL DEFAULT '{}', price numeric(10, 2), big bigint, small smallint,
				at timestamptz NOT NULL DEFAULT now(), day date, took interval, extra jsonb, ok boolean, r real, d double precision, f bytea,
				PRIMARY KEY (id, part), UNIQUE (title, status), CHECK (price >= 0), FOREIGN KEY (project_id) REFERENCES projects (id)
			);`.replace(' small smallint,', '');
		expect(await guardMigration(sql, 'm.sql')).toEqual([]);
		expect(
			await guardMigration(
				`ALTER TABLE tickets ADD COLUMN note text, ADD COLUMN n integer NOT NULL DEFAULT 0, ALTER COLUMN title DROP NOT NULL,
					ALTER note SET DEFAULT '', ALTER note DROP DEFAULT, ADD CONSTRAINT c CHECK (n > 0) NOT VALID, VALIDATE CONSTRAINT c;
				ALTER TABLE tickets DROP CONSTRAINT IF EXISTS tickets_status_check, ADD CONSTRAINT tickets_status_check CHECK (status IN ('A'));
				CREATE UNIQUE INDEX ON tickets (lower(title), at DESC) INCLUDE (price) WHERE price > 0;
				CREATE INDEX by_tags ON tickets USING gin (tags);
				INSERT INTO projects (name) VALUES ('One'); UPDATE tickets SET note = title; DELETE FROM tickets WHERE n = 1;`,
				'm.sql'
			)
		).toEqual([]);
		expect(await guardMigration('  \n', 'm.sql')).toEqual([]);
	});

	test.each([
		['CREATE TABLE x (a integer)', 'MIGRATION_NO_KEY'],
		['CREATE UNLOGGED TABLE x (id uuid PRIMARY KEY)', 'MIGRATION_TABLE'],
		['CREATE TABLE x (id uuid PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)', 'MIGRATION_CONSTRAINT'],
		['CREATE TABLE x (id uuid, PRIMARY KEY (id) DEFERRABLE)', 'MIGRATION_CONSTRAINT'],
		['CREATE TABLE x (id uuid CONSTRAINT mine PRIMARY KEY)', 'MIGRATION_CONSTRAINT'],
		['CREATE TABLE x (id uuid PRIMARY KEY) INHERITS (y)', 'MIGRATION_TABLE'],
		['CREATE TABLE x (id uuid PRIMARY KEY) PARTITION BY LIST (id)', 'MIGRATION_TABLE'],
		['CREATE TABLE x (LIKE y INCLUDING ALL)', 'MIGRATION_TABLE'],
		['CREATE TABLE x (id uuid PRIMARY KEY) WITH (fillfactor = 10)', 'MIGRATION_TABLE'],
		[
			'CREATE TABLE x (id uuid PRIMARY KEY, n integer GENERATED ALWAYS AS (1) STORED)',
			'MIGRATION_CONSTRAINT'
		],
		['CREATE TABLE x (id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY)', 'MIGRATION_CONSTRAINT'],
		['CREATE TABLE x (id uuid PRIMARY KEY, EXCLUDE USING gist (id WITH =))', 'MIGRATION_CONSTRAINT'],
		['CREATE TABLE x (id bigserial PRIMARY KEY)', 'SQL_TYPE'],
		['CREATE TABLE x (id uuid PRIMARY KEY, a xml)', 'SQL_TYPE'],
		['CREATE TABLE x (id uuid PRIMARY KEY, a text[][])', 'SQL_TYPE'],
		['CREATE TABLE x (id uuid PRIMARY KEY, a people)', 'SQL_TYPE'],
		[`CREATE TABLE x (id uuid PRIMARY KEY, a text DEFAULT current_user)`, 'SQL_NOT_ALLOWED'],
		[`CREATE TABLE x (id uuid PRIMARY KEY, a text DEFAULT pg_read_file('x'))`, 'SQL_FUNCTION'],
		[`CREATE TABLE x (id uuid PRIMARY KEY, a date CHECK (a > current_date))`, 'MIGRATION_CONSTRAINT'],
		[`CREATE TABLE x (id uuid PRIMARY KEY, a date CHECK (random() > 0.5))`, 'MIGRATION_CONSTRAINT'],
		[`CREATE TABLE x (id uuid PRIMARY KEY, a uuid REFERENCES i2.y)`, 'SQL_NAME_QUALIFIED'],
		['CREATE TABLE pg_x (id uuid PRIMARY KEY)', 'MIGRATION_NAME'],
		['CREATE TABLE "X y" (id uuid PRIMARY KEY)', 'MIGRATION_NAME'],
		['CREATE TABLE _migrations (id uuid PRIMARY KEY)', 'MIGRATION_NAME'],
		['ALTER TABLE x DROP COLUMN a', 'MIGRATION_NOT_ALLOWED'],
		['ALTER TABLE x RENAME COLUMN a TO b', 'MIGRATION_NOT_ALLOWED'],
		['ALTER TABLE x ALTER COLUMN a TYPE text', 'MIGRATION_NOT_ALLOWED'],
		['ALTER TABLE x ADD PRIMARY KEY (a)', 'MIGRATION_CONSTRAINT'],
		['ALTER TABLE x DROP CONSTRAINT x_pkey', 'MIGRATION_CONSTRAINT'],
		['ALTER TABLE x DROP CONSTRAINT x_a_key CASCADE', 'MIGRATION_CONSTRAINT'],
		['ALTER TABLE x DISABLE TRIGGER ALL', 'MIGRATION_NOT_ALLOWED'],
		['ALTER TABLE x REPLICA IDENTITY NOTHING', 'MIGRATION_NOT_ALLOWED'],
		['ALTER TABLE x SET UNLOGGED', 'MIGRATION_NOT_ALLOWED'],
		['ALTER TABLE x SET SCHEMA y', 'MIGRATION_NOT_ALLOWED'],
		['ALTER TABLE x OWNER TO y', 'MIGRATION_NOT_ALLOWED'],
		['ALTER VIEW x ALTER COLUMN a SET DEFAULT 1', 'MIGRATION_NOT_ALLOWED'],
		['CREATE INDEX CONCURRENTLY ON x (a)', 'MIGRATION_NOT_ALLOWED'],
		['CREATE INDEX ON x USING mine (a)', 'MIGRATION_NOT_ALLOWED'],
		['CREATE INDEX ON x (a mine_ops)', 'SQL_NOT_ALLOWED'],
		['CREATE INDEX ON x (f(a))', 'SQL_FUNCTION'],
		['INSERT INTO people (id) VALUES (uuidv7())', 'SQL_READ_ONLY'],
		['UPDATE pg_class SET relname = $$x$$', 'SQL_TABLE_UNKNOWN'],
		['SELECT 1', 'MIGRATION_NOT_ALLOWED'],
		['DROP INDEX x', 'MIGRATION_NOT_ALLOWED'],
		['CREATE TABL x', 'SQL_SYNTAX']
	])('refuses %s', async (sql, reason) => {
		const found = await guardMigration(sql, 'm.sql');
		expect(found.map((each) => each.reason)).toContain(reason);
		for (const each of found)
			expect(each).toMatchObject({ file: 'm.sql', hint: expect.stringMatching(/\.$/) });
	});

	test('finds every fault of a file, each at its place', async () => {
		const found = await guardMigration(
			'-- one\nDROP TABLE a;\n\n  GRANT ALL ON a TO b;\nCREATE TABLE x (\n  id uuid PRIMARY KEY,\n  a hstore\n);',
			'm.sql'
		);
		expect(found.map(({ line, column, reason }) => [line, column, reason])).toEqual([
			[2, 1, 'MIGRATION_NOT_ALLOWED'],
			[4, 3, 'MIGRATION_NOT_ALLOWED'],
			[7, 5, 'SQL_TYPE']
		]);
	});
});

describe('the table of functions', () => {
	test('has what views may call, as functions of their arguments', () => {
		for (const name of [...viewFunctions, ...textFunctions]) {
			expect([name, allowedFunctions[name]]).toEqual([name, expect.stringMatching(/^(immutable|settings)$/)]);
		}
	});

	test('has every aggregate that the planner knows by name, but those of XML and ranges', () => {
		const missing = [...aggregateFunctions].filter((name) => !Object.hasOwn(allowedFunctions, name));
		expect(missing.sort()).toEqual(['grouping', 'range_agg', 'xmlagg']);
	});
});
