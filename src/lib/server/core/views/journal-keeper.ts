import type { Logger } from '#kernel';
import type { Postgres } from '#platform/postgres';
import { floorBySize } from './journal-size.ts';
import { dropPartitions, listPartitions, makePartitions } from './partitions.ts';

/** How far back the journal goes: whatever is past either is given up. */
export interface Retention {
	readonly bytes: number;
	readonly ageMs: number;
}

/** Keeps room ahead in the journal and bounds what lies behind, on the node that maintains. */
export interface JournalKeeper {
	/** The journal has grown. */
	advance(seq: bigint): void;
	/** Looks now. */
	check(): Promise<void>;
	stop(): void;
}

export interface JournalKeeperOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly retention: Retention;
	/** The newest batch where this node maintains; undefined where another does. */
	newest(): bigint | undefined;
	/** Whether the last check did all that was due. */
	onCheck(error: unknown): void;
}

const checkEveryMs = 60_000;
const checkAtMostEveryMs = 1_000;
/** Room is made well before the end of what `makePartitions` makes: one to two spans. */
const checkEveryBatches = 25_000n;
/** So many batches are kept whatever their size and age, for readers that are only a little behind. */
const keptAtLeast = 200n;
const deletedAtOnce = 5_000;

export function keepJournal(options: JournalKeeperOptions): JournalKeeper {
	const { postgres, log, retention, newest, onCheck } = options;
	let checkedAt = newest() ?? 0n;
	let checking: Promise<void> | undefined;

	async function tidy(seq: bigint): Promise<void> {
		await makePartitions(postgres, seq);
		await mark(seq);
		const floor = await raiseFloor(seq);
		await dropPartitions(postgres, floor, log);
		await deleteUpTo(floor);
	}

	/** What is older than a time can be told only if it was written down. */
	async function mark(seq: bigint): Promise<void> {
		await postgres.app.query(
			`INSERT INTO loam.journal_mark (at, seq) SELECT now(), $1
			  WHERE NOT EXISTS (SELECT FROM loam.journal_mark WHERE seq = $1 OR at > now() - $2 * interval '1 millisecond')`,
			[seq.toString(), Math.min(retention.ageMs / 100, 3_600_000)]
		);
	}

	/** First the floor, then what lies below it: no reader takes a gap for the end. */
	async function raiseFloor(seq: bigint): Promise<bigint> {
		const { rows } = await postgres.app.query<{ floor: string; old: string | null }>(
			`SELECT f.seq AS floor, (SELECT max(seq) FROM loam.journal_mark WHERE at < now() - $1 * interval '1 millisecond') AS old
			   FROM loam.journal_floor f`,
			[retention.ageMs]
		);
		const floor = BigInt(rows[0]!.floor);
		const old = BigInt(rows[0]!.old ?? 0);
		const large = floorBySize(await listPartitions(postgres), seq, floor, retention.bytes);
		const wanted = old > large ? old : large;
		const bounded = wanted > seq - keptAtLeast ? seq - keptAtLeast : wanted;
		if (bounded <= floor) return floor;
		await postgres.app.query('UPDATE loam.journal_floor SET seq = $1 WHERE seq < $1', [bounded.toString()]);
		await postgres.app.query('DELETE FROM loam.journal_mark WHERE seq < $1', [bounded.toString()]);
		log.info('the journal was cut: readers that are further behind fetch again', {
			upTo: bounded,
			reason: wanted === old ? 'age' : 'size'
		});
		return bounded;
	}

	/** What is left of the partition that the floor is in. */
	async function deleteUpTo(floor: bigint): Promise<void> {
		for (let deleted = deletedAtOnce; deleted >= deletedAtOnce;) {
			const { rowCount } = await postgres.app.query(
				`DELETE FROM loam.journal WHERE (seq, op) IN (SELECT seq, op FROM loam.journal WHERE seq <= $1 ORDER BY seq, op LIMIT $2)`,
				[floor.toString(), deletedAtOnce]
			);
			deleted = rowCount ?? 0;
		}
	}

	function check(): Promise<void> {
		const seq = newest();
		if (seq === undefined) return Promise.resolve();
		checkedAt = seq;
		return (checking ??= tidy(seq)
			.then(() => onCheck(undefined), onCheck)
			.finally(() => (checking = undefined)));
	}

	const everyMs = Math.max(Math.min(checkEveryMs, retention.ageMs / 10), checkAtMostEveryMs);
	const timer = setInterval(() => void check(), everyMs).unref();
	return {
		advance: (seq) => {
			if (seq - checkedAt >= checkEveryBatches) void check();
		},
		check,
		stop: () => clearInterval(timer)
	};
}
