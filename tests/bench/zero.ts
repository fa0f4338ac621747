import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isChangeMessage, ShapeStream } from '@electric-sql/client';
import pg from 'pg';
import { freePort } from '#platform/postgres';
import { startNodes } from '#support/nodes';
import { ownCluster } from '#support/own-cluster';
import { importPeer } from './peers.ts';
import { quantile, row, type Row } from './row.ts';

const samples = 100;
const rowCount = 100;
const burst = 3000;

/** One of the two: a table of notes in its own Postgres, and a client that holds its rows. */
interface Side {
	readonly table: string;
	readonly writer: pg.Client;
	/** Resolves when the client holds a note of this text. */
	seen(text: string): Promise<void>;
	stop(): Promise<void>;
}

type Zero = {
	startZero(
		upstream: string,
		port: number,
		onRows: (rows: readonly { readonly text: string }[]) => void
	): Promise<{ stop(): Promise<void> }>;
};

/**
 * From sending a change to Postgres until a client holds it, and how many changes a second come through:
 * Loam with the official client of its protocol, zero-cache with its own. Whole servers, in turns.
 */
export async function run(): Promise<Row[]> {
	const ids = Array.from({ length: rowCount }, () => randomUUID());
	const loam = await openLoam(ids);
	const zero = await openZero(ids);
	try {
		const [ours, theirs]: [number[], number[]] = [[], []];
		for (let n = 0; n < samples + 20; n++) {
			for (const [side, times] of [
				[loam, ours],
				[zero, theirs]
			] as const) {
				const time = await change(side, ids[n % rowCount]!, `v${n}`);
				// the first ones warm up
				if (n >= 20) times.push(time);
				await sleep(5 + Math.random() * 10);
			}
		}
		const [latency, itsLatency] = [quantile(ours, 0.5), quantile(theirs, 0.5)];
		const rates = { ours: await rate(loam), theirs: await rate(zero) };
		return [
			row({
				name: 'change-latency zero',
				value: latency,
				unit: 'ms',
				against: 'zero-cache',
				reference: itsLatency,
				ratio: itsLatency / latency,
				goal: '>= 1'
			}),
			row({
				name: 'replicated writes zero',
				value: rates.ours,
				unit: 'a second',
				against: 'zero-cache',
				reference: rates.theirs,
				goal: '>= 1'
			})
		];
	} finally {
		await zero.stop();
		await loam.stop();
	}
}

async function change({ table, writer, seen }: Side, id: string, text: string): Promise<number> {
	const start = performance.now();
	const arrived = seen(text);
	await writer.query(`UPDATE ${table} SET text = '${text}' WHERE id = '${id}'`);
	await arrived;
	return performance.now() - start;
}

/** Changes a second, each a transaction of its own. */
async function rate({ table, writer, seen }: Side): Promise<number> {
	const start = performance.now();
	const arrived = seen('last');
	// the disk of the writer is not what is measured
	await writer.query(`SET synchronous_commit = off;
		CREATE PROCEDURE public.write_notes() LANGUAGE plpgsql AS $$ DECLARE ids uuid[] := (SELECT array_agg(id ORDER BY id) FROM ${table}); BEGIN
		FOR n IN 1..${burst} LOOP UPDATE ${table} SET text = 'n' || n WHERE id = ids[1 + n % ${rowCount}]; COMMIT; END LOOP;
		UPDATE ${table} SET text = 'last' WHERE id = ids[1]; COMMIT; END $$`);
	await writer.query('CALL public.write_notes()');
	await arrived;
	return burst / ((performance.now() - start) / 1000);
}

/** Who waits for a text, and is told when it comes. */
function waiting() {
	let waits: { readonly text: string; readonly resolve: () => void } | undefined;
	return {
		seen: (text: string) => new Promise<void>((resolve) => (waits = { text, resolve })),
		has: (texts: Iterable<unknown>) => {
			for (const text of texts) if (text === waits?.text) waits?.resolve();
		}
	};
}

async function openLoam(ids: readonly string[]): Promise<Side> {
	const nodes = await startNodes(1);
	const loam = nodes.nodes[0]!;
	const token = await loam.signIn(loam.admin.email, loam.admin.password);
	const { draft } = await loam.call<{ draft: string }>(
		'loam.v1.ModuleService/CreateDraft',
		{ project: 'home/main', module: 'notes', template: 'starter' },
		{ token }
	);
	await loam.call('loam.v1.ModuleService/Publish', { draft }, { token });
	const [found] = await nodes.query<{ schema: string }>(
		`SELECT relnamespace::regnamespace::text AS schema FROM pg_class WHERE relname = 'notes' AND relkind = 'r'`
	);
	const writer = await connect(nodes.url);
	const table = `${found!.schema}.notes`;
	await writer.query(`INSERT INTO ${table} (id, text) SELECT id, 'x' FROM unnest($1::uuid[]) AS id`, [ids]);
	const { seen, has } = waiting();
	const abort = new AbortController();
	const stream = new ShapeStream({
		url: `${loam.url}/v1/shape`,
		params: { table: 'notes.open_notes', project: 'home/main' },
		headers: { authorization: `Bearer ${token}` },
		liveSse: true,
		signal: abort.signal
	});
	const ready = seen('x');
	stream.subscribe((messages) =>
		has(messages.flatMap((one) => (isChangeMessage(one) ? [one.value['text']] : [])))
	);
	await ready;
	return {
		table,
		writer,
		seen,
		async stop() {
			abort.abort();
			await writer.end();
			await nodes.stop();
		}
	};
}

async function openZero(ids: readonly string[]): Promise<Side> {
	const { startZero } = await importPeer<Zero>('zero');
	const cluster = await ownCluster();
	const writer = await connect(cluster.cluster.url);
	await writer.query('CREATE TABLE public.notes (id uuid PRIMARY KEY, text text NOT NULL)');
	await writer.query(`INSERT INTO public.notes SELECT id, 'x' FROM unnest($1::uuid[]) AS id`, [ids]);
	const { seen, has } = waiting();
	const zero = await startZero(cluster.cluster.url, await freePort(), (rows) =>
		has(rows.map(({ text }) => text))
	);
	return {
		table: 'public.notes',
		writer,
		seen,
		async stop() {
			await zero.stop();
			await writer.end();
			await cluster.drop();
		}
	};
}

async function connect(url: string): Promise<pg.Client> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	return client;
}
