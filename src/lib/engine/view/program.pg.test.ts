import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import type { CatalogTable } from './catalog.ts';
import { finishView, planView, renderProgram, renderSql, type ViewProgram, type ViewSpec } from './index.ts';

const schemas = { data: 'i1', state: 'i1_v' };
const column = (name: string, type: string, nullable = false) => ({ name, type, array: false, nullable });
const tables: readonly CatalogTable[] = [
	{ name: 'projects', key: ['id'], columns: [column('id', 'text'), column('name', 'text', true)] },
	{
		name: 'tickets',
		key: ['id'],
		columns: [
			column('id', 'integer'),
			column('project_id', 'text', true),
			column('open', 'boolean'),
			column('points', 'integer', true),
			column('at', 'timestamptz', true),
			column('spent', 'interval', true)
		]
	}
];

let db: TestPostgres;
let superuser: pg.Client;
/** Owns the schemas, as an installation's role does. */
let owner: string;
/** May use the state's schema and call what it is granted: the maintainer's rights. */
let caller: pg.Client;

beforeAll(async () => {
	db = await testPostgres();
	owner = `loam_${db.instance.id}_i1_owner`;
	const login = `loam_${db.instance.id}_caller`;
	superuser = await db.connect(db.superuserUrl);
	await superuser.query(`
		CREATE ROLE ${owner} NOLOGIN; CREATE ROLE ${login} LOGIN PASSWORD 'x';
		CREATE SCHEMA i1 AUTHORIZATION ${owner}; CREATE SCHEMA i1_v AUTHORIZATION ${owner};
		GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(db.instance.database)} TO ${login};
		GRANT USAGE ON SCHEMA i1_v TO ${login};
		SET ROLE ${owner};
		CREATE TABLE i1.projects (id text PRIMARY KEY, name text);
		CREATE TABLE i1.tickets (id integer PRIMARY KEY, project_id text, open boolean NOT NULL, points integer, at timestamptz, spent interval);
		RESET ROLE`);
	caller = await db.connect(db.instance.urlOf(login, 'x'));
});
afterAll(async () => {
	await caller.end();
	await superuser.query(`DROP OWNED BY ${owner} CASCADE; DROP OWNED BY loam_${db.instance.id}_caller`);
	await superuser.end();
	await db.drop();
});
beforeEach(() => superuser.query('TRUNCATE i1.tickets, i1.projects'));

interface Kept {
	readonly spec: ViewSpec;
	readonly program: ViewProgram;
}

async function keep(sql: string): Promise<Kept> {
	const outcome = await planView({ name: 'v', file: 'views/v.sql', sql, tables });
	if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
	const { rows } = await superuser.query<{ types: string[] }>(renderSql(outcome.plan.describeSql, schemas));
	const spec = finishView(outcome.plan, rows[0]!.types);
	const program = renderProgram(spec.program, schemas);
	await superuser.query(`SET ROLE ${owner}`);
	try {
		for (const statement of [...program.drop, ...program.create]) await superuser.query(statement);
	} finally {
		await superuser.query('RESET ROLE');
	}
	await superuser.query(
		`GRANT EXECUTE ON FUNCTION i1_v.${functionOf(spec)}(jsonb) TO loam_${db.instance.id}_caller`
	);
	return { spec, program };
}

function functionOf(spec: ViewSpec): string {
	return `${spec.kind === 'through' ? 't' : 'm'}_${spec.hash}`;
}

async function run({ spec }: Kept, argument: unknown): Promise<unknown[]> {
	const { rows } = await caller.query(`SELECT * FROM i1_v.${functionOf(spec)}($1)`, [
		JSON.stringify(argument)
	]);
	return rows.map(({ op, operation, key, old, new: after }) => [op, operation, key, old, after]);
}

const join = 'SELECT t.id, p.name FROM tickets t JOIN projects p ON p.id = t.project_id';
const groups = 'SELECT project_id, count(*) AS n, max(points) AS most FROM tickets GROUP BY project_id';

