import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client, PoolClient } from '#platform/postgres';
import { guardMigration, guardStatement } from '#engine/sql';
import { peopleTable, planView } from '#engine/view';
import { silentLogger } from '#kernel';
import { createIsolates, type Isolates } from '#platform/isolates';
import { deskTables, openDesk } from '#support/desk';
import { testPostgres, type TestPostgres } from '#support/postgres';

/**
 * The tenant's wall, from both sides of the guard: each way out is refused by the parser in front, and, with
 * the parser left out, leads nowhere in Postgres itself. `{b}` is the neighbour's schema, `{owner}` its owner.
 */
const secret = 'hunter2-of-the-neighbour';

let db: TestPostgres;
let isolates: Isolates;
let ours: Awaited<ReturnType<typeof openDesk>>;
let theirs: Awaited<ReturnType<typeof openDesk>>;

beforeAll(async () => {
	db = await testPostgres();
	isolates = createIsolates({ log: silentLogger, slots: 2 });
	ours = await openDesk(db, isolates, 'ours');
	theirs = await openDesk(db, isolates, 'theirs');
	await theirs.standard('create', { title: secret.slice(0, 20), status: 'OPEN', points: 1, tags: [secret] });
	await ours.standard('create', { title: 'ours', status: 'OPEN', points: 1, tags: [] });
	await db.app.query(
		`INSERT INTO loam.verification (id, identifier, value, expires_at) VALUES (uuidv7(), 'x', $1, now())`,
		[secret]
	);
});
afterAll(async () => {
	await ours?.end();
	await theirs?.end();
	await isolates?.end();
	await db?.drop();
});

const fill = (sql: string) =>
	sql
		.replaceAll('{b}', theirs.place.schema)
		.replaceAll('{a}', ours.place.schema)
		.replaceAll('{owner}', theirs.place.ownerRole)
		.replaceAll('{run}', ours.place.runRole)
		.replaceAll('{admin}', db.instance.logins.admin);

/** What an attack may end in at the wall: an error like this, or (`harmless`) rows that tell nothing. */
type End = RegExp | 'harmless';

const refused = /permission denied/;
const noRows = /does not return tuples|cannot open/;

