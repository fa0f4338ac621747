import type { Client } from '#platform/postgres';
import { formatLsn, type Lsn } from '#platform/wal';
import { parseSnapshot, type PgSnapshot, type Xid } from '#core/cdc';
import { applyStatement, type JournalledWork, type Numbering, type WrittenRow } from './apply-statement.ts';
import { lockTables } from './fence.ts';
import { sqlState } from './pg-errors.ts';

/** What has to be true in the fence's snapshot for the batch to be the one that was guessed. */
export interface Guess {
	/** The stream said that it has sent everything up to here. */
	readonly delivered: Lsn;
	/** Everything that was received and is not in the views. */
	readonly xids: readonly Xid[];
}

export interface FastBatch {
	readonly snapshot: PgSnapshot;
	readonly rows: readonly WrittenRow[];
}

/**
 * A whole batch in one round trip: fence, work and commit are sent at once, on the guess that the
 * snapshot will see just what was received. Postgres checks it in that snapshot: every transaction is
 * seen, and nothing was written after what the stream has delivered, so nothing seen is still to come.
 * Undefined where it was wrong: nothing was committed then. Throws the error of the work.
 */
export async function tryFastBatch(
	client: Client,
	tables: Iterable<string>,
	guess: Guess,
	work: readonly JournalledWork[],
	at: Omit<Numbering, 'snapshot'>
): Promise<FastBatch | undefined> {
	const apply = applyStatement(work, { ...at, snapshot: undefined });
	const [begun, checked, applied, committed] = await Promise.allSettled([
		client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; ${lockTables(tables)}`),
		client.query<{ snapshot: string }>({
			name: 'guess',
			text: `SELECT pg_current_snapshot()::text AS snapshot, 1 / (pg_current_wal_insert_lsn() <= $1::pg_lsn
AND NOT EXISTS (SELECT FROM unnest($2::xid8[]) AS x WHERE NOT pg_visible_in_snapshot(x, pg_current_snapshot())))::integer AS holds`,
			values: [formatLsn(guess.delivered), `{${guess.xids.join(',')}}`]
		}),
		client.query<WrittenRow>({ name: apply.name, text: apply.text, values: [...apply.values] }),
		client.query('COMMIT')
	]);
	if (begun.status === 'rejected') throw begun.reason;
	if (checked.status === 'rejected') {
		// division by zero: the guess was wrong
		if (sqlState(checked.reason) === '22012') return undefined;
		throw checked.reason;
	}
	if (applied.status === 'rejected') throw applied.reason;
	if (committed.status === 'rejected') throw committed.reason;
	const rows = applied.value.rows.sort((a, b) => a.op - b.op);
	return { snapshot: parseSnapshot(checked.value.rows[0]!.snapshot), rows };
}

/** How often guesses are worth it: after a wrong one some batches go the safe way, more each time. */
export class GuessLimit {
	#wrong = 0;
	#skip = 0;

	/** Whether to guess this time. */
	allows(): boolean {
		if (this.#skip === 0) return true;
		this.#skip--;
		return false;
	}

	right(): void {
		this.#wrong = 0;
	}

	wrong(): void {
		this.#wrong = Math.min(this.#wrong + 1, 6);
		// a single miss is nothing
		this.#skip = 2 ** (this.#wrong - 1) - 1;
	}
}
