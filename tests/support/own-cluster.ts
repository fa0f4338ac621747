import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '#kernel';
import {
	bootstrapInstance,
	migrate,
	openPools,
	readMigrations,
	startEmbedded,
	type Embedded,
	type Postgres
} from '#platform/postgres';

/** A cluster of one's own, for tests that break it. Durable, unlike the shared one. */
export interface OwnCluster {
	readonly cluster: Embedded;
	readonly db: Postgres;
	/** Starts it again after it was killed: a new port, the same data. */
	restart(): Promise<void>;
	/** As `kill -9` of all of Postgres would. */
	kill(): Promise<void>;
	drop(): Promise<void>;
}

export async function ownCluster(settings: Readonly<Record<string, string>> = {}): Promise<OwnCluster> {
	const dir = mkdtempSync(join(tmpdir(), 'loam-cluster-'));
	chmodSync(dir, 0o755);
	const small = { shared_buffers: '32MB', max_connections: '60', ...settings };
	const open = async () => {
		const cluster = await startEmbedded(dir, silentLogger, small);
		const instance = await bootstrapInstance(cluster.url);
		await migrate(instance, readMigrations('migrations'));
		return { cluster, db: openPools(instance) };
	};
	let now = await open();
	return {
		get cluster() {
			return now.cluster;
		},
		get db() {
			return now.db;
		},
		async restart() {
			await now.db.end();
			now = await open();
		},
		async kill() {
			process.kill(now.cluster.pid, 'SIGKILL');
			for (const until = Date.now() + 10_000; isAlive(now.cluster.pid) && Date.now() < until;) {
				await new Promise((resolve) => setTimeout(resolve, 10));
			}
		},
		async drop() {
			await now.db.end();
			await now.cluster.stop();
			rmSync(dir, { recursive: true, force: true });
		}
	};
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
