import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Client } from '#platform/postgres';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { matches, parseFilter, toSql, type FilterColumn, type TextRow } from './index.ts';

/** Values as one would write them, a type each; some of them odd on purpose. */
const values: Record<string, string[]> = {
	t: [
		'',
		'a',
		'A',
		'open',
		'Open',
		'straße',
		'STRASSE',
		'İx',
		'ΑΣ',
		'ας',
		'a%b',
		'a_b',
		'a\\b',
		'x\ny',
		'😀',
		'é',
		'null'
	],
	v: ['', 'open', 'a ', 'a'],
	b: ['true', 'false'],
	u: ['0198c0de-0000-7000-8000-000000000001', '0198c0de-0000-7000-8000-000000000002'],
	s: ['-32768', '0', '7', '32767'],
	i: ['-2147483648', '-1', '0', '7', '2147483647'],
	l: ['-9223372036854775808', '9007199254740992', '9007199254740993', '7', '9223372036854775807'],
	n: [
		'0',
		'7',
		'7.0',
		'7.10',
		'-0.001',
		'0.1',
		'123456789012345678901234567890.5',
		'NaN',
		'Infinity',
		'-Infinity'
	],
	r: ['0', '7', '0.1', '-0.5', '3.4e38', '1e-40', 'NaN', 'Infinity', '-Infinity', '16777217'],
	d: ['0', '7', '0.1', '-0.5', '1e300', '5e-324', 'NaN', 'Infinity', '-Infinity', '9007199254740993'],
	dt: ['2026-02-28', '2024-02-29', '0001-01-01', '9999-12-31', 'infinity', '-infinity', '1969-12-31'],
	tz: [
		'2026-02-28 10:00:00+00',
		'2026-02-28T10:00:00.000001Z',
		'2026-02-28 12:00:00+02',
		'1969-12-31 23:59:59.999999+00',
		'infinity',
		'0050-01-01 00:00:00+00'
	],
	ts: ['2026-02-28 10:00:00', '2026-02-28 10:00:00.5', '-infinity', '1900-01-01 00:00:00']
};
const sqlTypes: Record<string, string> = {
	t: 'text',
	v: 'varchar(10)',
	b: 'boolean',
	u: 'uuid',
	s: 'smallint',
	i: 'integer',
	l: 'bigint',
	n: 'numeric',
	r: 'real',
	d: 'double precision',
	dt: 'date',
	tz: 'timestamptz',
	ts: 'timestamp'
};
const names = Object.keys(sqlTypes);
const columns: FilterColumn[] = names.map((name) => ({ name, type: sqlTypes[name]! }));
const numbers = ['s', 'i', 'l', 'n', 'r', 'd'];
const ordered = [...numbers, 'dt', 'tz', 'ts'];

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
const constantOf = (name: string) =>
	fc.oneof(
		{ weight: 8, arbitrary: fc.constantFrom(...values[name]!).map(quote) },
		{ weight: 1, arbitrary: fc.constant('NULL') },
		{ weight: 1, arbitrary: fc.constant(`param('${name}')`) },
		...(name === 'u' ? [{ weight: 2, arbitrary: fc.constant('principal()') }] : []),
		...(numbers.includes(name)
			? [
					{
						weight: 3,
						arbitrary: fc.constantFrom('7', '-1', '0.1', '7.5', '16777217', '99999999999999999999', '1e20')
					}
				]
			: [])
	);
const comparison = fc
	.constantFrom(...names)
	.chain((name) =>
		fc
			.tuple(
				fc.constantFrom(...(ordered.includes(name) ? ['=', '<>', '<', '<=', '>', '>=', '!='] : ['=', '<>'])),
				fc.oneof(
					{ weight: 4, arbitrary: constantOf(name) },
					{ weight: 1, arbitrary: numbers.includes(name) ? fc.constantFrom(...numbers) : fc.constant(name) }
				),
				fc.boolean()
			)
			.map(([operator, other, swap]) =>
				swap ? `${other} ${operator} "${name}"` : `"${name}" ${operator} ${other}`
			)
	);
