import type { Logger } from '#kernel';
import type { Postgres } from '#platform/postgres';
import type { ViewWork } from './batch.ts';
import { Recent } from './recent.ts';
import type { Lag } from './types.ts';
import type { Outcome } from './write-batch.ts';

interface ViewActivity {
	readonly recent: Recent;
	lastAt: number;
	lastMs: number;
	/** As it was written, all of it is zero. */
	idle: boolean;
}

export interface ActivityOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	/** Where this node maintains. */
	behind(): Lag | undefined;
}

const writeEveryMs = 2_000;

/**
 * Counts what this node's maintenance does for each view, and writes it down every few seconds, as long as
 * there is something to tell: other nodes read it there. A reader takes what was not written for some seconds
 * for nothing.
 */
export class Activity {
	readonly #postgres: Postgres;
	readonly #log: Logger;
	readonly #behind: ActivityOptions['behind'];
	readonly #views = new Map<number, ViewActivity>();
	readonly #timer: NodeJS.Timeout;
	#writing: Promise<void> | undefined;
	#lag: Lag = { bytes: -1, ms: 0 };

	constructor({ postgres, log, behind }: ActivityOptions) {
		this.#postgres = postgres;
		this.#log = log;
		this.#behind = behind;
		this.#timer = setInterval(() => void this.write(), writeEveryMs).unref();
	}

	/** A batch was committed, `ms` after its oldest change had come. */
	record(work: readonly ViewWork[], { rows }: Pick<Outcome, 'rows'>, ms: number): void {
		if (work.length === 0) return;
		const now = Date.now();
		const written = new Map<number, number>();
		for (const { view_id: view } of rows) written.set(view, (written.get(view) ?? 0) + 1);
		for (const item of work) {
			const { id } = item.entry;
			let known = this.#views.get(id);
			if (!known)
				this.#views.set(id, (known = { recent: new Recent(), lastAt: now, lastMs: ms, idle: false }));
			known.recent.add(now, changesOf(item), written.get(id) ?? 0);
			Object.assign(known, { lastAt: now, lastMs: ms, idle: false });
		}
	}

	/** Writes down what is news. */
	write(): Promise<void> {
		return (this.#writing ??= this.#write()
			.catch((error: unknown) => this.#log.debug('the activity of views was not written', { error }))
			.finally(() => (this.#writing = undefined)));
	}

	async stop(): Promise<void> {
		clearInterval(this.#timer);
		await this.#writing;
	}

	async #writeLag(): Promise<void> {
		const lag = this.#behind();
		if (!lag || (lag.bytes === this.#lag.bytes && lag.ms === this.#lag.ms)) return;
		await this.#postgres.app.query(lagSql, [lag.bytes, lag.ms]);
		this.#lag = lag;
	}

	async #write(): Promise<void> {
		await this.#writeLag();
		const now = Date.now();
		const busy = [...this.#views].filter(([, { idle }]) => !idle);
		if (busy.length === 0) return;
		const rows = busy.map(([view, known]) => {
			const counts = known.recent.total(now);
			known.idle = counts.batches === 0;
			const { lastAt, lastMs } = known;
			return { view_id: view, ...counts, last_ago: now - lastAt, last_ms: lastMs };
		});
		await this.#postgres.app.query(writeSql, [JSON.stringify(rows)]);
		for (const [view, { idle }] of busy) if (idle) this.#views.delete(view);
	}
}

const lagSql = `
INSERT INTO loam.view_lag (bytes, ms) VALUES ($1, $2) ON CONFLICT (singleton) DO UPDATE SET bytes = excluded.bytes, ms = excluded.ms`;

/** Keys or rows; of what could not be listed one. */
function changesOf(work: ViewWork): number {
	switch (work.kind) {
		case 'reset':
			return 1;
		case 'rows':
			return work.rows.length;
		case 'keys':
			if (work.changed === 'all') return 1;
			return [...work.changed.values()].reduce((sum, keys) => sum + keys.size, 0);
	}
}

/** Of views that are gone nothing is kept. */
const writeSql = `
WITH told AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (view_id integer, batches bigint, changes bigint, rows bigint, last_ago float8, last_ms float8)
), gone AS (
  DELETE FROM loam.view_activity AS a WHERE NOT EXISTS (SELECT FROM loam.view AS v WHERE v.id = a.view_id)
)
INSERT INTO loam.view_activity (view_id, written_at, batches, changes, rows, last_at, last_ms)
SELECT t.view_id, now(), t.batches, t.changes, t.rows, now() - t.last_ago * interval '1 millisecond', t.last_ms
  FROM told t JOIN loam.view v ON v.id = t.view_id
ON CONFLICT (view_id) DO UPDATE SET written_at = excluded.written_at, batches = excluded.batches,
  changes = excluded.changes, rows = excluded.rows, last_at = excluded.last_at, last_ms = excluded.last_ms`;
