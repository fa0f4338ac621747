import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#kernel';
import { destroy, type Client, type Postgres } from '#platform/postgres';
import { catchUpStatement, fillStatement, keysStatement } from './apply-statement.ts';
import type { BuildTurn } from './builds.ts';
import type { ViewEntry } from './catalog.ts';
import { connectMaintainer, useOrigin } from './connection.ts';
import { errors } from './errors.ts';
import { lockTables } from './fence.ts';
import { isDisconnect, isTransient } from './pg-errors.ts';
import { estimateRows, readRange, sourceOf, type Place } from './ranges.ts';
import { tableId } from '#core/cdc';

export interface BuildOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly turn: BuildTurn;
	readonly entry: ViewEntry;
	/** The view is read as it was meanwhile, and its readers fetch it again afterwards. */
	readonly renew: boolean;
}

/** A transaction of the build is to take about so long: its snapshot holds back vacuum, its rows the WAL. */
const aimMs = 250;
const fewestKeys = 200;
const mostKeys = 20_000;
/** Of the time that a range took, the build then leaves so much to others. */
const restShare = 0.25;
/** Batches whose gathered keys go into one transaction, and so few that the rest is done in the fence. */
const batchesAtOnce = 500;
const fewBatches = 20;
const pauseMs = 500;

interface Row {
	place: Place | null;
	rows_done: string;
}

/**
 * Fills a view in a session beside the maintainer's (rule 11), by ranges of a source's key where the view
 * allows it: each range is a transaction that also writes down how far the build is, so that after a
 * crash the next holder goes on from there. What changes meanwhile is gathered by the maintainer in its
 * batches; it is applied afterwards, the last of it in a fence, which makes the view ready. Recomputing a
 * key that the fill saw already changes nothing.
 */
export class Build {
	readonly #options: BuildOptions;
	#over = false;
	#client: Client | undefined;

	constructor(options: BuildOptions) {
		this.#options = options;
		void options.turn.over.then(() => {
			this.#over = true;
			if (this.#client) destroy(this.#client);
		});
	}

	/** Resolves when the view is ready. Throws VIEW_FAILED, and TURN_ENDED where the next turn goes on. */
	async run(): Promise<void> {
		const { entry, renew, turn, log, postgres } = this.#options;
		const started = Date.now();
		await this.#insist(() => this.#begin());
		for (let done = false; !done;) done = await this.#insist(() => this.#inSession());
		await turn.maintainer.change({ entry, kind: 'catch-up', renew });
		await postgres.app.query(doneStatement, [entry.id]);
		log.info('a large view was built', { view: entry.spec.name, id: entry.id, ms: Date.now() - started });
	}

	/** Does it again after errors of the moment. What the view's own SQL throws makes it fail. */
	async #insist<T>(work: () => Promise<T>): Promise<T> {
		for (;;) {
			if (this.#over) throw errors.TURN_ENDED('The turn ended while a view was being built.');
			try {
				return await work();
			} catch (error) {
				if (this.#over) continue;
				if (!isTransient(error) && !isDisconnect(error)) throw await this.#fail(error);
				const { log, entry } = this.#options;
				log.info('the build of a view is tried again', { view: entry.spec.name, id: entry.id, error });
				await sleep(pauseMs);
			}
		}
	}

	/** Makes the build's row, or takes over the one of the holder before. */
	async #begin(): Promise<void> {
		const { postgres, entry, turn } = this.#options;
		const ranges = entry.spec.program.ranges;
		const place: Place | null = ranges?.[0] === undefined ? null : { table: ranges[0], after: null };
		await postgres.app.query(
			`INSERT INTO loam.view_build AS b (view_id, epoch, place, rows_estimated) VALUES ($1, $2, $3, $4)
			 ON CONFLICT (view_id) DO UPDATE SET epoch = excluded.epoch, rows_estimated = excluded.rows_estimated`,
			[
				entry.id,
				turn.epoch.toString(),
				place && JSON.stringify(place),
				await estimateRows(postgres.app, entry, ranges ?? entry.spec.sources.map(({ table }) => table))
			]
		);
	}

	/** True when all that is left can be done in the fence. */
	async #inSession(): Promise<boolean> {
		const { postgres } = this.#options;
		const client = (this.#client = await connectMaintainer(postgres, 'loam view build'));
		try {
			if (this.#over) return false;
			await useOrigin(client, postgres, '_build');
			await this.#fill(client);
			await this.#catchUp(client);
			return true;
		} finally {
			this.#client = undefined;
			await client.end().catch(() => {});
		}
	}

	async #fill(client: Client): Promise<void> {
		const { entry } = this.#options;
		const { rows } = await client.query<Row & { phase: string }>(
			'SELECT phase, place, rows_done FROM loam.view_build WHERE view_id = $1',
			[entry.id]
		);
		const row = rows[0]!;
		if (row.phase !== 'filling') return;
		if (row.place === null) return this.#fillWhole(client);
		let { place } = row as { place: Place | undefined };
		let done = Number(row.rows_done);
		let limit = fewestKeys * 5;
		while (place) {
			const started = performance.now();
			const made: { next: Place | undefined; keys: number } = await this.#fillRange(
				client,
				place,
				limit,
				done
			);
			const took = performance.now() - started;
			done += made.keys;
			place = made.next;
			limit = Math.round(Math.min(Math.max((limit * aimMs) / took, fewestKeys), mostKeys, limit * 2));
			await sleep(took * restShare);
		}
	}