const fromHandlers: readonly (readonly [sql: string, end: End])[] = [
	// becoming somebody else
	[`SELECT set_config('role', '{owner}', true)`, refused],
	// the time of all views
	[`WITH x AS (UPDATE clock SET at = 'epoch' RETURNING 1 AS n) SELECT n::text FROM x`, refused],
	[`SELECT set_config('role', '{admin}', false)`, refused],
	[`SELECT set_config('session_authorization', '{admin}', true)`, refused],
	[`SELECT/**/set_config('search_path', '{b}', false)`, refused],
	[`SET ROLE {owner}`, noRows],
	[`SET LOCAL ROLE {owner}`, noRows],
	[`RESET ROLE`, noRows],
	[`SET SESSION AUTHORIZATION {admin}`, noRows],
	[`SET search_path = {b}`, noRows],
	[`GRANT {owner} TO {run}`, noRows],
	[`ALTER ROLE {run} SUPERUSER`, noRows],
	// the neighbour's tables, and the platform's
	[`SELECT tags::text FROM {b}.tickets`, refused],
	[`SELECT (SELECT tags::text FROM {b}.tickets LIMIT 1) FROM tickets`, refused],
	[`WITH x AS (SELECT tags::text AS t FROM {b}.tickets) SELECT t FROM x`, refused],
	[`WITH x AS (DELETE FROM {b}.tickets RETURNING tags::text AS t) SELECT t FROM x`, refused],
	[
		`INSERT INTO tickets (title, status, points, tags) VALUES ('x', 'OPEN', 1, '{}') RETURNING (SELECT tags::text FROM {b}.tickets LIMIT 1)`,
		refused
	],
	[
		`INSERT INTO {b}.tickets (title, status, points, tags) VALUES ('x', 'OPEN', 1, '{}') RETURNING title`,
		refused
	],
	[`UPDATE {b}.tickets SET title = 'x' RETURNING title`, refused],
	[
		`MERGE INTO {b}.tickets t USING tickets s ON t.id = s.id WHEN NOT MATCHED THEN DO NOTHING RETURNING 'x'`,
		refused
	],
	[`SELECT t FROM {b}_v.run_sql('SELECT tags::text FROM tickets', '{}') AS t (t text)`, refused],
	[`SELECT t FROM {a}_v.run_sql('SELECT 1::text', '{}') AS t (t text)`, refused],
	[`SELECT value FROM loam.verification`, refused],
	[`SELECT token FROM loam.session`, refused],
	[`SELECT name FROM loam.instance, loam.person`, refused],
	// SQL inside functions, where no parser sees it
	[`SELECT query_to_xml('SELECT tags FROM {b}.tickets', true, true, '')::text`, refused],
	[`SELECT query_to_xml_and_xmlschema('SELECT 1', true, true, '')::text`, refused],
	[`SELECT table_to_xml('tickets', true, true, '')::text`, refused],
	[`SELECT schema_to_xml('{b}', true, true, '')::text`, refused],
	[`SELECT database_to_xml(true, true, '')::text`, refused],
	[`SELECT word FROM ts_stat('SELECT to_tsvector(tags::text) FROM {b}.tickets')`, refused],
	[`DO $$ BEGIN PERFORM 1; END $$`, noRows],
	[`CREATE FUNCTION {a}.f() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::text'`, noRows],
	[`CREATE TRIGGER t AFTER INSERT ON tickets EXECUTE FUNCTION suppress_redundant_updates_trigger()`, noRows],
	[`CREATE RULE r AS ON INSERT TO tickets DO ALSO DELETE FROM tickets`, noRows],
	[`CREATE CAST (text AS integer) WITH INOUT AS IMPLICIT`, noRows],
	[`CREATE VIEW {a}.v AS SELECT 1`, noRows],
	[`ALTER FUNCTION {a}_v.run_sql(text, text[]) SECURITY INVOKER`, noRows],
	[`EXPLAIN ANALYZE INSERT INTO {b}.tickets (title) VALUES ('x')`, refused],
	[`EXPLAIN ANALYZE CREATE TABLE {a}.x AS SELECT 1`, refused],
	// statements beside the one
	[`SELECT title FROM tickets; DELETE FROM tickets`, noRows],
	[`SELECT 'a'; SELECT tags::text FROM {b}.tickets`, refused],
	[`SELECT 'a' -- '\n; RESET ROLE; -- '`, noRows],
	[`SELECT $a$1$a$; COMMIT; SELECT $a$2$a$`, noRows],
	[`COMMIT`, noRows],
	[`ROLLBACK`, noRows],
	[`SAVEPOINT s`, noRows],
	[`PREPARE p AS SELECT 1`, noRows],
	[`EXECUTE p`, noRows],
	[`DECLARE c CURSOR WITH HOLD FOR SELECT 1`, noRows],
	[`FETCH ALL FROM c`, noRows],
	// places to hide and things to leave behind
	[`CREATE TEMP TABLE x (a int)`, noRows],
	[`SELECT 1 AS a INTO TEMP x`, noRows],
	[`SELECT 1 AS a INTO {a}.x`, noRows],
	[`CREATE TABLE public.x (a int)`, noRows],
	[`CREATE SCHEMA s`, noRows],
	[`TRUNCATE tickets`, noRows],
	[`DROP TABLE tickets`, noRows],
	[`LOCK TABLE tickets`, noRows],
	[`DELETE FROM people RETURNING name`, refused],
	[`INSERT INTO people (id, name) VALUES (uuidv7(), 'x') RETURNING name`, refused],
	[`SELECT set_config('statement_timeout', '0', false)`, refused],
	[`SELECT set_config('TimeZone', 'Asia/Tokyo', false)`, refused],
	// the server and the world
	[`COPY (SELECT 1) TO PROGRAM 'id'`, noRows],
	[`COPY tickets FROM PROGRAM 'id'`, noRows],
	[`COPY tickets TO STDOUT`, noRows],
	[`SELECT lo_import('/etc/passwd')::text`, refused],
	[`SELECT lo_from_bytea(0, 'x')::text`, refused],
	[`SELECT lo_create(0)::text`, refused],
	[`SELECT pg_read_file('/etc/passwd')`, refused],
	[`SELECT pg_ls_dir('/')`, refused],
	[`SELECT t FROM dblink('dbname=postgres', 'SELECT 1') AS t (t text)`, /does not exist/],
	[`LOAD 'dblink'`, noRows],
	[`CREATE EXTENSION dblink`, noRows],
	[`SELECT rolpassword FROM pg_authid`, refused],
	[`SELECT passwd FROM pg_shadow`, refused],
	[`SELECT umoptions::text FROM pg_user_mapping`, refused],
	[`SELECT subconninfo FROM pg_subscription`, refused],
	[`SELECT pg_logical_emit_message(false, 'loam', 'x', true)::text`, refused],
	[`SELECT pg_logical_emit_message(true, 'loam', 'x')::text`, refused],
	[`SELECT pg_replication_origin_session_setup('x')::text`, refused],
	[`SELECT pg_drop_replication_slot('x')::text`, /permission denied|does not exist/],
	[`SELECT pg_terminate_backend(pg_backend_pid())::text`, refused],
	[`SELECT pg_cancel_backend(pg_backend_pid())::text`, refused],
	[`SELECT pg_reload_conf()::text`, refused],
	// others' time and attention
	[`SELECT pg_notify('loam_installation', '{}')::text`, refused],
	[`NOTIFY loam_installation`, noRows],
	[`LISTEN loam_installation`, noRows],
	[`SELECT pg_advisory_lock(1)::text`, refused],
	[`SELECT pg_advisory_xact_lock(hashtext('loam.provision'))::text`, refused],
	[`SELECT pg_try_advisory_lock_shared(1, 2)::text`, refused],
	[`SELECT pg_sleep(4)::text`, refused],
	[`SELECT pg_export_snapshot()`, refused],
	[`VACUUM`, noRows],
	// what Postgres shows to everybody, and the guard does not
	[`SELECT string_agg(relname, ',') FROM pg_class`, 'harmless'],
	[`SELECT string_agg(query, ',') FROM pg_stat_activity`, 'harmless'],
	[`SELECT string_agg(statement, ',') FROM pg_prepared_statements`, /permission denied|harmless/],
	[`SELECT current_setting('search_path')`, 'harmless'],
	[`SELECT current_user::text`, 'harmless'],
	[`SELECT session_user::text`, 'harmless'],
	[`SELECT 'tickets'::regclass::text`, 'harmless'],
	[`SELECT oid::text FROM tickets t, pg_proc`, 'harmless'],
	[`SELECT xmlparse(content '<a/>')::text`, 'harmless'],
	[`SELECT txid_current()::text`, 'harmless'],
	[`SHOW search_path`, 'harmless']
];

