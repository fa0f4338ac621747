import type { Diagnostic } from '#kernel';
import { filesOf, type ModuleFiles } from '#engine/module';
import { draftMigration } from '#engine/schema';
import type { Project, Tenancy } from '#core/tenancy';
import type { Postgres } from '#platform/postgres';
import { readCatalog } from './database/catalog.ts';
import { runMigrations } from './database/run-migrations.ts';
import { inShadow } from './database/shadow.ts';
import { checkMigrations, readMigrations, type Released } from './gate/migrations.ts';
import { compileSchema } from './gate/schema.ts';
import { tablesNow } from './gate/tables-now.ts';

export interface DraftedMigration {
	/** A free file name; empty where nothing is to do. */
	readonly path: string;
	readonly sql: string;
	readonly diagnostics: readonly Diagnostic[];
}

interface Input {
	readonly project: Project;
	readonly module: string;
	readonly files: ModuleFiles;
	readonly released: Released;
}

/** What schema.proto asks for beyond the migrations that the draft has, as the next file of migrations/. */
export async function draftNextMigration(
	tools: { readonly postgres: Postgres; readonly tenancy: Tenancy },
	{ project, module, files, released }: Input
): Promise<DraftedMigration> {
	const found: Diagnostic[] = [];
	const compiled = await compileSchema(files, module, found);
	const migrations = await readMigrations(files);
	await checkMigrations(migrations, released, found);
	if (!compiled || found.length > 0) return { path: '', sql: '', diagnostics: found };
	const catalog = await inShadow(tools, project, module, async (client, schema) => {
		await client.query(`BEGIN; SET LOCAL statement_timeout = '10s'`);
		await runMigrations(client, migrations, found);
		const tables = found.length === 0 ? await readCatalog(client, schema) : [];
		await client.query('ROLLBACK');
		return tables;
	});
	if (found.length > 0) return { path: '', sql: '', diagnostics: found };
	const wanted = compiled.schema.tables;
	const { sql, title, refused } = draftMigration(tablesNow(catalog, released.tables, wanted), wanted);
	return {
		path: sql === '' ? '' : nextPath(files, title),
		sql: sql === '' ? '' : `${sql}\n`,
		diagnostics: refused
	};
}

function nextPath(files: ModuleFiles, title: string): string {
	const numbers = filesOf(files, 'migration').map((path) =>
		Number(path.slice('migrations/'.length, 'migrations/'.length + 4))
	);
	const next = Math.max(0, ...numbers) + 1;
	return `migrations/${String(next).padStart(4, '0')}_${title}.sql`;
}