	/** One range and where the next begins, in one transaction. */
	async #fillRange(client: Client, place: Place, limit: number, done: number) {
		const { entry } = this.#options;
		return this.#transaction(client, async () => {
			const source = sourceOf(entry, place.table);
			const keys = await readRange(client, entry, source, place, limit);
			if (keys.length > 0) {
				const { text, values } = keysStatement(entry, place.table, keys);
				await client.query(text, [...values]);
			}
			const next = nextPlace(entry.spec.program.ranges!, place, keys, limit);
			await this.#record(client, next ? 'filling' : 'catching up', next, done + keys.length);
			return { next, keys: keys.length };
		});
	}

	async #fillWhole(client: Client): Promise<void> {
		const { entry } = this.#options;
		await this.#transaction(client, async () => {
			await client.query('SET LOCAL statement_timeout = 0');
			await client.query(fillStatement(entry).text);
			await this.#record(client, 'catching up', undefined, undefined);
		});
	}

	async #catchUp(client: Client): Promise<void> {
		const { entry } = this.#options;
		const { text, values } = catchUpStatement(entry, batchesAtOnce);
		for (;;) {
			const { rows } = await client.query<{ waiting: number }>(
				'SELECT count(*)::integer AS waiting FROM loam.view_gathered WHERE view_id = $1',
				[entry.id]
			);
			if (rows[0]!.waiting <= fewBatches) return;
			await this.#transaction(client, async () => {
				await client.query(text, [...values]);
				await this.#record(client, 'catching up', undefined, undefined);
			});
		}
	}

	/** The sources are locked against TRUNCATE and rewrites before the snapshot (rule 2). */
	async #transaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
		const { entry } = this.#options;
		const tables = entry.spec.sources.map(({ table }) => tableId(entry.schema, table));
		await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ; ${lockTables(tables)}`);
		try {
			const result = await work();
			await client.query('COMMIT');
			return result;
		} catch (error) {
			await client.query('ROLLBACK').catch(() => {});
			throw error;
		}
	}

	/** Fails where another holder builds by now. */
	async #record(client: Client, phase: string, place: Place | undefined, done: number | undefined) {
		const { entry, turn } = this.#options;
		const { rowCount } = await client.query(
			`UPDATE loam.view_build
			    SET phase = $3, place = $4, rows_done = coalesce($5, rows_estimated), updated_at = now()
			  WHERE view_id = $1 AND epoch = $2`,
			[entry.id, turn.epoch.toString(), phase, place ? JSON.stringify(place) : null, done ?? null]
		);
		if (rowCount === 0) throw errors.TURN_ENDED('Another node builds the view now.');
	}

	async #fail(cause: unknown): Promise<unknown> {
		const { postgres, entry } = this.#options;
		if ((cause as { reason?: string }).reason === 'TURN_ENDED') return cause;
		const error = (cause as Error).message;
		await postgres.app.query(`UPDATE loam.view SET state = 'failed', error = $2 WHERE id = $1`, [
			entry.id,
			error
		]);
		await postgres.app.query(doneStatement, [entry.id]);
		Object.assign(entry, { state: 'failed', error, gathering: false, stale: false });
		const { name } = entry.spec;
		return errors.VIEW_FAILED(`The view "${name}" can't be computed: ${error}`, { view: name }, cause);
	}
}

/** Takes the build's row away, and what was gathered. */
export const doneStatement =
	'WITH built AS (DELETE FROM loam.view_build WHERE view_id = $1) DELETE FROM loam.view_gathered WHERE view_id = $1';

/** Where the next range begins; undefined: everything is filled. */
function nextPlace(
	tables: readonly string[],
	{ table }: Place,
	keys: readonly (readonly string[])[],
	limit: number
): Place | undefined {
	if (keys.length === limit) return { table, after: keys.at(-1)! };
	const next = tables[tables.indexOf(table) + 1];
	return next === undefined ? undefined : { table: next, after: null };
}
