import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { silentLogger } from '#kernel';
import {
	bootstrapInstance,
	migrate,
	openPools,
	readMigrations,
	startEmbedded,
	type Postgres
} from '#platform/postgres';

/** Tests may lose what a crash loses: nothing here is kept. Crash tests start a cluster of their own. */
const testSettings = {
	fsync: 'off',
	max_connections: '400',
	max_replication_slots: '100',
	max_wal_senders: '100',
	max_slot_wal_keep_size: '1GB',
	max_active_replication_origins: '200'
};

/** The cluster that all test files share; adopted where one runs already. */
export async function startTestCluster() {
	return startEmbedded(join(process.cwd(), '.loam/test-postgres'), silentLogger, testSettings);
}

export interface TestPostgres extends Postgres {
	/** Superuser, on this database. */
	readonly superuserUrl: string;
	/** Closes everything and drops the database. */
	drop(): Promise<void>;
}

/** A migrated database of one's own, cloned from a template that is made once for these migrations. */
export async function testPostgres(): Promise<TestPostgres> {
	const clusterUrl = process.env['LOAM_TEST_CLUSTER'] ?? (await startTestCluster()).url;
	const template = await ensureTemplate(clusterUrl);
	const database = `t_${randomBytes(6).toString('hex')}`;
	await onCluster(clusterUrl, (client) => client.query(`CREATE DATABASE ${database} TEMPLATE ${template}`));
	const superuserUrl = urlOf(clusterUrl, database);
	const instance = await bootstrapInstance(superuserUrl);
	// Grants name the instance's own logins, so a clone gives them again; no file is applied.
	await migrate(instance, readMigrations('migrations'));
	const pools = openPools(instance);
	return {
		...pools,
		superuserUrl,
		async drop() {
			await pools.end();
			await dropInstance(clusterUrl, database, instance.id);
		}
	};
}

/** Removes a database and what its instance made outside of it. */
export async function dropInstance(clusterUrl: string, database: string, id: string): Promise<void> {
	await onCluster(clusterUrl, async (client) => {
		await dropSlots(client, database);
		await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
		await dropOrigins(client, id);
		await dropRoles(client, id);
	});
}

async function ensureTemplate(clusterUrl: string): Promise<string> {
	const migrations = readMigrations('migrations');
	const hash = createHash('sha256')
		.update(migrations.map((m) => m.sha256).join())
		.digest('hex')
		.slice(0, 12);
	const template = `loam_template_${hash}`;
	await onCluster(clusterUrl, async (client) => {
		await client.query(`SELECT pg_advisory_lock(hashtext('loam.template'))`);
		const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
		if (rowCount) return;
		const making = `${template}_making`;
		await client.query(`DROP DATABASE IF EXISTS ${making} WITH (FORCE)`);
		await client.query(`CREATE DATABASE ${making}`);
		await migrate(await bootstrapInstance(urlOf(clusterUrl, making)), migrations);
		await client.query(`ALTER DATABASE ${making} RENAME TO ${template}`);
	});
	return template;
}

async function dropSlots(client: pg.Client, database: string): Promise<void> {
	await client.query(
		'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active_pid IS NOT NULL',
		[database]
	);
	for (let attempt = 0; attempt < 50; attempt++) {
		const { rows } = await client.query<{ slot_name: string; active: boolean }>(
			'SELECT slot_name, active FROM pg_replication_slots WHERE database = $1',
			[database]
		);
		if (rows.length === 0) return;
		for (const slot of rows) {
			if (!slot.active) await client.query('SELECT pg_drop_replication_slot($1)', [slot.slot_name]);
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/** Each takes one of a few places in shared memory until it is dropped. */
async function dropOrigins(client: pg.Client, id: string): Promise<void> {
	await client.query(
		'SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname LIKE $1',
		[`loam\\_${id}%`]
	);
}

async function dropRoles(client: pg.Client, id: string): Promise<void> {
	const { rows } = await client.query<{ rolname: string }>(
		'SELECT rolname FROM pg_roles WHERE rolname LIKE $1 ORDER BY rolname = $2',
		[
			`loam\\_${id}\\_%`,
			// It granted the others, and a grantor goes last.
			`loam_${id}_admin`
		]
	);
	for (const { rolname } of rows)
		await client.query(`DROP ROLE IF EXISTS ${client.escapeIdentifier(rolname)}`);
}

function urlOf(clusterUrl: string, database: string): string {
	const url = new URL(clusterUrl);
	url.pathname = `/${database}`;
	return url.toString();
}

async function onCluster<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		return await work(client);
	} finally {
		await client.end();
	}
}
