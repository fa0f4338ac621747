import { setTimeout as sleep } from 'node:timers/promises';
import type { Maintainer } from './maintainer.ts';
import { startTurn, type Turn, type TurnOptions } from './turn.ts';

const pauseFirstMs = 50;
const pauseLastMs = 2_000;

export interface TurnsOptions extends Omit<TurnOptions, 'signal'> {
	/** A turn ended, or could not begin. */
	onEnd(reason: unknown): void;
}

/** One turn of maintenance after the other, until stopped: each ends with a lost connection or lease. */
export class Turns {
	readonly #options: TurnsOptions;
	readonly #abort = new AbortController();
	#maintainer: Maintainer | undefined;
	#change = new AbortController();
	#turn: Turn | undefined;
	#finished: Promise<void> = Promise.resolve();

	constructor(options: TurnsOptions) {
		this.#options = options;
	}

	start(): void {
		this.#finished = this.#run();
	}

	/** Of the turn that runs; undefined while another node maintains, or none. */
	get maintainer(): Maintainer | undefined {
		return this.#maintainer;
	}

	/** Aborted when `maintainer` becomes another, or none. */
	get change(): AbortSignal {
		return this.#change.signal;
	}

	async stop(): Promise<void> {
		this.#abort.abort();
		this.#set(undefined);
		await this.#turn?.end();
		await this.#finished;
	}

	async #run(): Promise<void> {
		const { signal } = this.#abort;
		for (let pause = pauseFirstMs; !signal.aborted; pause = Math.min(pause * 2, pauseLastMs)) {
			try {
				this.#turn = await startTurn({ ...this.#options, signal });
				if (signal.aborted) return await this.#turn.end();
				this.#set(this.#turn.maintainer);
				pause = pauseFirstMs;
				const reason = await this.#turn.over;
				this.#set(undefined);
				if (!signal.aborted) this.#options.onEnd(reason);
				await this.#turn.end();
			} catch (error) {
				if (!signal.aborted) this.#options.onEnd(error);
			}
			if (signal.aborted) break;
			await sleep(pause, undefined, { signal }).catch(() => {});
		}
	}

	#set(maintainer: Maintainer | undefined): void {
		this.#maintainer = maintainer;
		this.#change.abort();
		this.#change = new AbortController();
	}
}
