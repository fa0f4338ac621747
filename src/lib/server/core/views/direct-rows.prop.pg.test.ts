import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { implicitView, renderProgram, type CatalogTable } from '#engine/view';
import type { RowChange, RowText } from '#core/cdc';
import { testPostgres, type TestPostgres } from '#support/postgres';
import type { JournalledWork } from './apply-statement.ts';
import { directRows, isDirect } from './direct-rows.ts';

/** Rows told from the log alone are what the view's own function tells. */

const column = (name: string, type: string, nullable = false) => ({ name, type, array: false, nullable });
const table: CatalogTable = {
	name: 'things',
	// not in the order of the columns
	key: ['place', 'id'],
	columns: [column('id', 'integer'), column('body', 'text', true), column('place', 'text')]
};
const schemas = { data: 'public', state: 'public' };

let db: TestPostgres;
let client: pg.Client;

beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
	await client.query(
		'CREATE TABLE things (id integer NOT NULL, body text, place text NOT NULL, PRIMARY KEY (place, id))'
	);
});
afterAll(async () => {
	await client?.end();
	await db?.drop();
});

const row: fc.Arbitrary<RowText> = fc.record({
	id: fc.integer({ min: 1, max: 3 }).map(String),
	place: fc.constantFrom('a', 'a/b', '', '"'),
	body: fc.constantFrom(null, '', 'x', 'null', '\\', "it's", '🦔')
});
const change: fc.Arbitrary<RowChange> = fc.oneof(
	row.map((now) => ({ old: null, new: now })),
	row.map((was) => ({ old: was, new: null })),
	fc.record({ old: row, new: row })
);

test('directRows and the function of the implicit view agree', async () => {
	const spec = await implicitView(table);
	for (const statement of renderProgram(spec.program, schemas).create) await client.query(statement);
	const entry = { id: 7, spec } as never;
	await fc.assert(
		fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (rows) => {
			const work: JournalledWork = { kind: 'rows', entry, rows, txids: [5n] };
			expect(isDirect(work)).toBe(true);
			const told = directRows([work] as never);
			const { rows: asked } = await client.query(
				`SELECT op, left(operation, 1) AS operation, key, old, new FROM t_${spec.hash}($1)`,
				[JSON.stringify(rows)]
			);
			expect(
				told.map(({ op, operation, key, old, new: now }) => ({ op, operation, key, old, new: now }))
			).toEqual(asked);
			expect(told.map(({ txids }) => txids)).toEqual(told.map((_, i) => (i === 0 ? ['5'] : undefined)));
		}),
		{ numRuns: 300 }
	);
});

test('a view with rows of its own is asked', async () => {
	const spec = { ...(await implicitView(table)), implicit: false };
	expect(isDirect({ kind: 'rows', entry: { id: 7, spec } as never, rows: [], txids: [] })).toBe(false);
});
