import type { Logger } from '#kernel';
import type { Client, Postgres } from '#platform/postgres';
import { createSlot, dropSlot, ensurePublication, parseSnapshot, slotState } from '#core/cdc';
import type { ViewWork } from './batch.ts';
import type { Catalog, ViewEntry } from './catalog.ts';
import { connectMaintainer, maintainerName, useOrigin } from './connection.ts';
import { takeLease } from './lease.ts';
import { loadCatalog } from './load-catalog.ts';
import { Maintainer } from './maintainer.ts';
import { makePartitions } from './partitions.ts';
import type { Progress } from './waiting.ts';
import type { Outcome, ViewChange } from './write-batch.ts';

export interface TurnOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly catalog: Catalog;
	readonly signal: AbortSignal;
	/** The place from which this turn goes on; before its first advance. */
	onStart(progress: Progress): void;
	onAdvance(progress: Progress, outcome: Outcome, work: readonly ViewWork[]): void;
}

export interface Turn {
	readonly maintainer: Maintainer;
	/** Resolves with the reason when the turn is over. */
	readonly over: Promise<Error>;
	end(): Promise<void>;
}

/** Takes the lease (waiting for it) and begins to maintain from where the position row stands. */
export async function startTurn(options: TurnOptions): Promise<Turn> {
	const { postgres, log, catalog, signal } = options;
	const client = await connectMaintainer(postgres, maintainerName);
	const { promise: over, resolve } = Promise.withResolvers<Error>();
	let maintainer: Maintainer | undefined;
	try {
		const lease = await takeLease(client, postgres, log, signal, (error) => maintainer?.end(error));
		void over.then(() => lease.release());
		const origin = await useOrigin(client, postgres);
		await loadCatalog(client, catalog);
		const { start, rebuild } = await findPlace(client, postgres, log);
		await makePartitions(postgres, start.seq);
		options.onStart(start);
		maintainer = new Maintainer({ ...options, client, lease, origin, start, onEnd: resolve });
		finishViews(catalog, maintainer, rebuild, log);
		await maintainer.start();
	} catch (error) {
		resolve(error as Error);
		await client.end().catch(() => {});
		throw error;
	}
	const running = maintainer;
	return { maintainer: running, over, end: () => running.stop() };
}

/**
 * Where the last turn ended. Without a slot that has everything since then, views may miss changes:
 * all are then rebuilt. The position forgets its snapshot before a new slot is made, so that a crash in
 * between does not hide the gap.
 */
async function findPlace(
	client: Client,
	postgres: Postgres,
	log: Logger
): Promise<{ start: Progress; rebuild: boolean }> {
	await ensurePublication(postgres);
	const state = await slotState(postgres);
	if (state !== 'ready') {
		await client.query('UPDATE loam.position SET snapshot = NULL');
		if (state === 'lost') {
			log.error('the replication slot lost changes: all views are rebuilt');
			await dropSlot(postgres);
		}
		await createSlot(postgres, log);
	}
	const { rows } = await client.query<{ seq: string; stored: string | null; now: string }>(
		'SELECT seq::text, snapshot::text AS stored, pg_current_snapshot()::text AS now FROM loam.position'
	);
	const { seq, stored, now } = rows[0]!;
	// What `now` sees, the rebuild will see too.
	return { start: { seq: BigInt(seq), snapshot: parseSnapshot(stored ?? now) }, rebuild: stored === null };
}

/** Views that a former process did not finish, or all: done in the first fence. */
function finishViews(catalog: Catalog, maintainer: Maintainer, rebuild: boolean, log: Logger): void {
	const due = [...catalog.entries].filter(
		({ state, building }) => !building && (rebuild || state === 'building')
	);
	for (const entry of due) {
		entry.state = 'building';
		maintainer.change(completion(entry, rebuild)).catch((error: unknown) => {
			log.warn('a view was not rebuilt', { view: entry.spec.name, id: entry.id, error });
		});
	}
}

/** What makes a view complete in one fence. */
export function completion(entry: ViewEntry, renew: boolean): ViewChange {
	return { entry, kind: entry.spec.kind === 'through' ? 'ready' : 'fill', renew };
}
