import type { Logger } from '#kernel';
import type { Postgres } from '#platform/postgres';
import { dropPartitions, makePartitions, oldestSeq } from './partitions.ts';

/** Keeps room ahead in the journal and bounds what lies behind. */
export interface JournalKeeper {
	/** The first batch that is still there. */
	readonly oldest: bigint;
	/** The journal has grown. */
	advance(seq: bigint): void;
	stop(): void;
}

const checkEveryMs = 60_000;
/** Room is made well before the end of what `makePartitions` makes: one to two spans. */
const checkEveryBatches = 25_000n;

export async function keepJournal(
	postgres: Postgres,
	log: Logger,
	limitBytes: number,
	newest: () => bigint
): Promise<JournalKeeper> {
	let oldest = await oldestSeq(postgres);
	let checked = newest();
	let checking = false;

	async function check(): Promise<void> {
		if (checking) return;
		checking = true;
		checked = newest();
		try {
			await makePartitions(postgres, checked);
			await dropPartitions(postgres, checked, limitBytes, log);
			oldest = await oldestSeq(postgres);
		} catch (error) {
			log.warn('the journal was not tidied; it will be tried again', { error });
		} finally {
			checking = false;
		}
	}

	const timer = setInterval(() => void check(), checkEveryMs).unref();
	return {
		get oldest() {
			return oldest;
		},
		advance: (seq) => {
			if (seq - checked >= checkEveryBatches) void check();
		},
		stop: () => clearInterval(timer)
	};
}
