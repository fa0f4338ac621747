import { sees, type PgSnapshot, type Xid } from '#core/cdc';
import { deferred, type Deferred } from './deferred.ts';
import type { ViewChange } from './write-batch.ts';

/** What the views hold, and the number of the last batch that changed one. */
export interface Progress {
	readonly seq: bigint;
	readonly snapshot: PgSnapshot;
}

/** Imports a fence's snapshot into another session while the fence is open. */
export interface SnapshotRequest {
	/** What will be read, by id: the fence locks it before its snapshot. */
	readonly tables: readonly string[];
	import(exported: string): Promise<void>;
	/** Where the views stand at the snapshot that was imported. */
	readonly bound: Deferred<Progress>;
}

export interface PendingChange {
	readonly change: ViewChange;
	readonly done: Deferred<void>;
}

interface Barrier {
	/** Of so many received transactions none may be waiting. */
	readonly received: number;
	readonly reached: Deferred<void>;
}

interface Waiter {
	readonly xid: Xid;
	readonly applied: Deferred<Progress>;
}

/** Who waits for a fence, and for what it brings. */
export class Waiting {
	/** For the next fence to do. */
	changes: PendingChange[] = [];
	/** For the next fence to be opened. */
	requests: SnapshotRequest[] = [];
	#barriers: Barrier[] = [];
	#waiters: Waiter[] = [];

	get isEmpty(): boolean {
		return this.count === 0;
	}

	get count(): number {
		return this.changes.length + this.requests.length + this.#barriers.length + this.#waiters.length;
	}

	addChange(change: ViewChange): Promise<void> {
		const done = deferred<void>();
		this.changes.push({ change, done });
		return done.promise;
	}

	addBarrier(received: number): Promise<void> {
		const reached = deferred<void>();
		this.#barriers.push({ received, reached });
		return reached.promise;
	}

	addWaiter(xid: Xid): { readonly promise: Promise<Progress>; forget(): void } {
		const applied = deferred<Progress>();
		this.#waiters.push({ xid, applied });
		const forget = () => {
			this.#waiters = this.#waiters.filter((waiter) => waiter.applied !== applied);
		};
		return { promise: applied.promise, forget };
	}

	/** Lets go who waited for this; whether there was anybody. */
	release(progress: Progress, isDoneUpTo: (received: number) => boolean): boolean {
		const reached = this.#barriers.filter(({ received }) => isDoneUpTo(received));
		const applied = this.#waiters.filter(({ xid }) => sees(progress.snapshot, xid));
		this.#barriers = this.#barriers.filter((barrier) => !reached.includes(barrier));
		this.#waiters = this.#waiters.filter((waiter) => !applied.includes(waiter));
		for (const barrier of reached) barrier.reached.resolve();
		for (const waiter of applied) waiter.applied.resolve(progress);
		return reached.length + applied.length > 0;
	}

	/** Nothing more will come. */
	reject(error: Error): void {
		const all = [
			...this.changes.splice(0).map(({ done }) => done),
			...this.requests.splice(0).map(({ bound }) => bound),
			...this.#barriers.splice(0).map(({ reached }) => reached),
			...this.#waiters.splice(0).map(({ applied }) => applied)
		];
		for (const { reject } of all) reject(error);
	}
}
