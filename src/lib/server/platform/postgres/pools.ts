import pg from 'pg';
import type { Instance } from './bootstrap.ts';

export type { Pool, PoolClient, Client, QueryResultRow } from 'pg';

/** Text out of Postgres in one form, whatever the server's defaults: what the shape protocol wants. */
export const outputSettings = [
	'-c TimeZone=UTC',
	'-c DateStyle=ISO,DMY',
	'-c IntervalStyle=iso_8601',
	'-c bytea_output=hex',
	'-c extra_float_digits=1'
].join(' ');

/**
 * The connections of a node, by purpose. On two cores: 8 for the platform, 16 commands, 6 reads, 2 for
 * DDL (rule 34).
 */
export interface Postgres {
	readonly instance: Instance;
	/** Sessions, grants, the lease, and the platform's own reads and writes: short ones alone. Login `app`. */
	readonly app: pg.Pool;
	/** Commands of modules, which may hold theirs for seconds: nothing else waits behind them. Login `app`. */
	readonly commands: pg.Pool;
	/** Snapshots of shapes and pages: may be held for a while. Login `app`. */
	readonly read: pg.Pool;
	/** DDL: installs, releases, publications. Login `admin`. */
	readonly admin: pg.Pool;
	/** A connection of one's own, not from a pool: the maintainer, a listener, a migration as an owner. */
	connect(url: string, options?: pg.ClientConfig): Promise<pg.Client>;
	end(): Promise<void>;
}

export function openPools(instance: Instance): Postgres {
	const pool = (login: 'app' | 'admin', max: number) => {
		const made = new pg.Pool({
			connectionString: instance.urlAs(login),
			max,
			options: outputSettings,
			application_name: `loam ${login}`,
			idleTimeoutMillis: 60_000,
			connectionTimeoutMillis: 10_000,
			query_timeout: 60_000,
			keepAlive: true
		});
		// An idle connection that breaks (Postgres restarted) is replaced at the next use.
		made.on('error', () => {});
		return made;
	};
	const app = pool('app', 8);
	const commands = pool('app', 16);
	const read = pool('app', 6);
	const admin = pool('admin', 2);
	return {
		instance,
		app,
		commands,
		read,
		admin,
		async connect(url, options = {}) {
			const client = new pg.Client({
				connectionString: url,
				options: outputSettings,
				keepAlive: true,
				...options
			});
			client.on('error', () => {});
			await client.connect();
			return client;
		},
		async end() {
			await Promise.all([app.end(), commands.end(), read.end(), admin.end()]);
		}
	};
}

/** Runs `work` in one transaction on a connection of the pool; rolls back and rethrows on any error. */
export async function transaction<T>(
	pool: pg.Pool,
	work: (client: pg.PoolClient) => Promise<T>,
	begin = 'BEGIN'
): Promise<T> {
	const client = await pool.connect();
	let broken: Error | undefined;
	try {
		await client.query(begin);
		const result = await work(client);
		await client.query('COMMIT');
		return result;
	} catch (error) {
		await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
		throw error;
	} finally {
		client.release(broken);
	}
}