/** Runs as the run role, with the guard left out; the transaction is committed, as a command's would be. */
async function atTheWall(sql: string): Promise<string> {
	const client = await db.app.connect();
	try {
		await client.query('BEGIN');
		const { rows } = await client.query(
			`SELECT c0::text FROM ${ours.place.stateSchema}.run_sql($1, '{}') AS t (c0 text)`,
			[sql]
		);
		await client.query('COMMIT');
		return JSON.stringify(rows);
	} finally {
		await client.query('ROLLBACK');
		await assertUntouched(client).finally(() => client.release());
	}
}

/** The session is as it was, and nothing was left anywhere. */
async function assertUntouched(client: PoolClient | Client): Promise<void> {
	const { rows } = await client.query(`
		SELECT current_user = session_user AS self, current_setting('role') AS role, current_setting('search_path') AS path,
		       current_setting('TimeZone') AS zone, current_setting('statement_timeout') AS timeout,
		       (SELECT count(*)::int FROM pg_cursors WHERE is_holdable) AS cursors,
		       (SELECT count(*)::int FROM pg_prepared_statements WHERE from_sql) AS prepared,
		       (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
		       (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
		       (SELECT count(*)::int FROM pg_largeobject_metadata) AS objects,
		       (SELECT string_agg(DISTINCT relname, ',' ORDER BY relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		         WHERE relkind IN ('r', 'v') AND nspname NOT IN ('pg_catalog', 'information_schema', 'loam', 'pg_toast')) AS tables,
		       (SELECT count(*)::int FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
		         WHERE NOT tgisinternal AND relnamespace <> 'loam'::regnamespace) AS triggers,
		       (SELECT bool_and(prosecdef) FROM pg_proc WHERE proname = 'run_sql') AS definer`);
	expect(rows[0]).toEqual({
		self: true,
		role: 'none',
		path: '"$user", public',
		zone: 'UTC',
		timeout: '0',
		cursors: 0,
		prepared: 0,
		locks: 0,
		channels: 0,
		objects: 0,
		tables: 'clock,people,projects,tickets',
		triggers: 0,
		definer: true
	});
	const kept = await client.query<{ title: string }>(
		`SELECT title FROM ${theirs.place.schema}.tickets UNION ALL SELECT title FROM ${ours.place.schema}.tickets`
	);
	expect(kept.rows.map((row) => row.title)).toEqual([secret.slice(0, 20), 'ours']);
}