describe('rights', () => {
	test.each([join, groups, 'SELECT id, open FROM tickets'])(
		'the functions need no more than their owner has: %s',
		async (sql) => {
			const kept = await keep(sql);
			await superuser.query(
				`INSERT INTO i1.projects VALUES ('a', 'A'); INSERT INTO i1.tickets VALUES (1, 'a', true, 3)`
			);
			const rows =
				kept.spec.kind === 'through'
					? [{ old: null, new: { id: '1', open: 't' } }]
					: { tickets: [['1']], projects: [['a']] };
			expect(await run(kept, rows)).toHaveLength(1);
			await expect(caller.query(kept.program.read)).rejects.toThrow(/permission denied/);
		}
	);

	test('nobody else may call them', async () => {
		const { spec } = await keep(join);
		await expect(db.app.query(`SELECT * FROM i1_v.m_${spec.hash}('{}')`)).rejects.toThrow(
			/permission denied/
		);
		await superuser.query(`GRANT USAGE ON SCHEMA i1_v TO ${db.instance.logins.app}`);
		await expect(db.app.query(`SELECT * FROM i1_v.m_${spec.hash}('{}')`)).rejects.toThrow(
			/permission denied for function/
		);
		await expect(caller.query(`SELECT * FROM i1_v.f_${spec.hash}(true, true)`)).rejects.toThrow(
			/permission denied for function/
		);
	});

	test('nothing of the tenant stands in their way', async () => {
		await superuser.query(`SET ROLE ${owner};
			CREATE FUNCTION i1.jsonb_object(text[], text[]) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
			CREATE FUNCTION i1_v.replace(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
			RESET ROLE`);
		const kept = await keep(join);
		await superuser.query(
			`INSERT INTO i1.projects VALUES ('a', 'A'); INSERT INTO i1.tickets VALUES (1, 'a', true)`
		);
		await caller.query(`SET search_path = i1, i1_v`);
		expect(await run(kept, { tickets: [['1']] })).toEqual([
			[0, 'insert', '"1"', null, { id: '1', name: 'A' }]
		]);
		await caller.query(`RESET search_path`);
	});
});

