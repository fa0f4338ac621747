import { transaction, type Pool, type PoolClient } from '#platform/postgres';
import { raiseGrantsVersion, type GrantsClock } from './grants-version.ts';

/** One transaction that changes what somebody may do, or ends a session. */
export type Changing = <T>(work: (client: PoolClient) => Promise<T>) => Promise<T>;

/** It raises the version of the grants, which this node then knows at once. */
export function changingWith(pool: Pool, clock: GrantsClock): Changing {
	return async (work) => {
		let version = 0n;
		const result = await transaction(pool, async (client) => {
			const done = await work(client);
			version = await raiseGrantsVersion(client);
			return done;
		});
		clock.advance(version);
		return result;
	};
}