describe('from a handler', () => {
	const scope = { tables: new Set(['tickets', 'projects']), readOnly: new Set(['people']) };

	test.each(fromHandlers)('the guard refuses %s', async (sql) => {
		const outcome = await guardStatement(fill(sql), scope);
		expect(outcome.ok).toBe(false);
		expect(outcome.ok ? [] : outcome.diagnostics).toEqual(
			expect.arrayContaining([
				expect.objectContaining({
					line: expect.any(Number),
					message: expect.any(String),
					hint: expect.any(String)
				})
			])
		);
	});

	test.each(fromHandlers)('Postgres itself lets nothing out by %s', async (sql, end) => {
		const outcome = await atTheWall(fill(sql)).catch((error: Error) => error);
		if (end === 'harmless') expect(outcome).toBeTypeOf('string');
		else if (!(typeof outcome === 'string' && end.test('harmless')))
			expect(outcome).toMatchObject({ message: expect.stringMatching(end) });
		expect(String(outcome)).not.toContain('hunter2');
	});

	test('the handler that tries is told no, and nothing of its transaction stays', async () => {
		await expect(
			ours.handle(`await loam.db.tickets.insert({ title: 'x', status: 'OPEN', points: 1, tags: [] });
				return loam.db.one(${JSON.stringify(fill(`SELECT set_config('role', '{owner}', true) AS r`))})`)
		).rejects.toMatchObject({ reason: 'HANDLER_FAILED' });
		const client = await db.app.connect();
		await assertUntouched(client);
		client.release();
	});

	test('values are never SQL', async () => {
		const { response } = await ours.handle(
			`return loam.db.one('SELECT $1::text AS a, $2::text[] AS b', request.a, request.b)`,
			{ a: `'); RESET ROLE; --`, b: [`"}'; SELECT 1`, '\\', `{a,"b"}`] }
		);
		expect(response).toEqual({ a: `'); RESET ROLE; --`, b: [`"}'; SELECT 1`, '\\', `{a,"b"}`] });
	});

	test('tables and columns that the sandbox makes up are refused', async () => {
		for (const body of [
			`return loam.db.tickets.insert({ 'title") VALUES (1); --': 1 })`,
			`return loam.db.tickets.list({ order: ['title; SELECT 1'] })`,
			`return loam.db.tickets.list({ limit: '1; SELECT 1' })`,
			`return loam.db.tickets.list({ where: { 'a = 1 OR 1': 1 } })`,
			`return loam.db.people.insert({ name: 'x' })`
		]) {
			await expect(ours.handle(body), body).rejects.toThrow();
		}
	});
});

