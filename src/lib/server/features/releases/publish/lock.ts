import type { Postgres } from '#platform/postgres';
import { errors } from '../errors.ts';
import { isPostgresError } from '../database/run-migrations.ts';

/** How long a publish waits for another one of the same module. */
const wait = '60s';

/**
 * Runs `work` while no other node or request publishes or installs this module. The lock is a session's,
 * so a crash gives it back. Throws PUBLISH_BUSY.
 */
export async function withModuleLock<T>(
	postgres: Postgres,
	moduleId: string,
	work: () => Promise<T>
): Promise<T> {
	const client = await postgres.connect(postgres.instance.urlAs('app'), { application_name: 'loam publish' });
	try {
		await client.query(`SET lock_timeout = '${wait}'`);
		await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`loam.publish:${moduleId}`]);
		return await work();
	} catch (error) {
		if (isPostgresError(error) && error.code === '55P03') {
			throw errors.PUBLISH_BUSY('This module is being published right now. Try again in a moment.', {
				module: moduleId
			});
		}
		throw error;
	} finally {
		await client.end();
	}
}
