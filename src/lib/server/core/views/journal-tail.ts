import type { JournalRow } from './types.ts';

/** The newest batches in memory, so that readers that keep up need no query. */
export class JournalTail {
	readonly #limit: number;
	#rows: JournalRow[] = [];
	/** Every row after this position is here. */
	#since: bigint;

	constructor(since: bigint, limit = 20_000) {
		this.#since = since;
		this.#limit = limit;
	}

	/** Adds the rows of the batch after the last one. */
	push(rows: readonly JournalRow[]): void {
		for (const row of rows) this.#rows.push(row);
		if (this.#rows.length <= this.#limit) return;
		// Whole batches only, and half of it at once, so that the cost is spread.
		const cut = this.#rows[this.#rows.length - Math.floor(this.#limit / 2)]!.seq;
		this.#since = cut;
		this.#rows = this.#rows.slice(this.#indexAfter(cut));
	}

	/** Rows after `seq` (of one view), undefined where older ones are asked for. Whole batches, at least one. */
	after(seq: bigint, limit: number, view?: number): JournalRow[] | undefined {
		if (seq < this.#since) return undefined;
		const found: JournalRow[] = [];
		for (let i = this.#indexAfter(seq); i < this.#rows.length; i++) {
			const row = this.#rows[i]!;
			if (view !== undefined && row.view !== view) continue;
			if (found.length >= limit && row.seq !== found.at(-1)!.seq) break;
			found.push(row);
		}
		return found;
	}

	/** Index of the first row of a batch after `seq`. */
	#indexAfter(seq: bigint): number {
		let low = 0;
		let high = this.#rows.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.#rows[middle]!.seq <= seq) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}