describe('the difference', () => {
	test('takes keys more than once, and tables and keys that do not matter', async () => {
		const kept = await keep(join);
		await superuser.query(
			`INSERT INTO i1.projects VALUES ('a', 'A'); INSERT INTO i1.tickets VALUES (1, 'a', true)`
		);
		expect(
			await run(kept, { tickets: [['1'], ['1'], ['99']], other: [['x', 'y']], projects: [['a'], ['a']] })
		).toHaveLength(1);
		expect(await run(kept, {})).toEqual([]);
	});

	test('of a ticket that moves to another project is an update', async () => {
		const kept = await keep(join);
		await superuser.query(
			`INSERT INTO i1.projects VALUES ('a', 'A'), ('b', 'B'); INSERT INTO i1.tickets VALUES (1, 'a', true)`
		);
		await run(kept, { '*': 'quiet' });
		await superuser.query(`UPDATE i1.tickets SET project_id = 'b'`);
		expect(await run(kept, { tickets: [['1']] })).toEqual([
			[0, 'update', '"1"', { id: '1', name: 'A' }, { id: '1', name: 'B' }]
		]);
		await superuser.query(`DELETE FROM i1.projects WHERE id = 'b'`);
		expect(await run(kept, { projects: [['b']] })).toEqual([
			[0, 'delete', '"1"', { id: '1', name: 'B' }, null]
		]);
	});

	test('has text as output functions print it, whatever the session has set', async () => {
		const kept = await keep(
			'SELECT t.id, open, at, spent FROM tickets t JOIN projects p ON p.id = t.project_id'
		);
		await superuser.query(
			`INSERT INTO i1.projects VALUES ('a'); INSERT INTO i1.tickets VALUES (1, 'a', true, 1, '2026-02-03 04:05:06+00', '1 day 02:00')`
		);
		await caller.query(
			`SET DateStyle = 'SQL, MDY'; SET TimeZone = 'Asia/Tokyo'; SET IntervalStyle = 'postgres_verbose'`
		);
		expect(await run(kept, { tickets: [['1']] })).toEqual([
			[0, 'insert', '"1"', null, { id: '1', open: 't', at: '2026-02-03 04:05:06+00', spent: 'P1DT2H' }]
		]);
		await caller.query('RESET ALL');
	});

	test('names keys as the protocol does', async () => {
		const kept = await keep(groups);
		await superuser.query(`INSERT INTO i1.tickets VALUES (1, NULL, true), (2, '_', true), (3, 'a/b', true)`);
		const keys = (await run(kept, { tickets: [['1'], ['2'], ['3']] })).map((row) => (row as string[])[2]);
		expect(keys.toSorted()).toEqual(['"_"', '"a//b"', '_']);
	});

	test('tells nothing by an opaque key', async () => {
		const kept = await keep('SELECT p.name FROM tickets t JOIN projects p ON p.id = t.project_id');
		await superuser.query(
			`INSERT INTO i1.projects VALUES ('a', 'A'); INSERT INTO i1.tickets VALUES (1, 'a', true), (2, 'a', true)`
		);
		const keys = (await run(kept, { tickets: [['1'], ['2']] })).map((row) => (row as string[])[2]!);
		expect(new Set(keys).size).toBe(2);
		for (const key of keys) expect(key).toMatch(/^"[0-9a-f]{32}"$/);
		const read = await superuser.query(kept.program.read);
		expect(read.rows.map((row) => row._key).toSorted()).toEqual(keys.toSorted());
		// Another installation, another salt.
		await keep('SELECT p.name FROM tickets t JOIN projects p ON p.id = t.project_id');
		const again = (await run(kept, { '*': true })).map((row) => (row as string[])[2]!);
		expect(again.filter((key) => keys.includes(key))).toEqual([]);
	});
});

describe('a full difference', () => {
	test.each([
		[join, 'v_'],
		[groups, 'v_'],
		[groups, 'l_']
	])('mends a broken state: %s in %s', async (sql, prefix) => {
		const kept = await keep(sql);
		await superuser.query(`INSERT INTO i1.projects VALUES ('a', 'A'), ('b', 'B');
			INSERT INTO i1.tickets SELECT n, CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END, true, n FROM generate_series(1, 10) AS n`);
		expect(await run(kept, { '*': 'quiet' })).toEqual([]);
		const sound = (await superuser.query(kept.program.read)).rows;
		await superuser.query(
			`DELETE FROM i1_v.${prefix}${kept.spec.hash} WHERE ctid = (SELECT min(ctid) FROM i1_v.${prefix}${kept.spec.hash})`
		);
		await run(kept, { '*': true });
		expect((await superuser.query(`${kept.program.read} ORDER BY 1`)).rows).toEqual(
			sound.toSorted((a, b) => (a._key < b._key ? -1 : 1))
		);
		expect(await run(kept, { '*': true })).toEqual([]);
	});

	test('a state that cannot be is an error, never a wrong count', async () => {
		const kept = await keep(groups);
		await superuser.query(`INSERT INTO i1.tickets VALUES (1, 'a', true, 1), (2, 'a', true, 2)`);
		await run(kept, { '*': 'quiet' });
		await superuser.query(`UPDATE i1_v.v_${kept.spec.hash} SET _n = 1; DELETE FROM i1.tickets`);
		await expect(run(kept, { tickets: [['1'], ['2']] })).rejects.toThrow(/violates check constraint/);
		expect(await run(kept, { '*': true })).toEqual([
			[0, 'delete', '"a"', { project_id: 'a', n: '1', most: '2' }, null]
		]);
	});
});

