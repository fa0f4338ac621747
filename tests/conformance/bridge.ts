import { findNginx, startCachingProxy } from '#support/nginx';
import { servePlainTables } from './plain-tables.ts';
import { startSuiteDatabase, suiteSchema, suiteUrl } from './suite-database.ts';

/** What the foreign suites run against. */
export interface Bridge {
	/** For the environment of the suites. */
	readonly environment: Readonly<Record<string, string>>;
	/** Whether there is a cache before the server. */
	readonly cached: boolean;
	stop(): Promise<void>;
}

/** Of the tables that `npm/orders.ts` makes. */
const derived = {
	totals: {
		sql: 'SELECT customer, count(*) AS orders, sum(amount) AS amount FROM orders GROUP BY customer',
		tables: ['orders']
	}
};

/** A Loam with a Postgres where the suites expect one, and a cache before it where nginx is installed. */
export async function openBridge(): Promise<Bridge> {
	const database = await startSuiteDatabase();
	const loam = await servePlainTables(database.url, suiteSchema, derived);
	database.redirect(loam.schema);
	const nginx = findNginx();
	const proxy = nginx === undefined ? undefined : await startCachingProxy(nginx, loam.url);
	return {
		environment: {
			ELECTRIC_URL: loam.url,
			LOAM_SUITE_DATABASE: suiteUrl,
			LOAM_SUITE_SCHEMA: suiteSchema,
			...(proxy ? { ELECTRIC_PROXY_CACHE_URL: proxy.url } : {})
		},
		cached: proxy !== undefined,
		async stop() {
			await proxy?.stop();
			await loam.stop();
			await database.stop();
		}
	};
}
