import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#kernel';
import type { Client, Postgres } from '#platform/postgres';
import type { Lsn } from '#platform/wal';
import { openFeed, sees, type Feed, type PgSnapshot, type SourceTransaction } from '#core/cdc';
import { addSources, planBatch, sourcesOf, type ViewWork } from './batch.ts';
import type { Catalog } from './catalog.ts';
import type { Deferred } from './deferred.ts';
import { errors } from './errors.ts';
import { Drain } from './drain.ts';
import { emitMarker, newNonce, openFence, type Fence } from './fence.ts';
import { FastPath, GuessLimit } from './fast-batch.ts';
import { Inbox } from './inbox.ts';
import type { Lease } from './lease.ts';
import { LockSet } from './lock-set.ts';
import { failViewsOfMissingTables } from './missing-tables.ts';
import { isDisconnect, isLeaseLost, isMissingTable, isTransient } from './pg-errors.ts';
import type { Lag } from './types.ts';
import { Waiting, type Progress, type SnapshotRequest } from './waiting.ts';
import { isJournalled, isShort, nothing, writeBatch, type Outcome, type ViewChange } from './write-batch.ts';

export interface MaintainerOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly catalog: Catalog;
	/** Of connectMaintainer, with the lease and the origin. */
	readonly client: Client;
	/** The name of the origin that the client's session has. */
	readonly origin: string;
	readonly lease: Lease;
	readonly start: Progress;
	/**
	 * After each commit, in order; `work` is what the rows were made of, of which the oldest was received `ms` ago.
	 */
	onAdvance(progress: Progress, outcome: Outcome, work: readonly ViewWork[], ms: number): void;
	/** Called once: nothing more comes from this maintainer. */
	onEnd(error: Error): void;
}

/** How far behind the reader may be for a fence to be opened, and how long one waits for its marker (rule 3). */
const lagLimit = 16n << 20n;
const drainLimitMs = 10_000;
/**
 * Each function that a session has called takes memory in it, with its plans up to 1 MB (rule 14): past so
 * many views the connection is replaced, but not all the time.
 */
const recycleViews = 150;
const recycleAfterMs = 5 * 60_000;
/** A commit is in the WAL some microseconds before snapshots see it: the first retries come at once. */
const retriesAtOnce = 3;
const retryLastMs = 50;

/**
 * One turn of maintenance, from holding the lease to losing a connection. Reads transactions from the
 * feed; each cycle opens a fence, drains the feed up to its marker, brings the views up to what the
 * fence's snapshot sees, and commits difference, numbers and position as one. What the snapshot does
 * not see yet is carried over. Everything in memory here can be lost: position row and slot have it.
 */
export class Maintainer {
	readonly #options: MaintainerOptions;
	readonly #inbox = new Inbox();
	readonly #locks = new LockSet();
	readonly #drain = new Drain();
	readonly #guesses = new GuessLimit();
	readonly #fast: FastPath;
	readonly #waiting = new Waiting();
	#feed: Feed | undefined;
	#progress: Progress;
	#running: Promise<void> | undefined;
	#retry: NodeJS.Timeout | undefined;
	#retries = 0;
	/** Batches that are committed and not known to be on disk. */
	#unflushed = 0;
	/** Of the last of them. */
	#flushing: Promise<void> | undefined;
	readonly #called = new Set<number>();
	readonly #startedAt = Date.now();
	/** The last batch failed: the next finds out which view is at fault. */
	#careful = false;
	#ended: Error | undefined;
	#stopped: Promise<void> | undefined;

	constructor(options: MaintainerOptions) {
		this.#options = options;
		this.#progress = options.start;
		this.#fast = new FastPath(options.client);
	}

	get progress(): Progress {
		return this.#progress;
	}

