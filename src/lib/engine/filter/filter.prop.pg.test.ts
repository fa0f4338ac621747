import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AppError } from '#kernel';
import { outputSettings, type Client } from '#platform/postgres';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { arbitraryFilter, arbitraryRow, columns } from './arbitrary-filter.ts';
import { columnType, compileFilter, parseFilter, routeKey, routes, toSql, type TextRow } from './index.ts';

let db: TestPostgres;
let client: Client;
let rows: (TextRow & { id: string })[];

beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl, {
		options: outputSettings,
		types: { getTypeParser: () => (text: string) => text }
	});
	const types = columns.map(({ name, type, array }) => `"${name}" ${type}${array ? '[]' : ''}`);
	await client.query(`CREATE TABLE public.t (id int PRIMARY KEY, ${types.join(', ')})`);
	for (const [id, row] of fc.sample(arbitraryRow, { numRuns: 80, seed: 42 }).entries()) {
		const places = row.map((_, i) => `$${i + 1}`).join(', ');
		await client.query(`INSERT INTO public.t VALUES (${id}, ${places})`, row);
	}
	rows = (await client.query('SELECT * FROM public.t ORDER BY id')).rows;
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

/** Ids of the rows that pass, or that the statement was answered with an error of the values. */
async function ask(condition: string, values: readonly (string | null)[] = []): Promise<string[] | 'fails'> {
	try {
		const { rows: found } = await client.query(`SELECT id FROM public.t WHERE ${condition} ORDER BY id`, [
			...values
		]);
		return found.map((row) => row['id'] as string);
	} catch (error) {
		const { code, message } = error as { code?: string; message: string };
		// Class 22 are the exceptions of data; what no integer is has a code of its own.
		if (code?.startsWith('22') || message.startsWith('cannot convert')) return 'fails';
		throw new Error(`${message}: ${condition}`, { cause: error });
	}
}

function evaluate(text: string): string[] | 'fails' {
	try {
		const passes = compileFilter(parseFilter(text, columns), {});
		return rows.filter((row) => passes(row)).map((row) => row.id);
	} catch (error) {
		if (error instanceof AppError && error.reason === 'FILTER_FAILS') return 'fails';
		throw new Error(`${(error as Error).message}: ${text}`, { cause: error });
	}
}

const runs = Number(process.env['LOAM_FILTER_RUNS'] ?? 1_500);

test('a filter says of every row what Postgres says, of its SQL and of the text as it was written', async () => {
	const seen = { some: 0, none: 0, fails: 0 };
	await fc.assert(
		fc.asyncProperty(arbitraryFilter, async (text) => {
			const ours = evaluate(text);
			const sql = toSql(parseFilter(text, columns), {});
			expect(ours, `as SQL: ${sql.text} ${JSON.stringify(sql.values)}`).toEqual(
				await ask(sql.text, sql.values)
			);
			// The text means what Postgres takes it for; only upper and lower case is the server's own.
			if (!/lower|upper|ilike/i.test(text))
				expect(ours, 'as written').toEqual(await ask(`((${text}) IS TRUE)`));
			seen[ours === 'fails' ? 'fails' : ours.length > 0 ? 'some' : 'none']++;
		}),
		{ numRuns: runs }
	);
	expect(seen.some).toBeGreaterThan(runs / 5);
	expect(seen.fails).toBeGreaterThan(runs / 100);
}, 600_000);

/** `column = value` with the value of a row, as Postgres prints it; some beside another filter. */
const equality = fc
	.record({
		row: fc.nat(79),
		column: fc.constantFrom(...columns),
		beside: fc.option(arbitraryFilter),
		word: fc.constantFrom('AND', 'OR')
	})
	.map(({ row, column: { name }, beside, word }) => {
		const value = rows[row]![name] ?? null;
		const equal = `"${name}" = ${value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`}`;
		return beside === null ? equal : `${equal} ${word} (${beside})`;
	});

test('every row that passes has the values of one of the routes', () => {
	let routed = 0;
	const typeOf = new Map(columns.map((column) => [column.name, columnType(column)!]));
	fc.assert(
		fc.property(fc.oneof({ arbitrary: equality, weight: 3 }, arbitraryFilter), (text) => {
			const filter = readFilter(text);
			const found = filter && routes(filter, {});
			if (!found) return;
			routed++;
			const passing = evaluate(text);
			if (passing === 'fails') return;
			for (const id of passing) {
				const row = rows[Number(id)]!;
				const covers = (route: ReadonlyMap<string, string>) =>
					[...route].every(
						([name, key]) => row[name] !== null && routeKey(typeOf.get(name)!)!(row[name]!) === key
					);
				expect(found.some(covers), `${text} and ${JSON.stringify(row)}`).toBe(true);
			}
		}),
		{ numRuns: runs * 2 }
	);
	expect(routed).toBeGreaterThan(runs / 3);
}, 120_000);

/** Undefined where Postgres prints a value that no filter may hold, as a year before Christ. */
function readFilter(text: string) {
	try {
		return parseFilter(text, columns);
	} catch (error) {
		if (error instanceof AppError) return undefined;
		throw error;
	}
}
