import type { Lsn } from '#platform/wal';

/** Who is waiting for the stream to reach a place, and how far it has come. */
export class Drain {
	#delivered: Lsn = 0n;
	#waiting:
		{ readonly nonce: string; readonly end: Lsn; readonly resolve: (reached: boolean) => void } | undefined;

	/** How far the stream says that it has sent everything. */
	get position(): Lsn {
		return this.#delivered;
	}

	/** The stream says that it has sent everything up to there. */
	delivered(end: Lsn): void {
		this.#delivered = end;
		if (this.#waiting && end >= this.#waiting.end) this.#waiting.resolve(true);
	}

	/** The stream has come to a marker. */
	marked(nonce: string): void {
		if (this.#waiting?.nonce === nonce) this.#waiting.resolve(true);
	}

	/** Whether nothing committed before `end` is still to come. */
	has(end: Lsn): boolean {
		return this.#delivered >= end;
	}

	/** Resolves with true at the marker or at `end`, whatever comes first; with false when it takes too long. */
	async until(nonce: string, end: Lsn, limitMs: number): Promise<boolean> {
		const { promise, resolve } = Promise.withResolvers<boolean>();
		const timer = setTimeout(() => resolve(false), limitMs);
		this.#waiting = { nonce, end, resolve };
		try {
			return await promise;
		} finally {
			clearTimeout(timer);
			this.#waiting = undefined;
		}
	}

	/** Nothing more will come. */
	abort(): void {
		this.#waiting?.resolve(false);
	}
}
