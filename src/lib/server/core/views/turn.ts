import type { Logger } from '#kernel';
import { destroy, type Client, type Postgres } from '#platform/postgres';
import { createSlot, dropSlot, ensurePublication, parseSnapshot, slotState } from '#core/cdc';
import type { ViewWork } from './batch.ts';
import type { Builds } from './builds.ts';
import type { Catalog } from './catalog.ts';
import { connectMaintainer, maintainerName, useOrigin } from './connection.ts';
import { takeLease } from './lease.ts';
import { applyReading, readCatalog } from './load-catalog.ts';
import { Maintainer } from './maintainer.ts';
import { makePartitions } from './partitions.ts';
import { renewAfterCrash } from './renew-after-crash.ts';
import { refuseUntrusted } from './trusted-functions.ts';
import type { Progress } from './waiting.ts';
import type { Outcome } from './write-batch.ts';

export interface TurnOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly catalog: Catalog;
	readonly builds: Builds;
	readonly signal: AbortSignal;
	/** Another node has the lease. */
	onWaiting(): void;
	/** The lease is ours. */
	onLease(): void;
	/** The place from which this turn goes on; before its first advance. */
	onStart(progress: Progress): void;
	/** `ms`: since the oldest change of the batch was received. */
	onAdvance(progress: Progress, outcome: Outcome, work: readonly ViewWork[], ms: number): void;
	/** All views are rebuilt, and why. */
	onRebuild(reason: string): void;
}

export interface Turn {
	readonly maintainer: Maintainer;
	/** Resolves with the reason when the turn is over. */
	readonly over: Promise<Error>;
	end(): Promise<void>;
}

/** A connection that says nothing any more has this long to end by itself. */
const endsWithinMs = 2_000;

/** Takes the lease (waiting for it) and begins to maintain from where the position row stands. */
export async function startTurn(options: TurnOptions): Promise<Turn> {
	const { postgres, log, catalog, builds } = options;
	const client = await connectMaintainer(postgres, maintainerName);
	const { promise: over, resolve } = Promise.withResolvers<Error>();
	let maintainer: Maintainer | undefined;
	try {
		const lease = await takeLease(client, {
			...options,
			onLost: (error) => maintainer?.end(error)
		});
		void over.then(() => lease.release());
		options.onLease();
		const origin = await useOrigin(client, postgres);
		if (await renewAfterCrash(client)) log.warn('PostgreSQL crashed: readers of views fetch them again');
		applyReading(catalog, await readCatalog(client, catalog), false);
		const called = [...catalog.entries].filter(({ state }) => state !== 'failed');
		await refuseUntrusted(client, postgres, catalog, called, log);
		const { start, rebuild } = await findPlace(client, options);
		await builds.prepare(client, lease.epoch, rebuild);
		await makePartitions(postgres, start.seq);
		options.onStart(start);
		maintainer = new Maintainer({ ...options, client, lease, origin, start, onEnd: resolve });
		await maintainer.start();
		builds.begin({ maintainer, epoch: lease.epoch, over });
	} catch (error) {
		resolve(error as Error);
		await endOrDestroy(client, () => client.end());
		throw error;
	}
	const running = maintainer;
	// What still waits for an answer on a connection that was cut off must not keep the turn from ending.
	const end = () => endOrDestroy(client, () => running.stop());
	return { maintainer: running, over, end };
}

async function endOrDestroy(client: Client, end: () => Promise<void>): Promise<void> {
	const timer = setTimeout(() => destroy(client), endsWithinMs);
	await end().catch(() => {});
	clearTimeout(timer);
}

/**
 * Where the last turn ended. Without a slot that has everything since then, views may miss changes:
 * all are then rebuilt. The position forgets its snapshot before a new slot is made, so that a crash in
 * between does not hide the gap.
 */
async function findPlace(
	client: Client,
	{ postgres, log, onRebuild }: TurnOptions
): Promise<{ start: Progress; rebuild: boolean }> {
	await ensurePublication(postgres);
	const state = await slotState(postgres);
	if (state !== 'ready') {
		await client.query('UPDATE loam.position SET snapshot = NULL');
		if (state === 'lost') {
			onRebuild('the replication slot lost changes');
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
