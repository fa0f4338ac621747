import type { Diagnostic } from '#kernel';
import { compareTables, draftMigration, type TableSpec } from '#engine/schema';
import type { Seeds } from '#engine/module';
import type { Client } from '#platform/postgres';
import { readCatalog } from '../database/catalog.ts';
import { runMigrations } from '../database/run-migrations.ts';
import { demoFile, loadSeeds } from '../database/seeds.ts';
import type { Migration } from '../database/migration.ts';
import { refusedTables } from './breaking.ts';
import { tablesNow } from './tables-now.ts';

/** What schema.proto wants, and what the last release had. */
export interface WantedTables {
	readonly tables: readonly TableSpec[];
	readonly released: readonly TableSpec[];
}

/**
 * Runs all migrations from nothing in a shadow schema and compares the tables with what schema.proto says;
 * where that is broken, `wanted` is undefined and the migrations are tried alone. Tells what tables are
 * there now: none where a migration failed.
 */
export async function rehearse(
	client: Client,
	schema: string,
	migrations: readonly Migration[],
	wanted: WantedTables | undefined,
	found: Diagnostic[]
): Promise<'as-wanted' | 'otherwise' | 'nothing'> {
	await client.query(`BEGIN; SET LOCAL statement_timeout = '5s'`);
	await runMigrations(client, migrations, found);
	if (found.length > 0) {
		await client.query('ROLLBACK');
		return 'nothing';
	}
	const differences = wanted ? await compare(client, schema, wanted) : [];
	found.push(...(differences ?? []));
	await client.query('COMMIT');
	return differences ? 'otherwise' : 'as-wanted';
}

/** Where tables differ from the schema; undefined where they don't. What the next migration can mend offers to write it. */
async function compare(
	client: Client,
	schema: string,
	{ tables, released }: WantedTables
): Promise<Diagnostic[] | undefined> {
	const catalog = await readCatalog(client, schema);
	const refused = refusedTables(released, tables);
	const isOpen = ({ name }: { readonly name: string }) => !refused.has(name);
	const differences = compareTables(catalog.filter(isOpen), tables.filter(isOpen));
	if (differences.length === 0) return refused.size === 0 ? undefined : [];
	const { sql } = draftMigration(tablesNow(catalog, released, tables), tables);
	return differences.map((one) =>
		sql !== '' && draftable.has(one.reason) ? { ...one, fix: { kind: 'draft-migration' } } : one
	);
}

const draftable: ReadonlySet<string> = new Set([
	'TABLE_MISSING',
	'COLUMN_MISSING',
	'COLUMN_VALUES',
	'COLUMN_PRESENCE',
	'COLUMN_DEFAULT'
]);

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
