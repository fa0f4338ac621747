/** What was done for a view. */
export interface Counts {
	readonly batches: number;
	readonly changes: number;
	readonly rows: number;
}

export const windowMs = 60_000;
const bucketMs = 5_000;

interface Bucket {
	readonly at: number;
	batches: number;
	changes: number;
	rows: number;
}

/** Sums of the last minute, to some seconds. Times are milliseconds. */
export class Recent {
	#buckets: Bucket[] = [];

	add(now: number, changes: number, rows: number): void {
		const at = now - (now % bucketMs);
		let bucket = this.#buckets.at(-1);
		if (bucket?.at !== at) this.#buckets.push((bucket = { at, batches: 0, changes: 0, rows: 0 }));
		bucket.batches++;
		bucket.changes += changes;
		bucket.rows += rows;
	}

	total(now: number): Counts {
		this.#buckets = this.#buckets.filter(({ at }) => at > now - windowMs);
		const sum = (of: keyof Counts) => this.#buckets.reduce((total, bucket) => total + bucket[of], 0);
		return { batches: sum('batches'), changes: sum('changes'), rows: sum('rows') };
	}
}
