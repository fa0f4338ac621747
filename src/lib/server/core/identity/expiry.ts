import type { Logger } from '#kernel';
import { transaction, type Pool, type PoolClient } from '#platform/postgres';
import { raiseGrantsVersion, type GrantsClock } from './grants-version.ts';
import { deleteExpiredSessions } from './sessions.ts';

/** No request passes with a session that has expired; what is open learns of it within this time. */
const sweepMs = 2_000;

/** A session that runs out is a change of grants: what it keeps open is told, and ends. Returns the stop. */
export function watchExpiry(pool: Pool, clock: GrantsClock, log: Logger): () => void {
	const timer = setInterval(() => {
		transaction(pool, endExpired).then(
			(version) => version !== undefined && clock.advance(version),
			(error: unknown) => log.warn('expired sessions stay for now', { error })
		);
	}, sweepMs).unref();
	return () => clearInterval(timer);
}

async function endExpired(client: PoolClient): Promise<bigint | undefined> {
	return (await deleteExpiredSessions(client)) > 0 ? raiseGrantsVersion(client) : undefined;
}
