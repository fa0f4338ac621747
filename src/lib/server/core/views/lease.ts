import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#kernel';
import type { Client, Postgres } from '#platform/postgres';
import { errors } from './errors.ts';

/** The right to maintain, until it is lost. */
export interface Lease {
	readonly epoch: bigint;
	/** Stops renewing; the advisory lock goes with the connection. */
	release(): void;
}

/** A holder that hangs is replaced so late; one that is merely slow has so many chances to renew. */
const lastsMs = 3_500;
const renewEveryMs = 500;
/** How often a node that waits asks; a holder whose connection is gone is replaced so fast. */
const askEveryMs = 100;
/**
 * So often in a row the lease must have been found expired. Where Postgres itself stood still, its holder's
 * renewals are already on their way to it when it answers again.
 */
const looksExpired = 6;
/** Without an answer for so long the connection is taken for dead. */
const answerWithinMs = 5_000;

export interface LeaseOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	/** Ends the wait. */
	readonly signal: AbortSignal;
	/** Another node has it. */
	onWaiting(): void;
	/** A renewal found another holder. */
	onLost(error: Error): void;
}

/**
 * Waits for the lease and takes it for the session of `client` (login `views`). A holder whose
 * connection is gone is replaced at once; one that has not renewed in time is cut off first. Raises
 * the epoch that every maintenance commit checks.
 */
export async function takeLease(
	client: Client,
	{ postgres, log, signal, onWaiting, onLost }: LeaseOptions
): Promise<Lease> {
	let expired = 0;
	for (let waiting = false; !(await tryLock(client)); waiting = true) {
		if (!waiting) log.info('another node maintains the views: waiting for the lease');
		if (!waiting) onWaiting();
		expired = (await isExpired(client)) ? expired + 1 : 0;
		if (expired >= looksExpired) await endHungHolder(client);
		await sleep(askEveryMs, undefined, { signal }).catch(() => {});
		if (signal.aborted) throw errors.VIEWS_STOPPED('Views were stopped before they had the lease.');
	}
	const { rows } = await client.query<{ epoch: string }>(
		'UPDATE loam.position SET epoch = epoch + 1 RETURNING epoch'
	);
	const epoch = BigInt(rows[0]!.epoch);
	await renew(client, epoch);
	const timer = setInterval(() => {
		void renewFromPool(postgres, epoch).then((held) => {
			if (!held) onLost(errors.LEASE_LOST('Another node maintains the views now.', { epoch }));
		});
	}, renewEveryMs);
	timer.unref();
	return { epoch, release: () => clearInterval(timer) };
}

const lockKey = `hashtextextended('loam.views', 0)`;

async function tryLock(client: Client): Promise<boolean> {
	const { rows } = await client.query<{ got: boolean }>(
		asked(`SELECT pg_try_advisory_lock(${lockKey}) AS got`)
	);
	return rows[0]!.got;
}

function asked(text: string) {
	return { text, ...{ query_timeout: answerWithinMs } };
}

async function isExpired(client: Client): Promise<boolean> {
	const { rows } = await client.query<{ expired: boolean }>(
		asked(`SELECT expires_at < now() AS expired FROM loam.lease WHERE name = 'views'`)
	);
	return rows[0]!.expired;
}

/** Both sessions are of login `views`, which may end its own. */
async function endHungHolder(client: Client): Promise<void> {
	await client.query(
		asked(`SELECT pg_terminate_backend(l.pid)
		   FROM pg_locks l, loam.lease e
		  WHERE e.name = 'views' AND e.expires_at < now()
		    AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
		    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		    AND (l.classid::bigint << 32 | l.objid::bigint) = ${lockKey}`)
	);
}

/** Does not wait for the disk: a renewal that a crash undoes is none, and a slow disk is no reason to be replaced. */
const renewal = `UPDATE loam.lease SET epoch = $1, expires_at = now() + $2 * interval '1 millisecond'
  WHERE name = 'views' AND epoch <= $1 AND set_config('synchronous_commit', 'off', true) IS NOT NULL`;

async function renew(client: Client, epoch: bigint): Promise<void> {
	await client.query(renewal, [epoch.toString(), lastsMs]);
}

/** A renewal that can't be made is no loss: the epoch decides. */
async function renewFromPool(postgres: Postgres, epoch: bigint): Promise<boolean> {
	try {
		const { rowCount } = await postgres.app.query({
			text: renewal,
			values: [epoch.toString(), lastsMs],
			...{ query_timeout: lastsMs }
		});
		return rowCount === 1;
	} catch {
		return true;
	}
}