const membership = fc
	.constantFrom(...names)
	.chain((name) =>
		fc
			.tuple(fc.boolean(), fc.array(constantOf(name), { minLength: 1, maxLength: 4 }))
			.map(([not, list]) => `${name} ${not ? 'NOT ' : ''}IN (${list.join(', ')})`)
	);
const pattern = fc
	.array(
		fc.constantFrom('%', '_', 'a', 'A', 'o', 'pen', 'ß', 'Σ', 'ς', 'i', '\\%', '\\_', '\\\\', '.', '😀'),
		{ maxLength: 5 }
	)
	.map((parts) => quote(parts.join('')));
const like = fc
	.tuple(fc.constantFrom('t', 'v'), fc.constantFrom('LIKE', 'NOT LIKE', 'ILIKE', 'NOT ILIKE'), pattern)
	.map((parts) => parts.join(' '));
const isNull = fc
	.tuple(fc.constantFrom(...names), fc.constantFrom('IS NULL', 'IS NOT NULL'))
	.map((parts) => parts.join(' '));
const truth = fc.constantFrom('b', 'TRUE', 'FALSE', 'NULL', `param('b')`);
const { filter } = fc.letrec<{ filter: string; leaf: string }>((tie) => ({
	leaf: fc.oneof(comparison, comparison, membership, like, isNull, truth),
	filter: fc.oneof(
		{ depthSize: 'small', withCrossShrink: true },
		tie('leaf'),
		fc
			.tuple(tie('filter'), fc.constantFrom('AND', 'OR'), tie('filter'))
			.map(([a, op, b]) => `(${a}) ${op} (${b})`),
		fc.tuple(tie('leaf'), tie('leaf'), tie('leaf')).map(([a, b, c]) => `${a} OR ${b} AND NOT ${c}`),
		tie('filter').map((inner) => `NOT (${inner})`)
	)
}));

let db: TestPostgres;
let client: Client;
let rows: (TextRow & { id: string })[];

beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl, { types: { getTypeParser: () => (text: string) => text } });
	await client.query(
		`CREATE TABLE public.t (id int PRIMARY KEY, ${names.map((n) => `${n} ${sqlTypes[n]}`).join(', ')})`
	);
	for (const [id, row] of fc.sample(fc.tuple(...names.map(cell)), { numRuns: 150, seed: 42 }).entries()) {
		await client.query(
			`INSERT INTO public.t VALUES (${[id, ...row.map((_, i) => `$${i + 1}`)].join(', ')})`,
			row
		);
	}
	rows = (await client.query('SELECT * FROM public.t ORDER BY id')).rows;
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

function cell(name: string) {
	const text = fc.constantFrom(...values[name]!);
	return fc.option(name === 'r' ? text.filter((value) => value !== '1e-40') : text, { freq: 6 });
}

test('matches is what Postgres answers to toSql', async () => {
	const seen = { some: 0, none: 0 };
	await fc.assert(
		fc.asyncProperty(
			filter,
			fc.record(Object.fromEntries(names.map((name) => [name, cell(name)]))),
			async (text, params) => {
				const parsed = parseFilter(text, columns);
				const env = { principal: values['u']![0], params };
				const sql = toSql(parsed, env);
				const answer = await client.query(
					`SELECT id FROM public.t WHERE ${sql.text} ORDER BY id`,
					sql.values
				);
				const ours = rows.filter((row) => matches(parsed, row, env)).map((row) => row.id);
				expect(ours).toEqual(answer.rows.map((row) => row['id']));
				seen[ours.length > 0 ? 'some' : 'none']++;
			}
		),
		{ numRuns: 1500 }
	);
	expect(seen.some).toBeGreaterThan(300);
	expect(seen.none).toBeGreaterThan(50);
});

test('matches reads rows out of jsonb as well as out of the WAL', () => {
	const parsed = parseFilter('b', columns);
	expect(matches(parsed, { b: 't' }, {})).toBe(true);
	expect(matches(parsed, { b: 'true' }, {})).toBe(true);
	expect(matches(parsed, { b: 'false' }, {})).toBe(false);
});
