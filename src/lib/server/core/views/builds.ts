import type { Logger } from '#kernel';
import type { Client, Postgres } from '#platform/postgres';
import type { Installation } from '#core/tenancy';
import type { ViewSpec } from '#engine/view';
import { Build, doneStatement } from './build.ts';
import { isReadable, type Catalog, type ViewEntry } from './catalog.ts';
import { deferred, type Deferred } from './deferred.ts';
import { errors } from './errors.ts';
import type { Maintainer } from './maintainer.ts';
import { isTurnOver } from './pg-errors.ts';
import { stagesOf } from './stage-order.ts';
import { refuseUntrusted } from './trusted-functions.ts';
import type { ViewChange } from './write-batch.ts';

export interface BuildsOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly catalog: Catalog;
}

/** A turn, as far as builds need it. */
export interface BuildTurn {
	readonly maintainer: Maintainer;
	readonly epoch: bigint;
	/** Resolves when the turn is over. */
	readonly over: Promise<unknown>;
}

/** Up to so many bytes of sources a view is filled in the maintainer's own fence. */
const apartFrom = 16 << 20;
/** What changed without a word (a view that failed for want of a table) is noticed so late. */
const lookAgainMs = 500;
const tryAgainMs = 2_000;

/**
 * Makes registered views complete, on the node that maintains: whoever registered them, and whatever node
 * began. Small ones in one fence, large ones one after the other in a session of their own (`Build`).
 */
export class Builds {
	readonly #options: BuildsOptions;
	#turn: BuildTurn | undefined;
	/** Views that this turn has begun with. */
	#inHand = new Set<ViewEntry>();
	/** To be filled again although they are there: changes were lost. By id. */
	#renew = new Set<number>();
	#large: Promise<void> = Promise.resolve();
	#changed: Deferred<void> = deferred();
	#stopped = false;

	constructor(options: BuildsOptions) {
		this.#options = options;
	}

	/**
	 * Before a turn receives anything: finds what is to be built, so that nothing is missed. With
	 * `rebuild` that is every view; written down, so that it is done also by the next holder.
	 */
	async prepare(client: Client, epoch: bigint, rebuild: boolean): Promise<void> {
		const { catalog } = this.#options;
		if (rebuild) {
			await client.query(
				`INSERT INTO loam.view_build (view_id, epoch, renew) SELECT id, $1, true FROM loam.view
				 ON CONFLICT (view_id) DO UPDATE SET renew = true, phase = 'filling', place = NULL, rows_done = 0`,
				[epoch.toString()]
			);
		}
		const { rows } = await client.query<{ id: number; renew: boolean }>(
			'UPDATE loam.view_build SET epoch = $1 RETURNING view_id AS id, renew',
			[epoch.toString()]
		);
		await client.query(
			`DELETE FROM loam.view_gathered WHERE $1 OR view_id NOT IN (SELECT view_id FROM loam.view_build)`,
			[rebuild]
		);
		this.#renew = new Set(rows.filter(({ renew }) => renew).map(({ id }) => id));
		this.#inHand.clear();
		for (const { id, renew } of rows) {
			const entry = catalog.get(id);
			if (!entry) continue;
			if (renew && entry.state === 'ready') entry.stale = true;
			entry.state = 'building';
			entry.gathering = entry.spec.kind === 'maintained';
		}
		this.settle();
	}

