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

interface Written {
	readonly snapshot: string;
	readonly rows: readonly WrittenRow[];
}

export interface FastBatch {
	readonly snapshot: PgSnapshot;
	readonly rows: readonly WrittenRow[];
	/** Resolves when the commit is on disk: only then may the slot forget what went into it. */
	flush(): Promise<unknown>;
}

/** Statements that a session keeps prepared; the one made first goes. */
const preparedLimit = 500;
const wrongGuess = 'the guess does not hold';

/** $1: delivered; $2: xids. */
const guessStatement = `
SELECT set_config('synchronous_commit', 'off', true), pg_current_snapshot()::text AS snapshot,
  (CASE WHEN pg_current_wal_insert_lsn() <= $1::pg_lsn
    AND NOT EXISTS (SELECT FROM unnest($2::xid8[]) AS x WHERE NOT pg_visible_in_snapshot(x, pg_current_snapshot()))
    THEN '0/0' ELSE '${wrongGuess}' END)::pg_lsn AS holds`;

/** Puts everything written so far on disk. With the session's origin, so that the slot leaves it out. */
const flushStatement = {
	name: 'flush',
	text: `SELECT pg_logical_emit_message(false, 'loam flush', '', true)`
};

/** Rows that are known already, and the position. As one statement it has one snapshot with the guess. */
const directStatement = {
	name: 'direct',
	text: `
WITH guessed AS MATERIALIZED (${guessStatement}
), advanced AS (
UPDATE loam.position SET snapshot = guessed.snapshot::pg_snapshot, seq = $3::bigint, held = (epoch = $4::bigint)
FROM guessed WHERE holds IS NOT NULL RETURNING guessed.snapshot
), written AS (
INSERT INTO loam.journal (seq, op, view_id, operation, key, old, new, txids)
SELECT $3::bigint, op, view_id, operation, key, old, new, txids
FROM advanced, jsonb_to_recordset($5::jsonb) AS r (op integer, view_id integer, operation "char", key text, old jsonb, new jsonb, txids bigint[])
)
SELECT snapshot FROM advanced`
};

/** Writes batches of one session the short way. */
export class FastPath {
	readonly #client: Client;
	readonly #prepared = new Set<string>();

	constructor(client: Client) {
		this.#client = client;
	}

	/**
	 * A whole batch in one message, which is one transaction: fence and work are sent at once, on the guess
	 * that the snapshot will see just what was received. Postgres checks it in that snapshot: every
	 * transaction is seen, and nothing was written after what the stream has delivered, so nothing seen is
	 * still to come.
	 * The commit is told before it is flushed, which takes as long as all the rest: what it holds was made
	 * of commits that are on disk, and will be made of them again. That a reader may then know a batch that
	 * a crash of Postgres undid is what `renewAfterCrash` is for.
	 *
	 * Undefined where the guess was wrong. Then nothing was committed, as when it throws the error of the work.
	 */
	async write(
		tables: Iterable<string>,
		guess: Guess,
		work: readonly JournalledWork[],
		at: Omit<Numbering, 'snapshot'>
	): Promise<FastBatch | undefined> {
		try {
			const { snapshot, rows } = work.every(isDirect)
				? await this.#writeDirect(guess, directRows(work), at)
				: await this.#apply(tables, guess, applyStatement(work, { ...at, snapshot: undefined }));
			return { snapshot: parseSnapshot(snapshot), rows, flush: () => this.#client.query(flushStatement) };
		} catch (error) {
			if (sqlState(error) !== '22P02' || !(error as Error).message.includes(wrongGuess)) throw error;
			return undefined;
		}
	}

	async #writeDirect(
		guess: Guess,
		rows: readonly DirectRow[],
		{ seq, epoch }: Omit<Numbering, 'snapshot'>
	): Promise<Written> {
		const last = rows.length > 0 ? seq : seq - 1n;
		const values = [...guessed(guess), last, epoch, JSON.stringify(rows)];
		const result = await this.#client.query<{ snapshot: string }>({ ...directStatement, values });
		return { snapshot: result.rows[0]!.snapshot, rows };
	}

	async #apply(tables: Iterable<string>, guess: Guess, apply: Statement): Promise<Written> {
		const name = `fast_${apply.name}`;
		if (!this.#prepared.has('fast_guess')) await this.#prepare('fast_guess', guessStatement);
		if (!this.#prepared.has(name)) await this.#prepare(name, apply.text);
		const text = [
			`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; ${lockTables(tables)}`,
			execute('fast_guess', guessed(guess)),
			execute(name, apply.values)
		].join('');
		const results = (await this.#client.query(text)) as unknown as QueryResult[];
		const [fence, applied] = results.slice(-2) as [
			QueryResult<{ snapshot: string }>,
			QueryResult<WrittenRow>
		];
		return { snapshot: fence.rows[0]!.snapshot, rows: applied.rows.sort((a, b) => a.op - b.op) };
	}

	async #prepare(name: string, text: string): Promise<void> {
		const oldest = this.#prepared.size < preparedLimit ? undefined : [...this.#prepared][1]!;
		if (oldest) await this.#client.query(`DEALLOCATE ${oldest}`);
		if (oldest) this.#prepared.delete(oldest);
		await this.#client.query(`PREPARE ${name} AS ${text}`);
		this.#prepared.add(name);
	}
}

/** The arguments of `guessStatement`. */
function guessed({ delivered, xids }: Guess): string[] {
	return [formatLsn(delivered), `{${xids.join(',')}}`];
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
