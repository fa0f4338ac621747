import postgres from 'postgres';
import { silentLogger } from '#kernel';
import { createIsolates } from '#platform/isolates';
import { openDesk } from '#support/desk';
import { ownCluster, type OwnCluster } from '#support/own-cluster';
import { row, type Row } from './row.ts';

const rounds = 8;
const inserts = 1000;
const concurrency = 8;

/**
 * Creating a row by the standard method (request to answer, behind the tenant's wall) against the same
 * INSERT … RETURNING of the same row through postgres.js, prepared, on a connection for each of the eight that
 * work at once. In turns, on one cluster that keeps what it commits.
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
	const isolates = createIsolates({ log: silentLogger, slots: 1, spares: 0 });
	const desk = await openDesk(db, isolates);
	const url = new URL(cluster.url);
	url.pathname = `/${db.instance.database}`;
	const sql = postgres(url.toString(), { max: concurrency, onnotice: () => {} });
	const table = sql(`${desk.place.schema}.tickets`);
	const create = () =>
		desk.standard('create', { title: 'A ticket', status: 'OPEN', points: 3, tags: ['a'], size: '12' });
	const insert = () =>
		sql`INSERT INTO ${table} (title, status, points, tags, size) VALUES ('A ticket', ${'OPEN'}, ${3}, ${['a']}, ${'12'})
			RETURNING id, title, status, project_id, points, price, size, tags, extra, file, took, opened_at, assignee`;
	try {
		await perSecond(create);
		await perSecond(insert);
		const ours: number[] = [];
		const theirs: number[] = [];
		for (let i = 0; i < rounds; i++) {
			ours.push(await perSecond(create));
			theirs.push(await perSecond(insert));
		}
		const value = median(ours);
		const reference = median(theirs);
		return [
			row({
				name: 'command insert',
				value,
				unit: 'a second',
				against: 'postgres.js',
				reference,
				goal: '>= 0.5'
			})
		];
	} finally {
		await sql.end();
		await desk.end();
		await isolates.end();
	}
}

async function perSecond(work: () => PromiseLike<unknown>): Promise<number> {
	let left = inserts;
	const started = performance.now();
	await Promise.all(
		Array.from({ length: concurrency }, async () => {
			while (left-- > 0) await work();
		})
	);
	return (inserts / (performance.now() - started)) * 1000;
}

function median(values: readonly number[]): number {
	return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
