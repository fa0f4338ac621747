import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunningLoam } from './loam.ts';

/** `stalled`: events that nobody reads. */
export type ReaderKind = 'long-poll' | 'events' | 'stalled';

/** In a search: the number of the reader, from 0. */
export const number = '{n}';

export interface Opening {
	readonly readers: ReaderKind;
	readonly count: number;
	/** Of the shape; `number` stands for the reader's. */
	readonly search: Readonly<Record<string, string>>;
}

export type ToReaders =
	| ({ readonly kind: 'open' } & Opening)
	| { readonly kind: 'watch'; readonly marker: string }
	| { readonly kind: 'count' };

export interface ReaderCounts {
	/** Of each reader that saw the marker: when, in ms after it was told of it. */
	readonly seen: readonly number[];
	/** Connections that have ended, but for the stalled. */
	readonly ended: number;
}

export type FromReaders =
	{ readonly kind: 'opened' } | { readonly kind: 'watching' } | ({ readonly kind: 'count' } & ReaderCounts);

/** Live readers of one Loam, in a process of their own. */
export interface ManyReaders {
	open(opening: Opening): Promise<void>;
	/** From now on it is counted who sees this text in what they are sent. */
	watch(marker: string): Promise<void>;
	count(): Promise<ReaderCounts>;
	stop(): void;
}

export function manyReaders(loam: RunningLoam, token: string): ManyReaders {
	const path = fileURLToPath(new URL('./many-readers-child.ts', import.meta.url));
	const child: ChildProcess = fork(path, [loam.url, token], { execArgv: ['--no-warnings'] });
	const gone = new Promise<never>((_, reject) =>
		child.once('exit', () => reject(new Error('the readers have ended')))
	);
	gone.catch(() => {});
	let queue: Promise<unknown> = Promise.resolve();
	/** One after the other, so that each answer is to the last question. */
	function ask<Kind extends FromReaders['kind']>(question: ToReaders) {
		const answer = queue.then(() => {
			const told = new Promise((resolve) => child.once('message', resolve));
			child.send(question);
			return Promise.race([told, gone]) as Promise<Extract<FromReaders, { kind: Kind }>>;
		});
		queue = answer.catch(() => {});
		return answer;
	}
	return {
		open: async (opening) => void (await ask<'opened'>({ kind: 'open', ...opening })),
		watch: async (marker) => void (await ask<'watching'>({ kind: 'watch', marker })),
		count: () => ask<'count'>({ kind: 'count' }),
		stop: () => void child.kill()
	};
}

/** Resident memory of a process in KiB. */
export function residentKiB(pid: number): number {
	return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}