/** As the owner: what a migration that got past the guard could do. */
const fromMigrations: readonly (readonly [sql: string, end: End])[] = [
	[`SET ROLE {admin}`, refused],
	[`SET SESSION AUTHORIZATION {admin}`, refused],
	[`SELECT set_config('role', '{admin}', false)`, refused],
	[`GRANT {owner} TO {run}`, refused],
	[`GRANT {admin} TO {run}`, refused],
	[`ALTER ROLE CURRENT_USER SUPERUSER`, refused],
	[`ALTER ROLE CURRENT_USER LOGIN`, refused],
	[`CREATE ROLE mine`, refused],
	[`SELECT tags FROM {b}.tickets`, refused],
	[`ALTER TABLE {b}.tickets ADD COLUMN x int`, refused],
	[`CREATE TABLE {b}.x (a int)`, refused],
	[`CREATE TABLE public.x (id uuid PRIMARY KEY)`, refused],
	[`CREATE TABLE loam.x (id uuid PRIMARY KEY)`, refused],
	[`CREATE TEMP TABLE x (id uuid PRIMARY KEY)`, refused],
	[`SELECT value FROM loam.verification`, refused],
	[`DROP TABLE people`, /must be owner/],
	[`CREATE TRIGGER t BEFORE INSERT ON people EXECUTE FUNCTION suppress_redundant_updates_trigger()`, refused],
	[`ALTER TABLE people RENAME TO humans`, /must be owner/],
	[`INSERT INTO people (id, name) VALUES (uuidv7(), 'x')`, refused],
	[`DROP FUNCTION {a}_v.run_sql(text, text[])`, /must be owner/],
	[
		`CREATE OR REPLACE FUNCTION {a}_v.run_sql(statement text, parameters text[]) RETURNS SETOF record LANGUAGE sql AS 'SELECT 1'`,
		/must be owner/
	],
	[`DROP SCHEMA {a} CASCADE`, /must be owner/],
	[`CREATE SCHEMA s`, refused],
	[`CREATE EXTENSION dblink`, /permission denied|not available/],
	[`CREATE PUBLICATION p`, refused],
	[`CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p`, refused],
	[
		`CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
		refused
	],
	[`CREATE LANGUAGE plpython3u`, /permission denied|not/],
	[`CREATE CAST (text AS integer) WITH INOUT`, /must be owner/],
	[`CREATE FUNCTION {a}.f() RETURNS int LANGUAGE c AS 'libc', 'system'`, refused],
	[`COPY tickets TO PROGRAM 'id'`, refused],
	[`COPY tickets FROM '/etc/passwd'`, refused],
	[`SELECT pg_read_file('/etc/passwd')`, refused],
	[`SELECT lo_import('/etc/passwd')`, refused],
	[`ALTER SYSTEM SET log_statement = 'all'`, refused],
	[`ALTER DATABASE postgres SET search_path = x`, /must be owner/],
	[`SELECT pg_logical_emit_message(false, 'loam', 'x', true)`, refused],
	[`SELECT pg_terminate_backend(pid) FROM pg_stat_activity`, refused],
	[`SET session_replication_role = replica`, refused],
	[`LOAD '/tmp/x.so'`, /permission denied|access to library/],
	[`DO $$ BEGIN EXECUTE 'SET ROLE {admin}'; END $$`, refused],
	[`CREATE RULE r AS ON SELECT TO people DO INSTEAD SELECT 1`, /must be owner/]
];

describe('from a migration', () => {
	test.each(fromMigrations)('the guard refuses %s', async (sql) => {
		expect(await guardMigration(fill(sql), 'migrations/0001_x.sql')).toEqual(
			expect.arrayContaining([
				expect.objectContaining({
					file: 'migrations/0001_x.sql',
					severity: 'error',
					hint: expect.any(String)
				})
			])
		);
	});

	test.each(fromMigrations)('Postgres itself lets the owner do nothing by %s', async (sql, end) => {
		await ours.tenancy.asOwner(ours.place, async (client) => {
			await expect(client.query(fill(sql))).rejects.toThrow(end as RegExp);
		});
		const client = await db.app.connect();
		await assertUntouched(client);
		client.release();
	});

	test('a password that the owner gives itself opens nothing', async () => {
		await ours.tenancy.asOwner(ours.place, (client) =>
			client.query(`ALTER ROLE CURRENT_USER PASSWORD 'mine'`)
		);
		await expect(db.connect(db.instance.urlOf(ours.place.ownerRole, 'mine'))).rejects.toThrow(
			/not permitted to log in/
		);
	});
});

describe('from a view', () => {
	const tables = [...deskTables, peopleTable];

	test.each(fromHandlers)('the planner refuses %s', async (sql) => {
		const outcome = await planView({ name: 'v', file: 'views/v.sql', sql: fill(sql), tables });
		expect(outcome.ok ? [] : outcome.diagnostics).toEqual(
			expect.arrayContaining([expect.objectContaining({ severity: 'error', file: 'views/v.sql' })])
		);
	});

	test("a function of the tenant's own has the tenant's rights, whoever calls it", async () => {
		await ours.tenancy.asOwner(ours.place, async (client) => {
			await client.query(`
				CREATE FUNCTION ${ours.place.stateSchema}.m_hostile() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS
				$$ BEGIN RETURN (SELECT tags::text FROM ${theirs.place.schema}.tickets LIMIT 1); END $$;
				CREATE FUNCTION ${ours.place.stateSchema}.m_climb() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS
				$$ BEGIN EXECUTE 'RESET ROLE'; RETURN current_user; END $$`);
		});
		const views = await db.connect(db.instance.urlAs('views'));
		await expect(views.query(`SELECT ${ours.place.stateSchema}.m_hostile()`)).rejects.toThrow(refused);
		await expect(views.query(`SELECT ${ours.place.stateSchema}.m_climb()`)).rejects.toThrow(
			/within security-definer function/
		);
		await views.end();
		await expect(db.app.query(`SELECT ${ours.place.stateSchema}.m_hostile()`)).rejects.toThrow(refused);
		await ours.tenancy.asOwner(ours.place, (client) =>
			client.query(`DROP FUNCTION ${ours.place.stateSchema}.m_hostile, ${ours.place.stateSchema}.m_climb`)
		);
	});
});
