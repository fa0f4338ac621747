import { join } from 'node:path';
import { defineRoom, type Logger } from '#kernel';
import { config } from '#platform/config';
import { bootstrapInstance } from './bootstrap.ts';
import { startEmbedded, type Embedded } from './embedded.ts';
import { migrate, readMigrations } from './migrate.ts';
import { openPools, type Postgres } from './pools.ts';

export { bootstrapInstance, type Instance, type Logins } from './bootstrap.ts';
export { connectWithinMs, destroy, outputSettings } from './connection.ts';
export { startEmbedded, type Embedded } from './embedded.ts';
export { freePort } from './free-port.ts';
export { nodeName, type Hearer, type Listener } from './listener.ts';
export { migrate, readMigrations, type Migration } from './migrate.ts';
export {
	openPools,
	transaction,
	type Client,
	type Pool,
	type PoolClient,
	type Postgres,
	type QueryResultRow
} from './pools.ts';

const clusters = new WeakMap<Postgres, Embedded>();
const down = new WeakMap<Postgres, string>();

/** Why the embedded cluster does not run, where that is so. */
export function whyDown(service: Postgres): string | undefined {
	return down.get(service);
}

/** The database: the embedded cluster, or the one of DATABASE_URL; migrated, with its pools open. */
export const postgres = defineRoom<Postgres>({
	name: 'platform/postgres',
	async start(house) {
		const { databaseUrl, dataDir } = house.use(config);
		const cluster = databaseUrl ? undefined : await startEmbedded(join(dataDir, 'postgres'), house.log);
		const url = databaseUrl ?? cluster!.url;
		const instance = await bootstrapInstance(url);
		const applied = await migrate(instance, readMigrations('migrations'));
		house.log.info('database ready', { adopted: cluster?.adopted ?? false, applied });
		const service = openPools(instance);
		if (cluster) keep(service, cluster, house.log);
		return service;
	},
	async stop(service) {
		await service.end();
		await clusters.get(service)?.stop();
	}
});

function keep(service: Postgres, cluster: Embedded, log: Logger): void {
	clusters.set(service, cluster);
	cluster.keepAlive((reason) => {
		if (reason) {
			down.set(service, 'The embedded PostgreSQL does not run; it is started again.');
			log.warn('the database does not run', { error: reason });
		} else {
			down.delete(service);
			log.info('the database runs again');
		}
	});
}
