import type { Diagnostic } from '#kernel';
import { compareTables, type TableSpec } from '#engine/schema';
import type { Seeds } from '#engine/module';
import type { Client } from '#platform/postgres';
import { readCatalog } from '../database/catalog.ts';
import { runMigrations } from '../database/run-migrations.ts';
import { demoFile, loadSeeds } from '../database/seeds.ts';
import type { Migration } from '../database/migration.ts';

/** Runs all migrations from nothing in a shadow schema and compares the tables with what schema.proto says. */
export async function rehearse(
	client: Client,
	schema: string,
	migrations: readonly Migration[],
	tables: readonly TableSpec[],
	found: Diagnostic[]
): Promise<void> {
	await client.query(`BEGIN; SET LOCAL statement_timeout = '5s'`);
	await runMigrations(client, migrations, found);
	if (found.length > 0) {
		await client.query('ROLLBACK');
		return;
	}
	found.push(...compareTables(await readCatalog(client, schema), tables));
	await client.query('COMMIT');
}

/** Loads the demo's rows into the shadow, to see that they fit; nothing of it stays. */
export async function rehearseSeeds(
	client: Client,
	schema: string,
	tables: readonly TableSpec[],
	seeds: Seeds,
	text: string,
	found: Diagnostic[]
): Promise<void> {
	await client.query(`BEGIN; SET LOCAL statement_timeout = '5s'`);
	await loadSeeds(client, schema, tables, seeds, { file: demoFile, text }, found);
	await client.query('ROLLBACK');
}
