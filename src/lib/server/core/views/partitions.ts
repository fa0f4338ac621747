import type { Logger } from '#kernel';
import { transaction, type Postgres } from '#platform/postgres';

/** Batches in a partition. */
export const span = 100_000n;

/** A part of the journal: batches from `from` to before `from + span`. */
export interface Partition {
	readonly name: string;
	readonly from: bigint;
	readonly bytes: number;
}

/** Makes partitions ahead, so that `seq` and the next `span` batches have one (rule 20). */
export async function makePartitions(postgres: Postgres, seq: bigint): Promise<void> {
	for (let from = startOf(seq); from <= startOf(seq) + span; from += span)
		await makePartition(postgres, from);
}

/** Drops the partitions that have nothing after `floor`. */
export async function dropPartitions(postgres: Postgres, floor: bigint, log: Logger): Promise<void> {
	for (const { name, from, bytes } of await listPartitions(postgres)) {
		if (from + span - 1n > floor) return;
		await transaction(postgres.admin, async (client) => {
			await client.query(`SET LOCAL lock_timeout = '200ms'`);
			await client.query(`DROP TABLE loam.${name}`);
		});
		log.info('dropped the oldest part of the journal', { partition: name, bytes });
	}
}

/** First number of the partition that a batch is in; the first partition begins at 1. */
function startOf(seq: bigint): bigint {
	const index = seq <= 0n ? 0n : (seq - 1n) / span;
	return index * span + 1n;
}

async function makePartition(postgres: Postgres, from: bigint): Promise<void> {
	const name = `journal_${from}`;
	const { rows } = await postgres.admin.query<{ there: boolean }>(
		'SELECT to_regclass($1) IS NOT NULL AS there',
		[`loam.${name}`]
	);
	if (rows[0]!.there) return;
	// ATTACH lets readers and writers go on; CREATE … PARTITION OF would lock them out.
	await transaction(postgres.admin, async (client) => {
		await client.query(`SET LOCAL lock_timeout = '2s'`);
		await client.query(`CREATE TABLE loam.${name} (LIKE loam.journal INCLUDING ALL)`);
		await client.query(
			`ALTER TABLE loam.journal ATTACH PARTITION loam.${name} FOR VALUES FROM (${from}) TO (${from + span})`
		);
	});
}

/** From the oldest to the newest. */
export async function listPartitions(postgres: Postgres): Promise<Partition[]> {
	const { rows } = await postgres.admin.query<{ name: string; bytes: string }>(
		`SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes
		   FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		  WHERE i.inhparent = 'loam.journal'::regclass`
	);
	return rows
		.map(({ name, bytes }) => ({ name, from: BigInt(name.slice('journal_'.length)), bytes: Number(bytes) }))
		.sort((a, b) => (a.from < b.from ? -1 : 1));
}