	/** What was written and is not in the views yet. */
	behind(): Lag {
		const { bytes, ms } = this.#inbox.behind();
		return { bytes: bytes + Number(this.#feed?.lag() ?? 0), ms };
	}

	/** Begins to read. Throws WAL_START_FAILED. */
	async start(): Promise<void> {
		const { client, postgres, log, catalog } = this.#options;
		client.on('end', () => this.end(errors.TURN_ENDED('The connection of the maintainer was cut off.')));
		this.#feed = await openFeed(postgres, log, {
			interest: (schema, table) => catalog.route(`${schema}.${table}`)?.interest,
			xidReference: () => this.#progress.snapshot.xmax,
			onTransaction: (transaction) => this.#receive(transaction),
			onMarker: (nonce) => this.#drain.marked(nonce),
			onIdle: (end) => {
				this.#drain.delivered(end);
				if (this.#inbox.isEmpty) this.#acknowledge(end);
			},
			onEnd: (error) => this.end(errors.TURN_ENDED('The stream of changes was cut off.', {}, error))
		});
		this.#wake();
	}

	/** Does it in the next fence. Rejects with VIEW_FAILED where the view's own function fails. */
	change(change: ViewChange): Promise<void> {
		return this.#wait(() => this.#waiting.addChange(change));
	}

	/** Binds a snapshot to a position: that of the next fence to be opened. */
	snapshot(request: SnapshotRequest): Promise<Progress> {
		return this.#wait(() => {
			this.#waiting.requests.push(request);
			return request.bound.promise;
		});
	}

	/** Resolves when everything that was received before this call is in the views. */
	barrier(): Promise<void> {
		return this.#wait(() => this.#waiting.addBarrier(this.#inbox.received));
	}

	/** Resolves when the views hold what the transaction did. `forget` ends the wait. */
	whenApplied(xid: bigint): { readonly promise: Promise<Progress>; forget(): void } {
		if (this.#ended) return { promise: Promise.reject(this.#ended), forget() {} };
		if (sees(this.#progress.snapshot, xid)) return { promise: Promise.resolve(this.#progress), forget() {} };
		const waiter = this.#waiting.addWaiter(xid);
		this.#wake();
		return waiter;
	}

	/** Finishes the batch under way, tells the slot, and closes the connections. */
	stop(): Promise<void> {
		return (this.#stopped ??= this.#stop());
	}

	async #stop(): Promise<void> {
		this.end(errors.VIEWS_STOPPED('Views are being stopped.'));
		await this.#running;
		await this.#flushing;
		await this.#feed?.close();
		await this.#options.client.end().catch(() => {});
	}

	end(error: Error): void {
		if (this.#ended) return;
		this.#ended = error;
		clearTimeout(this.#retry);
		this.#drain.abort();
		this.#waiting.reject(error);
		this.#options.onEnd(error);
	}

	#wait<T>(enlist: () => Promise<T>): Promise<T> {
		if (this.#ended) return Promise.reject(this.#ended);
		const promise = enlist();
		this.#wake();
		return promise;
	}

	#receive(transaction: SourceTransaction): void {
		// Sent again after a restart: the stored snapshot has seen it.
		if (sees(this.#progress.snapshot, transaction.xid)) {
			this.#inbox.skip(transaction);
			return this.#acknowledge(this.#inbox.durable);
		}
		this.#inbox.add(transaction);
		this.#inbox.compact();
		this.#wake();
	}

	#wake(): void {
		if (this.#running || this.#ended || !this.#feed || !this.#hasWork()) return;
		clearTimeout(this.#retry);
		this.#running = this.#run();
	}

	#hasWork(): boolean {
		return !this.#inbox.isEmpty || !this.#waiting.isEmpty;
	}

	async #run(): Promise<void> {
		try {
			// Everything that one chunk of WAL brings goes into one batch.
			await Promise.resolve();
			while (!this.#ended && this.#hasWork()) {
				const received = this.#inbox.received;
				const waiting = this.#waiting.count;
				const progressed = await this.#cycle();
				const isNew = this.#inbox.received > received || this.#waiting.count > waiting;
				if (!progressed && !isNew) break;
				this.#retries = 0;
			}
			this.#recycle();
		} catch (error) {
			this.end(error as Error);
		}
		this.#running = undefined;
		if (!this.#ended && this.#hasWork()) this.#retryLater();
	}

	/** Between batches, so that nothing is done twice. */
	#recycle(): void {
		if (this.#called.size < recycleViews || Date.now() - this.#startedAt < recycleAfterMs) return;
		this.end(errors.TURN_ENDED('The connection of the maintainer has grown large and is replaced.'));
	}

	/** Only what no snapshot sees yet is left: look again soon, for no further WAL may come (rule 5). */
	#retryLater(): void {
		const late = ++this.#retries - retriesAtOnce;
		if (late <= 0) setImmediate(() => this.#wake());
		else this.#retry = setTimeout(() => this.#wake(), Math.min(2 ** (late - 1), retryLastMs));
	}

	/** One fence. Whether it moved anything that was waiting. */
	async #cycle(): Promise<boolean> {
		await this.#catchUp();
		if (this.#ended) return false;
		const requests = this.#waiting.requests.splice(0);
		try {
			const progressed = await this.#fenced(requests);
			if (progressed !== undefined) return progressed;
			this.#waiting.requests.unshift(...requests);
			return true;
		} catch (error) {
			for (const { bound } of requests) bound.reject(this.#ended ?? error);
			throw error;
		}
	}

	/** Waits until the reader is near the server's end: a fence would hold its snapshot for the whole drain. */
	async #catchUp(): Promise<void> {
		while (!this.#ended && this.#feed!.lag() > lagLimit) await sleep(20);
	}

	/** Undefined where the fence was given up and is to be opened again. */
	async #fenced(requests: readonly SnapshotRequest[]): Promise<boolean | undefined> {
		const { client, catalog } = this.#options;
		const expected = planBatch(catalog, this.#inbox.transactions);
		const locked = this.#locks.take(this.#expectedSources(expected, requests));
		try {
			if (await this.#tryFast(expected, locked, requests)) return true;
			const fence = await openFence(client, locked, requests.length > 0);
			const imports = Promise.allSettled(requests.map((request) => request.import(fence.exported!)));
			const drained = await this.#drainTo(fence);
			await imports;
			if (this.#ended) throw this.#ended;
			if (!drained) this.#options.log.warn('a fence was given up: its marker did not come in time');
			const seen = this.#inbox.seenBy(fence.snapshot);
			const work = planBatch(catalog, seen);
			if (!drained || !this.#locks.covers(locked, sourcesOf(work))) {
				await client.query('ROLLBACK');
				return undefined;
			}
			return await this.#commit(fence, seen, work, requests);
		} catch (error) {
			await this.#recover(error as Error, locked);
			return undefined;
		}
	}

	/** The short way, where it is likely to be right: true when the batch is committed. */
	async #tryFast(
		work: readonly ViewWork[],
		locked: ReadonlySet<string>,
		requests: readonly SnapshotRequest[]
	): Promise<boolean> {
		const { lease } = this.#options;
		if (this.#careful || requests.length + this.#waiting.changes.length > 0) return false;
		if (work.length === 0 || !work.every(isShort) || !this.#guesses.allows()) return false;
		const seen = this.#inbox.transactions;
		const at = { seq: this.#progress.seq + 1n, epoch: lease.epoch };
		const guess = { delivered: this.#delivered(), xids: seen.map(({ xid }) => xid) };
		const batch = await this.#fast.write(locked, guess, work.filter(isJournalled), at);
		if (!batch) {
			this.#guesses.wrong();
			return false;
		}
		this.#guesses.right();
		this.#advance(batch.snapshot, seen, work, { ...nothing, rows: batch.rows }, () => batch.flush());
		this.#release();
		return true;
	}

	/**
	 * Until everything that the fence's snapshot sees has come. Where nothing was written since the
	 * stream last said how far it is, that is now, and the marker with its flush is saved; otherwise the
	 * marker tells. Only a place that the stream names by itself is taken for it: to wait for one would
	 * be to wait for somebody else's flush.
	 */
	async #drainTo({ end }: Fence): Promise<boolean> {
		if (this.#drain.has(end)) return true;
		const nonce = newNonce();
		const reached = this.#drain.until(nonce, end, drainLimitMs);
		await emitMarker(this.#options.client, nonce, this.#options.origin);
		return reached;
	}

	/** Tables that the batch will read, as far as one can tell before the drain. */
	#expectedSources(work: readonly ViewWork[], requests: readonly SnapshotRequest[]): Set<string> {
		const tables = sourcesOf(work);
		for (const { change } of this.#waiting.changes) addSources(tables, change.entry);
		for (const request of requests) for (const table of request.tables) tables.add(table);
		return tables;
	}

	async #commit(
		fence: Fence,
		seen: readonly SourceTransaction[],
		work: readonly ViewWork[],
		requests: readonly SnapshotRequest[]
	): Promise<boolean> {
		const { client, lease } = this.#options;
		const changes = this.#waiting.changes.slice();
		const at = { seq: this.#progress.seq + 1n, snapshot: fence.snapshot.text, epoch: lease.epoch };
		const doing = changes.map(({ change }) => change);
		if (this.#inbox.isFull) this.#feed?.pause();
		const outcome = await writeBatch(client, work, doing, at, this.#careful);
		this.#careful = false;
		this.#waiting.changes.splice(0, changes.length);
		this.#advance(fence.snapshot, seen, work, outcome);
		for (const { bound } of requests) bound.resolve(this.#progress);
		for (const { change, done } of changes) settle(change, done, outcome);
		return this.#release() || seen.length + changes.length + requests.length > 0;
	}

	/** After the commit. */
	#advance(
		snapshot: PgSnapshot,
		seen: readonly SourceTransaction[],
		work: readonly ViewWork[],
		outcome: Outcome,
		flush?: () => Promise<unknown>
	): void {
		const seq = outcome.rows.length > 0 ? this.#progress.seq + 1n : this.#progress.seq;
		this.#progress = { seq, snapshot };
		const ms = this.#inbox.remove(seen);
		this.#feed?.resume();
		this.#options.catalog.record(outcome);
		this.#options.onAdvance(this.#progress, outcome, work, ms);
		if (flush) this.#flushing = this.#acknowledgeAfter(flush);
		else this.#acknowledge(this.#inbox.durable);
		for (const { entry } of work) this.#called.add(entry.id);
	}

	/** Everything that was committed before this was received. */
	#delivered(): Lsn {
		const { end } = this.#inbox;
		return this.#drain.has(end) ? this.#drain.position : end;
	}

	/** Not before every batch that is told is on disk: the slot would forget what a crash may undo. */
	#acknowledge(lsn: Lsn): void {
		if (this.#unflushed === 0) this.#feed?.acknowledge(lsn);
	}

	/** Whoever listened is served first: they wait, and the slot does not. */
	async #acknowledgeAfter(flush: () => Promise<unknown>): Promise<void> {
		const { durable } = this.#inbox;
		this.#unflushed++;
		try {
			await new Promise(setImmediate);
			await flush();
			this.#unflushed--;
			this.#acknowledge(durable);
		} catch (error) {
			this.end(errors.TURN_ENDED('A batch could not be flushed.', {}, error as Error));
		}
	}

	#release(): boolean {
		return this.#waiting.release(this.#progress, (received) => this.#inbox.isDoneUpTo(received));
	}

	/** After an error in an open fence: nothing was committed. Rethrows what ends the turn. */
	async #recover(error: Error, locked: ReadonlySet<string>): Promise<void> {
		const { client, log, catalog } = this.#options;
		this.#feed?.resume();
		if (this.#ended) throw this.#ended;
		if (isDisconnect(error)) throw errors.TURN_ENDED('The maintainer lost its connection.', {}, error);
		await client.query('ROLLBACK');
		if (isLeaseLost(error)) throw errors.LEASE_LOST('Another node maintains the views now.', {}, error);
		if (isMissingTable(error)) {
			const gone = await failViewsOfMissingTables(client, catalog, locked, log);
			for (const table of gone) this.#locks.forget(table);
			if (gone.length > 0) return;
		}
		if (isTransient(error)) {
			log.info('a batch is tried again', { error });
			await sleep(20);
			return;
		}
		if (this.#careful) throw errors.TURN_ENDED('A batch could not be written.', {}, error);
		this.#careful = true;
	}
}

function settle(change: ViewChange, done: Deferred<void>, outcome: Outcome): void {
	const failure = outcome.failed.find(({ entry }) => entry === change.entry);
	if (!failure) return done.resolve();
	const { name } = change.entry.spec;
	done.reject(errors.VIEW_FAILED(`The view "${name}" can't be computed: ${failure.error}`, { view: name }));
}
