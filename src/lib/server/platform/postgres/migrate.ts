import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Instance } from './bootstrap.ts';
import { watched } from './connection.ts';
import { errors } from './errors.ts';

export interface Migration {
	/** `000001_name.sql` */
	readonly name: string;
	readonly sql: string;
	readonly sha256: string;
}

/** The files of a folder in the order of their numbers. */
export function readMigrations(folder: string): Migration[] {
	return readdirSync(folder)
		.filter((name) => /^\d{6}_[a-z0-9_]+\.sql$/.test(name))
		.sort()
		.map((name) => {
			const sql = readFileSync(join(folder, name), 'utf8');
			return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
		});
}

/**
 * Brings schema `loam` up to date as `admin`, each file in a transaction of its own, then grants what
 * the logins need. Safe to run by several nodes at once. Throws MIGRATION_CHANGED, MIGRATION_FAILED.
 */
export async function migrate(instance: Instance, migrations: readonly Migration[]): Promise<string[]> {
	const client = new pg.Client({ connectionString: instance.urlAs('admin'), ...watched });
	client.on('error', () => {});
	await client.connect();
	try {
		await client.query(`SELECT pg_advisory_lock(hashtext('loam.migrate'))`);
		await client.query(`
			CREATE TABLE IF NOT EXISTS loam.migration (
				name text PRIMARY KEY,
				sha256 text NOT NULL,
				applied_at timestamptz NOT NULL DEFAULT now()
			)`);
		const applied = await appliedHashes(client);
		const done: string[] = [];
		for (const migration of migrations) {
			const before = applied.get(migration.name);
			if (before === undefined) {
				await apply(client, migration);
				done.push(migration.name);
			} else if (before !== migration.sha256) {
				throw errors.MIGRATION_CHANGED(
					`The migration ${migration.name} was changed after it ran. Restore it and add a new one.`,
					{ migration: migration.name }
				);
			}
		}
		await grant(client, instance);
		return done;
	} finally {
		await client.end();
	}
}

async function appliedHashes(client: pg.Client): Promise<Map<string, string>> {
	const { rows } = await client.query<{ name: string; sha256: string }>(
		'SELECT name, sha256 FROM loam.migration'
	);
	return new Map(rows.map((row) => [row.name, row.sha256]));
}

async function apply(client: pg.Client, { name, sql, sha256 }: Migration): Promise<void> {
	try {
		await client.query('BEGIN');
		await client.query(sql);
		await client.query('INSERT INTO loam.migration (name, sha256) VALUES ($1, $2)', [name, sha256]);
		await client.query('COMMIT');
	} catch (cause) {
		await client.query('ROLLBACK').catch(() => {});
		throw errors.MIGRATION_FAILED(
			`The migration ${name} failed: ${String(cause)}`,
			{ migration: name },
			cause
		);
	}
}

async function grant(client: pg.Client, { logins }: Instance): Promise<void> {
	const [app, views] = [logins.app, logins.views].map((role) => client.escapeIdentifier(role));
	await client.query(`
		GRANT USAGE ON SCHEMA loam TO ${app}, ${views};
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA loam TO ${app}, ${views};
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA loam TO ${app}, ${views};
		GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA loam TO ${app}, ${views}`);
}