describe('a view that is read through', () => {
	const row = (id: number, open: string, points: string | null) => ({
		id: `${id}`,
		open,
		points,
		project_id: null,
		at: null,
		spent: null
	});

	test('evaluates both sides of each row of the log, in its order', async () => {
		const kept = await keep(`SELECT id, points * 2 AS twice FROM tickets WHERE open`);
		expect(
			await run(kept, [
				{ old: null, new: row(1, 't', '1') },
				{ old: null, new: row(2, 'f', '1') },
				{ old: row(1, 't', '1'), new: row(1, 't', null) },
				{ old: row(2, 'f', '1'), new: row(2, 't', '1') },
				{ old: row(1, 't', null), new: row(1, 'f', null) },
				{ old: row(2, 't', '1'), new: row(3, 't', '1') },
				{ old: row(3, 't', '1'), new: { ...row(3, 't', '1'), project_id: 'unseen' } },
				{ old: row(3, 't', '1'), new: null }
			])
		).toEqual([
			[0, 'insert', '"1"', null, { id: '1', twice: '2' }],
			[1, 'update', '"1"', { id: '1', twice: '2' }, { id: '1', twice: null }],
			[2, 'insert', '"2"', null, { id: '2', twice: '2' }],
			[3, 'delete', '"1"', { id: '1', twice: null }, null],
			[4, 'delete', '"2"', { id: '2', twice: '2' }, null],
			[5, 'insert', '"3"', null, { id: '3', twice: '2' }],
			[6, 'delete', '"3"', { id: '3', twice: '2' }, null]
		]);
	});

	test('reads its table', async () => {
		const kept = await keep(`SELECT id, upper(project_id) AS p FROM tickets WHERE open`);
		await superuser.query(`INSERT INTO i1.tickets VALUES (1, 'a', true), (2, 'b', false)`);
		expect((await superuser.query(kept.program.read)).rows).toEqual([{ _key: '"1"', id: 1, p: 'A' }]);
	});
});

test('a view of many columns, and literals that look like ours', async () => {
	const many = Array.from({ length: 150 }, (_, index) => `t.points + ${index} AS c${index}`).join(', ');
	const kept = await keep(
		`SELECT t.id, ${many}, '$loam0$ {state} {data}' AS text FROM tickets t JOIN projects p ON p.id = t.project_id`
	);
	await superuser.query(
		`INSERT INTO i1.projects VALUES ('a'); INSERT INTO i1.tickets VALUES (1, 'a', true, 1)`
	);
	const [[, , , , after]] = (await run(kept, { tickets: [['1']] })) as [
		[0, '', '', null, Record<string, string>]
	];
	expect(after).toMatchObject({ c149: '150', text: '$loam0$ {state} {data}' });
});

test('dropping leaves nothing behind', async () => {
	const count = async () => {
		const { rows } = await superuser.query<{ n: string }>(`
			SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'i1_v'::regnamespace)
				+ (SELECT count(*) FROM pg_proc WHERE pronamespace = 'i1_v'::regnamespace)
				+ (SELECT count(*) FROM pg_type WHERE typnamespace = 'i1_v'::regnamespace) AS n`);
		return rows[0]!.n;
	};
	const before = await count();
	for (const sql of [
		`SELECT p.name FROM tickets t JOIN projects p ON p.id = t.project_id WHERE points > 7`,
		`SELECT avg(points) AS mean FROM tickets WHERE points > 7 GROUP BY at, open`,
		`SELECT count(*) AS n FROM tickets WHERE points > 7`,
		`SELECT open FROM tickets WHERE points > 7`
	]) {
		const { program } = await keep(sql);
		expect(await count()).not.toBe(before);
		for (const statement of program.drop) await superuser.query(statement);
		expect(await count()).toBe(before);
	}
});
