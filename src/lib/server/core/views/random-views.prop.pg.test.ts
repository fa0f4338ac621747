import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { implicitView, renderSql, type CatalogTable, type ViewColumn, type ViewSpec } from '#engine/view';
import type { Client } from '#platform/postgres';
import type { Place, Tenancy } from '#core/tenancy';
import { arbitraryBatch, arbitraryView, changeSql, modelTables, type Change } from '#support/arbitrary-view';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type LiveView, type RunningViews } from './index.ts';

const tables = modelTables.map(({ name, key }) => ({ name, key }));
/** Every value as Postgres printed it. */
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;
let views: RunningViews;
let superuser: Client;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makePlace(db, tenancy, 'random', ...modelTables.map(createTable));
	superuser = await db.connect(db.superuserUrl);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
});
afterAll(async () => {
	await views?.stop();
	await superuser?.end();
	await tenancy?.end();
	await db?.drop();
});

function createTable({ name, key, columns }: CatalogTable): string {
	const list = columns.map(
		(c) => `${c.name} ${c.type}${c.array ? '[]' : ''}${c.nullable ? '' : ' NOT NULL'}`
	);
	return `CREATE TABLE ${name} (${list.join(', ')}, PRIMARY KEY (${key.join(', ')}))`;
}

function specOf(sql: string): Promise<ViewSpec> {
	return planned(superuser, place.schema, {
		name: 'random',
		file: 'views/random.sql',
		sql,
		tables: modelTables
	});
}

/** A reader of one view, from a snapshot on. */
interface Reader {
	readonly view: LiveView;
	readonly replica: JournalReplica;
	seq: bigint;
}

async function openReader(spec: ViewSpec): Promise<Reader> {
	const view = views.find(place, spec.hash)!;
	const read = renderSql(spec.program.read, { data: place.schema, state: place.stateSchema });
	return views.snapshot(view, async (client, at) => {
		const { rows } = await client.query<Record<string, string | null>>({ text: read, types: asText });
		const replica = new JournalReplica(rows.map(({ _key, ...row }) => [_key!, row] as const));
		return { view, replica, seq: at.seq };
	});
}

async function follow(reader: Reader, seq: bigint): Promise<void> {
	const rows = await views.journal({ seq: reader.seq }, 1_000_000, reader.view.id);
	for (const row of rows) if (row.seq <= seq) reader.replica.apply(row);
	reader.seq = seq;
}

/** Rows that only the reader or only the SELECT has, by Postgres's own equality, in the snapshot of `client`. */
async function differences(client: Client, { view, replica }: Reader): Promise<unknown[]> {
	const names = view.spec.columns.map(({ name }) => `"${name}"`).join(', ');
	const typed = view.spec.columns.map(
		(column) => `(r ->> '${column.name}')::${typeOf(column)} AS "${column.name}"`
	);
	const held = `(SELECT ${typed.join(', ')} FROM jsonb_array_elements($1::jsonb) AS r)`;
	const truth = `(SELECT ${names} FROM (${view.spec.sql}) AS s)`;
	const { rows } = await client.query(
		`SELECT 'held' AS side, x::text FROM (${held} EXCEPT ALL ${truth}) AS x UNION ALL SELECT 'select', y::text FROM (${truth} EXCEPT ALL ${held}) AS y`,
		[JSON.stringify([...replica.rows.values()])]
	);
	return rows;
}

/** `character` alone would be one character. */
function typeOf({ type, dims }: ViewColumn): string {
	return (type === 'character' ? 'bpchar' : type) + '[]'.repeat(dims);
}

/** Writes transactions one after the other, as one of several sessions. */
async function write(batches: readonly (readonly Change[])[]): Promise<void> {
	const client = await db.connect(db.superuserUrl);
	for (const batch of batches) {
		const statements = batch.map((change) => changeSql(change, place.schema));
		await client
			.query(['BEGIN', ...statements, 'COMMIT'].join(';\n'))
			.catch(async (error: { code?: string }) => {
				await client.query('ROLLBACK');
				// two sessions took the same key, or each other's rows
				if (!['23505', '40P01'].includes(error.code ?? '')) throw error;
			});
		await new Promise((resolve) => setTimeout(resolve, Math.random() * 6));
	}
	await client.end();
}

let compared = 0;

/** As long as writers write: every view in one fence's snapshot, against what its reader holds at that position. */
async function watch(readers: readonly Reader[], through: LiveView, isOver: () => boolean): Promise<void> {
	do {
		await views.snapshot(through, async (client, at) => {
			await client.query(`SET LOCAL search_path = ${place.schema}`);
			for (const reader of readers) {
				await follow(reader, at.seq);
				expect(await differences(client, reader), `at ${at.seq}: ${reader.view.spec.sql}`).toEqual([]);
				compared++;
			}
		});
	} while (!isOver());
}

async function check(
	sql: readonly string[],
	first: readonly Change[],
	writers: readonly (readonly (readonly Change[])[])[]
) {
	await superuser.query(modelTables.map(({ name }) => `DELETE FROM ${place.schema}.${name}`).join(';'));
	await superuser.query(first.map((change) => changeSql(change, place.schema)).join(';\n'));
	const implicit = await implicitView(modelTables[1]!);
	const byHash = new Map([[implicit.hash, implicit]]);
	for (const text of sql) {
		const spec = await specOf(text);
		byHash.set(spec.hash, spec);
	}
	const unique = [...byHash.values()];
	// Views are built while the writers are already at it.
	let over = false;
	const writing = Promise.all(writers.map(write)).finally(() => (over = true));
	await views.ensure(place, tables, unique);
	const through = views.find(place, implicit.hash)!;
	const watchers = [0, 1].map(async () =>
		watch(await Promise.all(unique.map(openReader)), through, () => over)
	);
	await Promise.all([writing, ...watchers]);
	await watch(await Promise.all(unique.map(openReader)), through, () => true);
	await views.retain(place, new Set());
}

test(
	'random views equal their SELECT at every position that is looked at, among three writers',
	{ timeout: 120_000 },
	async () => {
		const batches = fc.array(arbitraryBatch, { minLength: 15, maxLength: 40 });
		await fc.assert(
			fc.asyncProperty(
				fc.array(arbitraryView, { minLength: 2, maxLength: 4 }),
				fc.array(arbitraryBatch, { maxLength: 4 }).map((all) => all.flat()),
				fc.tuple(batches, batches, batches),
				check
			),
			{
				seed: Number(process.env['SEED'] ?? 20261120),
				numRuns: Number(process.env['RUNS'] ?? 25),
				endOnFailure: true,
				interruptAfterTimeLimit: 60_000
			}
		);
		expect(compared).toBeGreaterThan(100);
	}
);
