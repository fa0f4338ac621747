import pg, { type QueryResult } from 'pg';
import type { Client } from '#platform/postgres';
import { formatLsn, type Lsn } from '#platform/wal';
import { parseSnapshot, type PgSnapshot, type Xid } from '#core/cdc';
import {
	applyStatement,
	type JournalledWork,
	type Numbering,
	type Statement,
	type WrittenRow
} from './apply-statement.ts';
import { directRows, isDirect, type DirectRow } from './direct-rows.ts';
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
	/** Resolves when the commit is on disk: only then may the slot forget what went into it. */
	readonly flushed: Promise<unknown>;
}

/** Statements that a session keeps prepared; the one made first goes. */
const preparedLimit = 500;
const wrongGuess = 'the guess does not hold';

const guessStatement = `SELECT pg_current_snapshot()::text AS snapshot, (CASE WHEN pg_current_wal_insert_lsn() <= $1::pg_lsn
AND NOT EXISTS (SELECT FROM unnest($2::xid8[]) AS x WHERE NOT pg_visible_in_snapshot(x, pg_current_snapshot())) THEN '0/0' ELSE '${wrongGuess}' END)::pg_lsn`;

/** Puts everything written so far on disk. With the session's origin, so that the slot leaves it out. */
const flushStatement = {
	name: 'flush',
	text: `SELECT pg_logical_emit_message(false, 'loam flush', '', true)`
};

/** Rows that are known already, as JSON, and the position. */
const directStatement = `WITH advanced AS (
UPDATE loam.position SET snapshot = pg_current_snapshot(), seq = $1::bigint, held = (epoch = $2::bigint)
)
INSERT INTO loam.journal (seq, op, view_id, operation, key, old, new, txids)
SELECT $1::bigint, op, view_id, operation, key, old, new, txids
FROM jsonb_to_recordset($3::jsonb) AS r (op integer, view_id integer, operation "char", key text, old jsonb, new jsonb, txids bigint[])`;

/** Writes batches of one session the short way. */
export class FastPath {
	readonly #client: Client;
	readonly #prepared = new Set<string>();

	constructor(client: Client) {
		this.#client = client;
	}

	/**
	 * A whole batch in one message: fence, work and commit are sent at once, on the guess that the
	 * snapshot will see just what was received. Postgres checks it in that snapshot: every transaction is
	 * seen, and nothing was written after what the stream has delivered, so nothing seen is still to come.
	 * The commit is told before it is flushed, which takes as long as all the rest: what it holds was made
	 * of commits that are on disk, and will be made of them again. That a reader may then know a batch that
	 * a crash of Postgres undid is what `renewAfterCrash` is for.
	 *
	 * Undefined where it was wrong: nothing was committed then. Throws the error of the work, with the
	 * transaction still open.
	 */
	async write(
		tables: Iterable<string>,
		guess: Guess,
		work: readonly JournalledWork[],
		at: Omit<Numbering, 'snapshot'>
	): Promise<FastBatch | undefined> {
		const direct = work.every(isDirect) ? directRows(work) : undefined;
		const apply = direct ? writeDirect(direct, at) : applyStatement(work, { ...at, snapshot: undefined });
		await this.#prepare('fast_guess', guessStatement);
		await this.#prepare(`fast_${apply.name}`, apply.text);
		const text = [
			`BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL synchronous_commit = off; ${lockTables(tables)}`,
			execute('fast_guess', [formatLsn(guess.delivered), `{${guess.xids.join(',')}}`]),
			execute(`fast_${apply.name}`, apply.values),
			'COMMIT'
		].join('');
		try {
			const results = (await this.#client.query(text)) as unknown as QueryResult[];
			const [guessed, applied] = results.slice(-3) as [
				QueryResult<{ snapshot: string }>,
				QueryResult<WrittenRow>
			];
			const flushed = this.#client.query(flushStatement);
			const rows = direct ?? applied.rows.sort((a, b) => a.op - b.op);
			return { snapshot: parseSnapshot(guessed.rows[0]!.snapshot), rows, flushed };
		} catch (error) {
			if (sqlState(error) !== '22P02' || !(error as Error).message.includes(wrongGuess)) throw error;
			await this.#client.query('ROLLBACK');
			return undefined;
		}
	}

	async #prepare(name: string, text: string): Promise<void> {
		if (this.#prepared.has(name)) return;
		const oldest = this.#prepared.size < preparedLimit ? undefined : [...this.#prepared][1]!;
		if (oldest) await this.#client.query(`DEALLOCATE ${oldest}`);
		if (oldest) this.#prepared.delete(oldest);
		await this.#client.query(`PREPARE ${name} AS ${text}`);
		this.#prepared.add(name);
	}
}

function writeDirect(rows: readonly DirectRow[], { seq, epoch }: Omit<Numbering, 'snapshot'>): Statement {
	const at = rows.length > 0 ? seq : seq - 1n;
	return { name: 'direct', text: directStatement, values: [at, epoch, JSON.stringify(rows)] };
}

/** Arguments are untyped literals, of whatever type the statement gives them. */
function execute(name: string, values: readonly unknown[]): string {
	const list = values.map((value) => (value === null ? 'NULL' : pg.escapeLiteral(String(value))));
	return `EXECUTE ${name} (${list.join(', ')});`;
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
