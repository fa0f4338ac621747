import pg from 'pg';
import type { Instance } from './bootstrap.ts';
import { connectAlone, watched } from './connection.ts';
import { openListener, type Listener } from './listener.ts';

export type { Pool, PoolClient, Client, QueryResultRow } from 'pg';

/**
 * The connections of a node, by purpose. On two cores: 8 for the platform, 16 commands, 6 reads, 2 for
 * DDL, 1 that listens (rule 34).
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
	/** Notifications between nodes. Login `app`. */
	readonly listener: Listener;
	/**
	 * A connection of one's own, not from a pool: the maintainer, a migration as an owner. It ends when an
	 * answer takes longer than `query_timeout` (a quarter of an hour).
	 */
	connect(url: string, options?: pg.ClientConfig): Promise<pg.Client>;
	end(): Promise<void>;
}

/** Answers of short statements, and of those that may take longer, are waited for no longer. */
const shortMs = 20_000;
const longMs = 60_000;

export function openPools(instance: Instance): Postgres {
	const pool = (login: 'app' | 'admin', max: number, query_timeout: number) => {
		const made = new pg.Pool({
			connectionString: instance.urlAs(login),
			...watched,
			max,
			application_name: `loam ${login}`,
			idleTimeoutMillis: 60_000,
			query_timeout
		});
		// An idle connection that breaks (Postgres restarted) is replaced at the next use; one that breaks
		// while it is taken, between two queries, fails the next of them.
		made.on('error', () => {});
		made.on('connect', (client) => client.on('error', () => {}));
		return made;
	};
	const app = pool('app', 8, shortMs);
	const commands = pool('app', 16, shortMs);
	const read = pool('app', 6, longMs);
	const admin = pool('admin', 2, longMs);
	const listener = openListener(instance.urlAs('app'));
	return {
		instance,
		app,
		commands,
		read,
		admin,
		listener,
		connect: (url, options = {}) => connectAlone(url, options),
		async end() {
			await Promise.all([listener.end(), app.end(), commands.end(), read.end(), admin.end()]);
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
