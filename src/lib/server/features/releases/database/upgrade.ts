import { setTimeout as pause } from 'node:timers/promises';
import type { Diagnostic } from '#kernel';
import { compareTables, quote, type TableSpec } from '#engine/schema';
import type { Place, Tenancy } from '#core/tenancy';
import type { Client } from '#platform/postgres';
import type { Migration } from './migration.ts';
import { readCatalog } from './catalog.ts';
import { runMigrations } from './run-migrations.ts';

export interface Upgrade {
	/** Of the release, hex. */
	readonly hash: string;
	readonly migrations: readonly Migration[];
	readonly tables: readonly TableSpec[];
}

/** A lock waits 200 ms (rule 12 of the data rules); so often it is tried again. */
const lockAttempts = 20;

/**
 * Brings an installation's tables to a release: the migrations that it has not run, as its owner, in one
 * transaction that also records them in `_migrations` and ends only where tables and schema agree.
 * Running it again does nothing. On a finding nothing was changed.
 */
export async function upgrade(
	tenancy: Tenancy,
	place: Place,
	wanted: Upgrade,
	found: Diagnostic[]
): Promise<void> {
	await attempt(tenancy, place, wanted, 'COMMIT', '60s', found);
}

/** The same against the real rows, rolled back: what would go wrong goes wrong here. */
export async function tryUpgrade(
	tenancy: Tenancy,
	place: Place,
	wanted: Upgrade,
	found: Diagnostic[]
): Promise<void> {
	await attempt(tenancy, place, wanted, 'ROLLBACK', '10s', found);
}

async function attempt(
	tenancy: Tenancy,
	place: Place,
	wanted: Upgrade,
	end: 'COMMIT' | 'ROLLBACK',
	timeout: string,
	found: Diagnostic[]
): Promise<void> {
	await tenancy.asOwner(place, async (client) => {
		for (let tries = 1; ; tries++) {
			const problems: Diagnostic[] = [];
			await client.query(`BEGIN; SET LOCAL statement_timeout = '${timeout}'`);
			try {
				await bringUp(client, place, wanted, problems);
				await client.query(problems.length === 0 ? end : 'ROLLBACK');
			} catch (error) {
				await client.query('ROLLBACK').catch(() => {});
				throw error;
			}
			const isLocked = problems.some((one) => one.reason === 'MIGRATION_LOCKED');
			if (!isLocked || tries === lockAttempts) {
				found.push(...problems);
				return;
			}
			await pause(50 + Math.random() * 100);
		}
	});
}

async function bringUp(client: Client, place: Place, wanted: Upgrade, found: Diagnostic[]): Promise<void> {
	const pending = await pendingMigrations(client, place, wanted, found);
	if (found.length > 0 || pending === undefined) return;
	await runMigrations(client, pending, found);
	if (found.length > 0) return;
	found.push(...compareTables(await readCatalog(client, place.schema), wanted.tables));
	if (found.length > 0 || pending.length === 0) return;
	await client.query(
		`INSERT INTO _migrations (file, sha256, release)
		 SELECT file, sha256, $3 FROM unnest($1::text[], $2::text[]) AS done (file, sha256)`,
		[pending.map((one) => one.file), pending.map((one) => one.sha256), wanted.hash]
	);
}

/**
 * The migrations that the installation has not run; undefined where it has run more than the release
 * has: then an earlier release comes back, over tables that only have more than it knows.
 */
async function pendingMigrations(
	client: Client,
	place: Place,
	{ migrations }: Upgrade,
	found: Diagnostic[]
): Promise<readonly Migration[] | undefined> {
	const applied = await appliedMigrations(client, place);
	for (const { file, sha256 } of migrations) {
		const before = applied.get(file);
		if (before !== undefined && before !== sha256) found.push(changedSince(file));
	}
	const known = new Set(migrations.map((one) => one.file));
	if ([...applied.keys()].some((file) => !known.has(file))) return undefined;
	return migrations.filter((one) => !applied.has(one.file));
}

/** What an installation has run, by file; makes the record where there is none. The runtime role may not see it. */
export async function appliedMigrations(client: Client, place: Place): Promise<Map<string, string>> {
	const { rows: tables } = await client.query<{ name: string | null }>(
		'SELECT to_regclass($1)::text AS name',
		[`${quote(place.schema)}._migrations`]
	);
	if (tables[0]!.name === null) {
		await client.query(`
			CREATE TABLE _migrations (
				file text PRIMARY KEY,
				sha256 text NOT NULL,
				release text NOT NULL,
				applied_at timestamptz NOT NULL DEFAULT now()
			);
			REVOKE ALL ON _migrations FROM ${quote(place.runRole)}`);
	}
	const { rows } = await client.query<{ file: string; sha256: string }>(
		'SELECT file, sha256 FROM _migrations'
	);
	return new Map(rows.map((row) => [row.file, row.sha256]));
}

function changedSince(file: string): Diagnostic {
	return {
		severity: 'error',
		file,
		line: 1,
		column: 1,
		reason: 'MIGRATION_RELEASED',
		message: 'This migration has run in the installation and has changed since.',
		hint: 'Restore it as it was, and put the change into a new migration.'
	};
}
