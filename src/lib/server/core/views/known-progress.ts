import type { PgSnapshot } from '#core/cdc';
import type { Progress } from './waiting.ts';

interface Waiter {
	readonly test: (progress: Progress) => boolean;
	readonly resolve: (progress: Progress) => void;
}

const nothing: PgSnapshot = { text: '0:0:', xmin: 0n, xmax: 0n, inProgress: new Set() };

/** How far the views are, as far as this node knows; and who waits for it to know more. */
export class KnownProgress {
	#latest: Progress = { seq: 0n, snapshot: nothing };
	#waiters = new Set<Waiter>();

	get latest(): Progress {
		return this.#latest;
	}

	/** What is told late, of an earlier position, is not taken. Whether it was, and was news. */
	advance(progress: Progress): boolean {
		const { seq, snapshot } = this.#latest;
		if (progress.seq < seq || (progress.seq === seq && progress.snapshot.xmax < snapshot.xmax)) return false;
		if (progress.seq === seq && progress.snapshot.text === snapshot.text) return false;
		this.#latest = progress;
		for (const waiter of this.#waiters) {
			if (!waiter.test(progress)) continue;
			this.#waiters.delete(waiter);
			waiter.resolve(progress);
		}
		return true;
	}

	/** Resolves with the first progress that passes. Rejects with the signal's reason. */
	until(test: (progress: Progress) => boolean, signal: AbortSignal): Promise<Progress> {
		if (test(this.#latest)) return Promise.resolve(this.#latest);
		return new Promise((resolve, reject) => {
			const waiter = { test, resolve: done };
			const abort = () => {
				this.#waiters.delete(waiter);
				reject(signal.reason as Error);
			};
			function done(progress: Progress): void {
				signal.removeEventListener('abort', abort);
				resolve(progress);
			}
			if (signal.aborted) return abort();
			signal.addEventListener('abort', abort);
			this.#waiters.add(waiter);
		});
	}
}