	/** From here on builds what is due, until the turn is over. */
	begin(turn: BuildTurn): void {
		this.#turn = turn;
		void turn.over.then(() => {
			if (this.#turn === turn) this.#turn = undefined;
		});
		this.look();
	}

	/** Views may have been registered, dropped, or become ready: builds what is due, and tells who waits. */
	look(): void {
		this.settle();
		const turn = this.#turn;
		if (!turn) return;
		const waiting = [...this.#options.catalog.entries].filter(
			(entry) => entry.state === 'building' && !this.#inHand.has(entry)
		);
		const due = waiting.filter((entry) => this.#hasStages(entry));
		if (due.length === 0) return;
		for (const entry of due) this.#inHand.add(entry);
		this.#build(turn, due).catch((error: unknown) => this.#report(due, error));
	}

	/** Whether the stages that a view reads are there: it is built of them. Where one failed, so does it. */
	#hasStages(entry: ViewEntry): boolean {
		const { catalog, postgres } = this.#options;
		const stages = stagesOf(catalog, entry);
		const failed = stages.find((stage) => stage?.state === 'failed');
		if (!failed) return stages.every((stage) => stage?.state === 'ready');
		const error = `its part "${failed.spec.name}" failed: ${failed.error}`;
		catalog.record({ ready: [], renewed: [], failed: [{ entry, error }] });
		postgres.app
			.query(`UPDATE loam.view SET state = 'failed', error = $2 WHERE id = $1`, [entry.id, error])
			.catch((cause: unknown) => this.#report([entry], cause));
		return false;
	}

	/** Resolves when all can be read. Throws VIEW_FAILED, and VIEWS_STOPPED. */
	async whenReady(installation: Installation['id'], specs: readonly ViewSpec[]): Promise<void> {
		for (;;) {
			if (this.#stopped) throw errors.VIEWS_STOPPED('Views are being stopped.');
			const changed = this.#changed.promise;
			const entries = specs.map((spec) => this.#options.catalog.find(installation, spec.hash));
			const failed = entries.find((entry) => entry?.state === 'failed');
			if (failed) throw failure(failed);
			const gone = specs.find((_, index) => !entries[index]);
			if (gone) throw errors.VIEW_FAILED(`The view "${gone.name}" was dropped.`, { view: gone.name });
			if (entries.every((entry) => entry && isReadable(entry))) return;
			await inTime(changed, lookAgainMs);
		}
	}

	stop(): void {
		this.#stopped = true;
		this.settle();
	}

	/** Something may have become ready, or failed: tells who waits. */
	settle(): void {
		this.#changed.resolve();
		this.#changed = deferred();
	}

	async #build(turn: BuildTurn, waiting: readonly ViewEntry[]): Promise<void> {
		const { postgres, catalog, log } = this.#options;
		const due = await refuseUntrusted(postgres.app, postgres, catalog, waiting, log);
		const large = await this.#largeOf(due);
		const small = due.filter((entry) => !large.includes(entry));
		for (const entry of due) entry.gathering = large.includes(entry);
		// What was received before may not be seen by the fence that makes them ready, and nothing of it
		// was kept for them: so it is applied first.
		await turn.maintainer.barrier();
		await Promise.all(small.map((entry) => this.#buildInFence(turn, entry)));
		// What stands on a large stage is large itself; what a large one stands on may be small.
		for (const entry of large) this.#enqueue(turn, entry);
	}

	/** Large ones are filled one after the other, so that they leave room for the others' work. */
	#enqueue(turn: BuildTurn, entry: ViewEntry): void {
		const { postgres, log } = this.#options;
		const build = new Build({ postgres, log, turn, entry, renew: this.#renew.has(entry.id) });
		this.#large = this.#large
			.then(() => build.run())
			.catch((error: unknown) => this.#report([entry], error))
			.then(() => this.#finish(turn, entry));
	}

	async #buildInFence(turn: BuildTurn, entry: ViewEntry): Promise<void> {
		const renew = this.#renew.has(entry.id);
		const change: ViewChange = { entry, kind: entry.spec.kind === 'through' ? 'ready' : 'fill', renew };
		try {
			await turn.maintainer.change(change);
			if (renew) await this.#options.postgres.app.query(doneStatement, [entry.id]);
		} catch (error) {
			this.#report([entry], error);
		}
		this.#finish(turn, entry);
	}

	/** What is still not there (its build met an error of the moment) is tried again soon. */
	#finish(turn: BuildTurn, entry: ViewEntry): void {
		this.settle();
		if (entry.state !== 'building') {
			this.#inHand.delete(entry);
			// What reads it waits for it.
			this.look();
		} else if (turn === this.#turn) {
			setTimeout(() => {
				if (turn === this.#turn && this.#inHand.delete(entry)) this.look();
			}, tryAgainMs).unref();
		}
	}

	/** The next turn goes on with what this one could not finish. */
	#report(entries: readonly ViewEntry[], error: unknown): void {
		this.settle();
		if (isTurnOver(error)) return;
		const views = entries.map(({ id, spec }) => ({ id, view: spec.name }));
		this.#options.log.warn('views were not built', { views, error });
	}

	/** Those whose filling would hold up the others for long. */
	async #largeOf(entries: readonly ViewEntry[]): Promise<ViewEntry[]> {
		const maintained = entries.filter(({ spec }) => spec.kind === 'maintained');
		const sizes = await Promise.all(maintained.map((entry) => sourceBytes(this.#options.postgres, entry)));
		return maintained.filter((_, index) => sizes[index]! > apartFrom);
	}
}

function failure({ spec, error }: ViewEntry) {
	return errors.VIEW_FAILED(`The view "${spec.name}" can't be computed: ${error}`, { view: spec.name });
}

async function sourceBytes(postgres: Postgres, { schema, spec }: ViewEntry): Promise<number> {
	const { rows } = await postgres.app.query<{ bytes: string }>(
		`SELECT coalesce(sum(pg_table_size(c.oid)), 0) AS bytes
		   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		  WHERE n.nspname = $1 AND c.relname = ANY ($2)`,
		[schema, spec.sources.map(({ table }) => table)]
	);
	return Number(rows[0]!.bytes);
}

function inTime(promise: Promise<void>, ms: number): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
