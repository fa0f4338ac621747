import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import {
	arbitraryBatch,
	arbitraryView,
	changedKeys,
	changeSql,
	modelTables,
	type Change
} from './arbitrary-view.ts';
import { castType } from './catalog.ts';
import { finishView, planView, renderProgram, renderSql, type ViewProgram, type ViewSpec } from './index.ts';

const schemas = { data: 'i1', state: 'i1_v' };
/** Every value as Postgres printed it. */
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
	await client.query(`CREATE SCHEMA i1; CREATE SCHEMA i1_v`);
	for (const table of modelTables) {
		const columns = table.columns.map(
			(column) => `${column.name} ${castType(column)}${column.nullable ? '' : ' NOT NULL'}`
		);
		await client.query(
			`CREATE TABLE i1.${table.name} (${columns.join(', ')}, PRIMARY KEY (${table.key.join(', ')}))`
		);
	}
	await client.query(`CREATE INDEX ON i1.tickets (project_id); SET search_path = i1`);
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

type Row = Readonly<Record<string, string | null>>;
interface Difference {
	readonly operation: string;
	readonly key: string;
	readonly old: string | null;
	readonly new: string | null;
}

class Kept {
	readonly sql: string;
	readonly spec: ViewSpec;
	readonly program: ViewProgram;
	/** What a subscriber holds who applied every difference. */
	readonly held = new Map<string, Row>();

	constructor(sql: string, spec: ViewSpec) {
		this.sql = sql;
		this.spec = spec;
		this.program = renderProgram(spec.program, schemas);
	}

	apply(differences: readonly Difference[]): void {
		for (const { operation, key, ...difference } of differences) {
			const before = difference.old === null ? null : (JSON.parse(difference.old) as Row);
			const after = difference.new === null ? null : (JSON.parse(difference.new) as Row);
			expect(this.held.get(key) ?? null, `old of ${operation} ${key} in ${this.sql}`).toEqual(before);
			expect(operation).toBe(before === null ? 'insert' : after === null ? 'delete' : 'update');
			if (after === null) this.held.delete(key);
			else this.held.set(key, after);
		}
	}
}

async function keep(sql: string): Promise<Kept> {
	const outcome = await planView({ name: 'random', file: 'views/random.sql', sql, tables: modelTables });
	if (!outcome.ok) throw new Error(`${sql}: ${JSON.stringify(outcome.diagnostics)}`);
	const { rows } = await client.query<{ types: string[] }>(renderSql(outcome.plan.describeSql, schemas));
	const kept = new Kept(sql, finishView(outcome.plan, rows[0]!.types));
	for (const statement of kept.program.create) await client.query(statement);
	return kept;
}

async function visible(kept: Kept): Promise<Map<string, Row>> {
	const { rows } = await client.query<Row>({ text: kept.program.read, types: asText });
	return new Map(rows.map(({ _key, ...row }) => [_key!, row]));
}

async function maintain(kept: Kept, changed: unknown): Promise<Difference[]> {
	const { rows } = await client.query<Difference>({
		text: `SELECT operation, key, old, new FROM i1_v.m_${kept.spec.hash}($1) ORDER BY op`,
		values: [JSON.stringify(changed)],
		types: asText
	});
	return rows;
}

async function through(kept: Kept, before: Map<string, Row>, after: Map<string, Row>): Promise<Difference[]> {
	const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
		const change = { old: before.get(key) ?? null, new: after.get(key) ?? null };
		return JSON.stringify(change.old) === JSON.stringify(change.new) ? [] : [change];
	});
	const { rows } = await client.query<Difference>({
		text: `SELECT operation, key, old, new FROM i1_v.t_${kept.spec.hash}($1) ORDER BY op`,
		values: [JSON.stringify(changes)],
		types: asText
	});
	return rows;
}

/** The rows of a view's only table, by key. */
async function source(kept: Kept): Promise<Map<string, Row>> {
	if (kept.spec.kind !== 'through') return new Map();
	const [table] = kept.spec.sources;
	const { rows } = await client.query<Row>({ text: `SELECT * FROM i1.${table!.table}`, types: asText });
	return new Map(rows.map((row) => [table!.key.map((name) => row[name]).join(), row]));
}

/** Rows that only one side has, by Postgres's own equality. */
async function unequal(kept: Kept): Promise<unknown[]> {
	const columns = kept.spec.columns.map((column) => column.name).join(', ');
	const read = `(SELECT ${columns} FROM (${kept.program.read}) AS r)`;
	const { rows } = await client.query(
		`SELECT 'kept' AS side, * FROM (${read} EXCEPT ALL (${kept.sql})) AS x UNION ALL SELECT 'select', * FROM ((${kept.sql}) EXCEPT ALL ${read}) AS y`
	);
	return rows;
}

function changedBy(batch: readonly Change[]): Record<string, string[][]> {
	const changed: Record<string, string[][]> = {};
	for (const change of batch) (changed[change.table] ??= []).push(...changedKeys(change));
	return changed;
}

/** A view and a batch that it was checked after. */
let batches = 0;

async function check(
	sql: readonly string[],
	first: readonly Change[],
	rest: readonly (readonly Change[])[]
): Promise<void> {
	await client.query(`TRUNCATE ${modelTables.map((table) => `i1.${table.name}`).join(', ')}`);
	await client.query(first.map((change) => changeSql(change, 'i1')).join(';\n'));
	const views = await Promise.all([...new Set(sql)].map(keep));
	try {
		for (const kept of views) {
			if (kept.spec.kind === 'maintained') expect(await maintain(kept, { '*': 'quiet' })).toEqual([]);
			for (const [key, row] of await visible(kept)) kept.held.set(key, row);
			expect(await unequal(kept), kept.sql).toEqual([]);
		}
		for (const batch of rest) await step(views, batch);
		for (const kept of views) {
			if (kept.spec.kind === 'maintained')
				expect(await maintain(kept, { '*': true }), `full difference of ${kept.sql}`).toEqual([]);
		}
	} finally {
		for (const kept of views) for (const statement of kept.program.drop) await client.query(statement);
	}
}

async function step(views: readonly Kept[], batch: readonly Change[]): Promise<void> {
	const before = await Promise.all(views.map(source));
	await client.query(batch.map((change) => changeSql(change, 'i1')).join(';\n'));
	for (const [index, kept] of views.entries()) {
		batches++;
		const differences =
			kept.spec.kind === 'through'
				? await through(kept, before[index]!, await source(kept))
				: await maintain(kept, changedBy(batch));
		kept.apply(differences);
		expect(await unequal(kept), `after the batch, ${kept.sql}`).toEqual([]);
		expect(await visible(kept), kept.sql).toEqual(kept.held);
	}
}

/** `RUNS` and `SEED` make a longer search. */
const runs = Number(process.env['RUNS'] ?? 200);

test(
	'random views stay equal to their SELECT, and their differences are exact',
	{ timeout: 600 * runs },
	async () => {
		const seed = Number(process.env['SEED'] ?? 20261120);
		await fc.assert(
			fc.asyncProperty(
				fc.array(arbitraryView, { minLength: 1, maxLength: 2 }),
				fc.array(arbitraryBatch, { minLength: 0, maxLength: 4 }).map((all) => all.flat()),
				fc.array(arbitraryBatch, { minLength: 5, maxLength: 20 }),
				async (sql, first, rest) => check(sql, first, rest)
			),
			{ seed, numRuns: runs, endOnFailure: process.env['SHRINK'] === '0' }
		);
		expect(batches).toBeGreaterThan(10 * runs);
	}
);
