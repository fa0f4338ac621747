import type { Logger } from '#kernel';
import { defaultLimits } from '#sandbox/protocol';
import { errors } from './errors.ts';
import type { IsolateCall, IsolateOptions, IsolateOutcome, Isolates } from './types.ts';
import { startWorker, type Worker } from './worker.ts';

interface Waiting {
	readonly tenant: string;
	readonly program: string;
	take(worker: Worker): void;
}

/** Calls that wait for a process: beyond this, and beyond so many milliseconds, they are refused. */
const maxWaiting = 1000;
const maxWaitMs = 5000;

/**
 * A pool of sandbox processes. A process runs one call at a time and never two tenants at once; a tenant
 * holds at most half of them, so there is always room for the others. A spare without a tenant stands
 * ready, and one that was killed is replaced at once.
 */
export function createIsolates({ log, ...options }: IsolateOptions & { readonly log: Logger }): Isolates {
	const { slots = 8, spares = 1, idleMs = 600_000, root = process.cwd() } = options;
	const perTenant = Math.max(1, Math.floor(slots / 2));
	const workers = new Set<Worker>();
	/** Given to a call, by the call's tenant: from before it runs until after. */
	const reserved = new Map<Worker, string>();
	let queue: Waiting[] = [];
	let killed = 0;
	let ended = false;
	const sweeper = setInterval(sweep, Math.min(idleMs, 30_000));
	sweeper.unref();
	keepSpares();

	function start(): Worker {
		const worker = startWorker(root, (gone) => {
			workers.delete(gone);
			reserved.delete(gone);
			if (ended) return;
			killed++;
			serve();
			// A process that cannot even start is tried again, but not in a circle.
			if (gone.wasReady) keepSpares();
			else setTimeout(keepSpares, 1000).unref();
		});
		workers.add(worker);
		return worker;
	}

	const isFree = (worker: Worker) => worker.alive && !worker.busy && !reserved.has(worker);

	function heldBy(tenant: string): number {
		return [...reserved.values()].filter((holder) => holder === tenant).length;
	}

	/** The process that costs least: with the program loaded, a fresh one, a new one, the one idle longest. */
	function choose(tenant: string, program: string): Worker | undefined {
		if (heldBy(tenant) >= perTenant) return undefined;
		const free = [...workers].filter(isFree);
		return (
			free.find((worker) => worker.program === program && worker.tenant === tenant) ??
			free.find((worker) => worker.tenant === undefined) ??
			(workers.size < slots ? start() : undefined) ??
			free.sort((a, b) => a.idleSince - b.idleSince)[0]
		);
	}

	/** Gives free processes to whoever waits, in order, past those whose tenant holds its share. */
	function serve(): void {
		queue = queue.filter((waiting) => {
			const worker = choose(waiting.tenant, waiting.program);
			if (worker) waiting.take(worker);
			return !worker;
		});
	}

	function acquire(tenant: string, program: string): Promise<Worker> {
		const worker = choose(tenant, program);
		if (worker) {
			reserved.set(worker, tenant);
			return Promise.resolve(worker);
		}
		if (queue.length >= maxWaiting) return Promise.reject(busy());
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				queue = queue.filter((other) => other !== waiting);
				reject(busy());
			}, maxWaitMs);
			const waiting: Waiting = {
				tenant,
				program,
				take(given) {
					clearTimeout(timer);
					reserved.set(given, tenant);
					resolve(given);
				}
			};
			queue.push(waiting);
		});
	}

	function keepSpares(): void {
		let fresh = 0;
		for (const worker of workers) if (worker.tenant === undefined && isFree(worker)) fresh++;
		while (!ended && fresh < spares && workers.size < slots) {
			start();
			fresh++;
		}
	}

	function sweep(): void {
		const limit = Date.now() - idleMs;
		for (const worker of workers) {
			if (isFree(worker) && worker.tenant !== undefined && worker.idleSince < limit) worker.kill();
		}
	}

	async function call(request: IsolateCall): Promise<IsolateOutcome> {
		if (request.request.length > defaultLimits.textLength) {
			throw errors.SANDBOX_REQUEST('The request is longer than 16 million characters. Send less at a time.');
		}
		const worker = await acquireReady(request);
		try {
			request.onStart?.();
			const outcome = worker.run(request);
			keepSpares();
			return await outcome;
		} catch (error) {
			const { tenant, handler } = request;
			log.warn('a sandbox process was ended', { tenant, handler, pid: worker.pid, error });
			throw error;
		} finally {
			reserved.delete(worker);
			serve();
		}
	}

	/** A process that dies before it can take the call costs nothing but another try. */
	async function acquireReady({ tenant, program }: IsolateCall): Promise<Worker> {
		for (let tries = 1; ; tries++) {
			const worker = await acquire(tenant, program.key);
			try {
				await worker.ready;
				return worker;
			} catch (error) {
				reserved.delete(worker);
				if (tries === 3 || ended) throw error;
			}
		}
	}

	return {
		call,
		stats: () => ({
			processes: workers.size,
			busy: [...workers].filter((worker) => worker.busy).length,
			queued: queue.length,
			killed,
			pids: [...workers].map((worker) => worker.pid)
		}),
		async end() {
			ended = true;
			clearInterval(sweeper);
			for (const worker of workers) worker.kill();
			workers.clear();
		}
	};
}

function busy() {
	return errors.SANDBOX_BUSY(
		'Too much is going on right now. Nothing was changed; please try again in a moment.'
	);
}
