import { setTimeout as sleep } from 'node:timers/promises';
import type { CatalogTable, ViewSpec } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from '#core/views';
import { testLog } from '#support/log';
import { ownCluster, type OwnCluster } from '#support/own-cluster';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import { row, type Row } from './row.ts';

const rowsATransaction = 100;
const writeMs = 10_000;
const column = (name: string, type: string) => ({ name, type, array: false, nullable: false });

const tables: readonly CatalogTable[] = [
	{ name: 'projects', key: ['id'], columns: [column('id', 'integer'), column('name', 'text')] },
	{
		name: 'tickets',
		key: ['id'],
		columns: [column('id', 'integer'), column('project_id', 'integer'), column('points', 'integer')]
	}
];
const groupSql = `SELECT p.id, p.name, count(*) AS tickets, sum(t.points) AS points
	FROM tickets t JOIN projects p ON p.id = t.project_id GROUP BY p.id, p.name`;

interface Sustained {
	/** Rows a second that were written and are in the view, from the first write until it holds the last. */
	readonly rate: number;
	/** MB of this process above what it had before the view was made. */
	readonly memory: number;
}

/**
 * Changed rows a second that a join-and-group view keeps up with, while one writer changes as many as it can:
 * over a million rows and over `LOAM_BENCH_ROWS` (10 million take a quarter of an hour to make). Reported
 * beside the smaller one: what it costs, and takes in memory, must not grow with the table.
 */
export async function run(): Promise<Row[]> {
	const small = await measure(100_000);
	const sizes = [1_000_000, Number(process.env['LOAM_BENCH_ROWS'] ?? 0)].filter((size) => size > 0);
	const rows: Row[] = [];
	for (const size of sizes) {
		const large = await measure(size);
		const name = `${size / 1_000_000} M rows`;
		rows.push(
			row({
				name: `view-throughput ${name}`,
				value: large.rate,
				unit: 'rows a second',
				against: 'the same over 100,000 rows',
				reference: small.rate,
				goal: '>= 0.5'
			}),
			row({
				name: `view-throughput memory ${name}`,
				value: large.memory,
				unit: 'MB',
				against: 'the same over 100,000 rows',
				reference: small.memory,
				goal: 'value <= 64'
			})
		);
	}
	return rows;
}

async function measure(size: number): Promise<Sustained> {
	const own = await ownCluster({ shared_buffers: '256MB' });
	const tenancy = await testTenancy(own.db);
	const place = await makeTables(own, tenancy, size);
	const before = usedMemory();
	const views = await createViews({ postgres: own.db, log: testLog, asOwner: tenancy.asOwner });
	try {
		const client = await own.db.connect(own.cluster.url);
		const file = 'views/counts.sql';
		const view = await planned(client, place.schema, { name: 'counts', file, sql: groupSql, tables });
		await views.ensure(
			place,
			tables.map(({ name, key }) => ({ name, key })),
			[view]
		);
		await ready(views, place, view);
		await client.query('CHECKPOINT');
		const start = performance.now();
		let written = 0;
		let xid = '0';
		while (performance.now() - start < writeMs) {
			const { rows } = await client.query<{ xid: string }>(
				`WITH changed AS (UPDATE ${place.schema}.tickets SET points = points + 1
				WHERE id = ANY (ARRAY(SELECT 1 + floor(random() * ${size})::integer FROM generate_series(1, ${rowsATransaction}))) RETURNING 1)
				SELECT pg_current_xact_id()::text AS xid, count(*) FROM changed`
			);
			xid = rows[0]!.xid;
			written += rowsATransaction;
		}
		await views.whenApplied(BigInt(xid), 120_000);
		const rate = written / ((performance.now() - start) / 1000);
		const memory = usedMemory() - before;
		await client.end();
		return { rate, memory };
	} finally {
		await views.stop();
		await tenancy.end();
		await own.drop();
	}
}

function makeTables({ db }: OwnCluster, tenancy: Tenancy, size: number): Promise<Place> {
	return makePlace(
		db,
		tenancy,
		'throughput',
		'CREATE TABLE projects (id integer PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE tickets (id integer PRIMARY KEY, project_id integer NOT NULL, points integer NOT NULL)',
		`INSERT INTO projects SELECT n, 'Project ' || n FROM generate_series(1, 1000) n`,
		`INSERT INTO tickets SELECT n, 1 + n % 1000, n % 13 FROM generate_series(1, ${size}) n`,
		'CREATE INDEX ON tickets (project_id)',
		'ANALYZE projects, tickets'
	);
}

/** A large view is filled while others are served. */
async function ready(views: RunningViews, place: Place, { hash }: ViewSpec): Promise<void> {
	while (!views.find(place, hash)) await sleep(50);
}

function usedMemory(): number {
	globalThis.gc?.();
	return process.memoryUsage().heapUsed / 2 ** 20;
}
