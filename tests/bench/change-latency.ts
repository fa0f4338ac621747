import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { implicitView, type CatalogTable, type ViewSpec } from '#engine/view';
import { openWalStream, type WalStream } from '#platform/wal';
import type { Place, Tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from '#core/views';
import { testLog } from '#support/log';
import { ownCluster, type OwnCluster } from '#support/own-cluster';
import { makePlace, testTenancy } from '#support/places';
import { planned } from '#support/planned';
import type { Row } from './row.ts';

const samples = 300;
const rowCount = 1_000_000;
const column = (name: string, type: string) => ({ name, type, array: false, nullable: false });

const notes: CatalogTable = {
	name: 'notes',
	key: ['id'],
	columns: [column('id', 'integer'), column('body', 'text')]
};
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

/**
 * From sending a change to holding what it does to a view, against a bare pgoutput reader holding the
 * same kind of change of a table of its own. Change by change in turns, on one durable cluster.
 */
export async function run(): Promise<Row[]> {
	const cluster = await ownCluster({ shared_buffers: '256MB' });
	try {
		return await measure(cluster);
	} finally {
		await cluster.drop();
	}
}

async function measure({ cluster, db }: OwnCluster): Promise<Row[]> {
	const tenancy = await testTenancy(db);
	const client = await db.connect(cluster.url);
	const place = await makeTables(db, tenancy);
	const views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	const plain = await implicitView(notes);
	const group = await planned(client, place.schema, {
		name: 'counts',
		file: 'views/counts.sql',
		sql: groupSql,
		tables
	});
	await views.ensure(
		place,
		[notes, ...tables].map(({ name, key }) => ({ name, key })),
		[plain, group]
	);
	const bare = await openBareReader(client, cluster.url);
	try {
		await client.query('VACUUM ANALYZE');
		// so that none is under way while it is measured
		await client.query('CHECKPOINT');
		const at = (table: string) => `UPDATE ${place.schema}.${table}`;
		return [
			await compare('plain', 2, {
				bare: () => bare.change(client),
				loam: (n) =>
					change(views, plain, place, () =>
						client.query(`${at('notes')} SET body = 'v${n}' WHERE id = ${1 + (n % 100)}`)
					)
			}),
			await compare('join-group', 3, {
				bare: () => bare.change(client),
				loam: (n) =>
					change(views, group, place, () =>
						client.query(`${at('tickets')} SET points = points + 1 WHERE id = ${1 + ((n * 7919) % rowCount)}`)
					)
			})
		];
	} finally {
		await bare.close();
		await views.stop();
		await client.end();
		await tenancy.end();
	}
}

function makeTables(db: OwnCluster['db'], tenancy: Tenancy): Promise<Place> {
	return makePlace(
		db,
		tenancy,
		'bench',
		'CREATE TABLE notes (id integer PRIMARY KEY, body text NOT NULL)',
		'CREATE TABLE projects (id integer PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE tickets (id integer PRIMARY KEY, project_id integer NOT NULL, points integer NOT NULL)',
		`INSERT INTO notes SELECT n, 'x' FROM generate_series(1, 100) n`,
		`INSERT INTO projects SELECT n, 'Project ' || n FROM generate_series(1, 1000) n`,
		`INSERT INTO tickets SELECT n, 1 + n % 1000, n % 13 FROM generate_series(1, ${rowCount}) n`,
		'CREATE INDEX ON tickets (project_id)'
	);
}

/** ms from sending the change until its row of the view is here. */
async function change(
	views: RunningViews,
	spec: ViewSpec,
	place: Place,
	write: () => Promise<unknown>
): Promise<number> {
	const { id } = views.find(place, spec.hash)!;
	const from = views.position();
	const start = performance.now();
	const seen = new Promise<number>((resolve) => {
		const stop = views.onAdvance(() => {
			void views.journal(from, 100, id).then((rows) => {
				if (rows.length === 0) return;
				stop();
				resolve(performance.now() - start);
			});
		});
	});
	await write();
	return seen;
}

/** The floor: a slot and a publication of its own, and nothing done with what it reads. */
async function openBareReader(client: pg.Client, url: string) {
	await client.query(`CREATE TABLE public.bare (id integer PRIMARY KEY, body text NOT NULL); INSERT INTO public.bare SELECT n, 'x' FROM generate_series(1, 100) n;
		CREATE PUBLICATION bare FOR TABLE public.bare`);
	await client.query(`SELECT pg_create_logical_replication_slot('bare', 'pgoutput')`);
	let arrived = (): void => {};
	// the first messages come before `openWalStream` returns
	const reader: { stream?: WalStream } = {};
	reader.stream = await openWalStream({
		url,
		slot: 'bare',
		publication: 'bare',
		onMessage(message) {
			if (message.kind === 'commit') {
				arrived();
				reader.stream?.acknowledge(message.endLsn);
			}
		},
		onIdle: (end) => reader.stream?.acknowledge(end),
		onEnd: (error) => error && console.error('the bare reader ended', error)
	});
	let n = 0;
	return {
		close: () => reader.stream!.close(),
		async change(writer: pg.Client): Promise<number> {
			const start = performance.now();
			const seen = new Promise<number>((resolve) => (arrived = () => resolve(performance.now() - start)));
			await writer.query(`UPDATE public.bare SET body = 'v${++n}' WHERE id = ${1 + (n % 100)}`);
			return seen;
		}
	};
}

async function compare(
	name: string,
	goal: number,
	sides: { readonly bare: () => Promise<number>; readonly loam: (n: number) => Promise<number> }
): Promise<Row> {
	const bare: number[] = [];
	const loam: number[] = [];
	for (let n = 0; n < samples + 30; n++) {
		const floor = await sides.bare();
		await sleep(2 + Math.random() * 6);
		const own = await sides.loam(n);
		await sleep(2 + Math.random() * 6);
		// the first ones warm up
		if (n >= 30) {
			bare.push(floor);
			loam.push(own);
		}
	}
	const [value, reference] = [median(loam), median(bare)];
	return {
		name: `change-latency ${name}`,
		value,
		unit: 'ms',
		against: 'a bare pgoutput reader',
		reference,
		ratio: value / reference,
		goal: `<= ${goal}`,
		holds: value / reference <= goal
	};
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
