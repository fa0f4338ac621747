/** How long a table stays locked in fences after a batch needed it. */
const staysMs = 10_000;

/**
 * Which source tables a fence locks before its snapshot (rule 2). What a batch will need is known only
 * after the drain, so the tables of the last seconds are locked as well; where that was not enough the
 * fence is opened again, which is rare and costs one round trip.
 */
export class LockSet {
	readonly #neededAt = new Map<string, number>();

	/** The tables to lock now. */
	take(expected: Iterable<string>, now = Date.now()): ReadonlySet<string> {
		for (const table of expected) this.#neededAt.set(table, now);
		for (const [table, at] of this.#neededAt) if (now - at > staysMs) this.#neededAt.delete(table);
		return new Set(this.#neededAt.keys());
	}

	/** Whether `locked` has all that is needed; what is needed is remembered for the next `take`. */
	covers(locked: ReadonlySet<string>, needed: Iterable<string>, now = Date.now()): boolean {
		let covered = true;
		for (const table of needed) {
			this.#neededAt.set(table, now);
			covered &&= locked.has(table);
		}
		return covered;
	}

	/** A table that can't be locked: it is gone. */
	forget(table: string): void {
		this.#neededAt.delete(table);
	}
}
