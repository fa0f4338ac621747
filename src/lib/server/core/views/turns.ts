import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#kernel';
import { deferred, type Deferred } from './deferred.ts';
import { errors } from './errors.ts';
import type { Maintainer } from './maintainer.ts';
import { startTurn, type Turn, type TurnOptions } from './turn.ts';

const pauseFirstMs = 50;
const pauseLastMs = 5_000;

/** One turn of maintenance after the other, until stopped: each ends with a lost connection or lease. */
export class Turns {
	readonly #options: Omit<TurnOptions, 'signal'>;
	readonly #abort = new AbortController();
	#current: Deferred<Maintainer> = deferred();
	#turn: Turn | undefined;
	#finished: Promise<void> = Promise.resolve();

	constructor(options: Omit<TurnOptions, 'signal'>) {
		this.#options = options;
	}

	/** Resolves when the first turn runs. */
	async start(): Promise<void> {
		this.#finished = this.#run();
		await this.#current.promise;
	}

	/** Runs `work` with the maintainer of the turn; again with the next one if the turn ends meanwhile. */
	async with<T>(work: (maintainer: Maintainer) => Promise<T>): Promise<T> {
		for (;;) {
			const maintainer = await this.#current.promise;
			try {
				return await work(maintainer);
			} catch (error) {
				if (this.#abort.signal.aborted || !isTurnOver(error)) throw error;
			}
		}
	}

	async stop(): Promise<void> {
		this.#abort.abort();
		this.#current.reject(errors.VIEWS_STOPPED('Views are being stopped.'));
		await this.#turn?.end();
		await this.#finished;
	}

	async #run(): Promise<void> {
		const { signal } = this.#abort;
		for (let pause = pauseFirstMs; !signal.aborted; pause = Math.min(pause * 2, pauseLastMs)) {
			try {
				this.#turn = await startTurn({ ...this.#options, signal });
				this.#current.resolve(this.#turn.maintainer);
				pause = pauseFirstMs;
				this.#log(await this.#turn.over);
				this.#current = deferred();
				await this.#turn.end();
			} catch (error) {
				this.#log(error);
			}
			if (signal.aborted) break;
			await sleep(pause);
		}
		this.#current.reject(errors.VIEWS_STOPPED('Views are being stopped.'));
	}

	#log(error: unknown): void {
		if (!this.#abort.signal.aborted) this.#options.log.warn('maintenance was interrupted', { error });
	}
}

function isTurnOver(error: unknown): boolean {
	return error instanceof AppError && ['TURN_ENDED', 'LEASE_LOST'].includes(error.reason);
}
