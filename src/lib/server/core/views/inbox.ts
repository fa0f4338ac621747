import { listingLimit, sees, type PgSnapshot, type SourceTransaction } from '#core/cdc';
import type { Lag } from './types.ts';

/** Keys and rows that may wait; past it what can be said more shortly is. */
const sizeLimit = 200_000;

interface Received {
	readonly number: number;
	readonly size: number;
	/** As `performance.now()` tells. */
	readonly at: number;
	readonly transaction: SourceTransaction;
}

/** Transactions that were received and are not in the views yet, in commit order. */
export class Inbox {
	#waiting: Received[] = [];
	#size = 0;
	#received = 0;
	/** End of the last transaction of all. */
	#end = 0n;

	get isEmpty(): boolean {
		return this.#waiting.length === 0;
	}

	get transactions(): SourceTransaction[] {
		return this.#waiting.map(({ transaction }) => transaction);
	}

	/** End of the last commit that was received. */
	get end(): bigint {
		return this.#end;
	}

	/** How many were ever received. */
	get received(): number {
		return this.#received;
	}

	get isFull(): boolean {
		return this.#size > sizeLimit;
	}

	add(transaction: SourceTransaction): void {
		this.#end = transaction.endLsn;
		const size = sizeOf(transaction);
		this.#waiting.push({ number: ++this.#received, size, at: performance.now(), transaction });
		this.#size += size;
	}

	/** A transaction that is in the views already. */
	skip(transaction: SourceTransaction): void {
		this.#end = transaction.endLsn;
		this.#received++;
	}

	seenBy(snapshot: PgSnapshot): SourceTransaction[] {
		return this.transactions.filter(({ xid }) => sees(snapshot, xid));
	}

	/** They are in the views; how long ago, in ms, the oldest of them was received. */
	remove(done: readonly SourceTransaction[]): number {
		const gone = new Set(done);
		const oldest = this.#waiting.find(({ transaction }) => gone.has(transaction));
		this.#waiting = this.#waiting.filter(({ transaction }) => !gone.has(transaction));
		this.#size = this.#waiting.reduce((sum, { size }) => sum + size, 0);
		return oldest ? performance.now() - oldest.at : 0;
	}

	/** Of what waits: its WAL, and for how long the oldest has. */
	behind(): Lag {
		const first = this.#waiting[0];
		if (!first) return { bytes: 0, ms: 0 };
		return { bytes: Number(this.#end - first.transaction.commitLsn), ms: performance.now() - first.at };
	}

	/** Whether of the first `count` received none is waiting. */
	isDoneUpTo(count: number): boolean {
		const first = this.#waiting[0];
		return !first || first.number > count;
	}

	/** Up to where the slot may forget: below the lowest commit that is still waiting (rule 4). */
	get durable(): bigint {
		const first = this.#waiting[0];
		return first ? first.transaction.commitLsn - 1n : this.#end;
	}

	/**
	 * Bounds the memory of a long backlog: a table with more keys than a batch lists anyway is
	 * represented by "all of it".
	 */
	compact(): void {
		if (!this.isFull) return;
		const totals = new Map<string, number>();
		for (const { transaction } of this.#waiting) {
			for (const [id, changes] of transaction.tables) totals.set(id, (totals.get(id) ?? 0) + weigh(changes));
		}
		this.#waiting = this.#waiting.map((item) => {
			for (const [id, changes] of item.transaction.tables) {
				if (totals.get(id)! > listingLimit) changes.collapse();
			}
			return { ...item, size: sizeOf(item.transaction) };
		});
		this.#size = this.#waiting.reduce((sum, { size }) => sum + size, 0);
	}
}

type Changes = SourceTransaction['tables'] extends ReadonlyMap<string, infer C> ? C : never;

function weigh({ keys, rows }: Changes): number {
	return Math.max(keys?.size ?? 0, rows?.length ?? 0);
}

function sizeOf({ tables }: SourceTransaction): number {
	let size = 0;
	for (const changes of tables.values()) size += weigh(changes);
	return size;
}
