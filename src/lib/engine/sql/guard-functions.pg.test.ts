import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { allowedFunctions } from './guard-functions.ts';

let db: TestPostgres;
beforeAll(async () => {
	db = await testPostgres();
});
afterAll(() => db.drop());

/** Written by the grammar itself, not functions of the catalog. */
const syntax = new Set(['overlay', 'position', 'substring', 'trim', 'extract', 'normalize']);

const rank = { i: 0, s: 1, v: 2 } as const;
const allowed = { immutable: 0, settings: 1, stable: 1, volatile: 2 } as const;

test('every function exists, and none changes more than the table says', async () => {
	const { rows } = await db.app.query<{ name: string; worst: 'i' | 's' | 'v' }>(
		`SELECT proname AS name, max(provolatile) AS worst FROM pg_proc
		  WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY ($1) GROUP BY proname`,
		[Object.keys(allowedFunctions)]
	);
	const found = new Map(rows.map((row) => [row.name, row.worst]));
	const missing = Object.keys(allowedFunctions).filter((name) => !found.has(name) && !syntax.has(name));
	expect(missing).toEqual([]);
	const worse = rows.filter((row) => rank[row.worst] > allowed[allowedFunctions[row.name]!]);
	expect(worse).toEqual([]);
});

test('none of them takes SQL, files or names of tables', async () => {
	const { rows } = await db.app.query<{ signature: string }>(
		`SELECT oid::regprocedure::text AS signature FROM pg_proc
		  WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY ($1)
		    AND (proargtypes::oid[] && ARRAY['regclass'::regtype, 'regproc'::regtype, 'regrole'::regtype, 'refcursor'::regtype, 'xml'::regtype, 'internal'::regtype]::oid[])
		    AND prokind = 'f'`,
		[Object.keys(allowedFunctions)]
	);
	expect(rows).toEqual([]);
});
