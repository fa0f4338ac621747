import type { Diagnostic } from '#kernel';
import {
	bindingLimit,
	parseOrder,
	parsePage,
	parseSeeds,
	type Binding,
	type ModuleFiles
} from '#engine/module';
import { checkFilter, parseFilter, toSql } from '#engine/policy';
import { quote, type TableSpec } from '#engine/schema';
import {
	finishView,
	implicitView,
	peopleTable,
	platformTables,
	renderSql,
	type ViewColumn
} from '#engine/view';
import type { Project, Tenancy } from '#core/tenancy';
import type { Client, Postgres } from '#platform/postgres';
import { isPostgresError, runMigrations } from './database/run-migrations.ts';
import { demoFile, loadSeeds } from './database/seeds.ts';
import { inShadow } from './database/shadow.ts';
import { appliedMigrations } from './database/upgrade.ts';
import { checkMigrations, readMigrations, type Released } from './gate/migrations.ts';
import type { Migration } from './database/migration.ts';
import { compileSchema } from './gate/schema.ts';
import { plan, viewFile, viewsOf } from './gate/views.ts';
import { postgresDiagnostic } from '#engine/sql';

export interface PreviewInput {
	readonly project: Project;
	readonly module: string;
	readonly files: ModuleFiles;
	/** A file of pages/. */
	readonly page: string;
	readonly params: Readonly<Record<string, string>>;
	readonly principal: string | undefined;
	readonly released: Released;
}

export interface PreviewBinding {
	readonly columns: readonly ViewColumn[];
	/** Text as Postgres prints it; null for NULL. */
	readonly rows: readonly Readonly<Record<string, string | null>>[];
}

export interface PreviewResult {
	readonly bindings: Readonly<Record<string, PreviewBinding>>;
	readonly diagnostics: readonly Diagnostic[];
	/** Of the installation whose rows are shown; undefined: rows of the demo. */
	readonly release: string | undefined;
}

interface PreviewTools {
	readonly postgres: Postgres;
	readonly tenancy: Tenancy;
}

/**
 * Rows for each binding of a draft's page: its SELECTs, limited, as the owner of the project's
 * installation, after the draft's own migrations, all in a transaction that is rolled back. A module that
 * is not installed is shown with the rows of its demo.
 */
export async function preview(tools: PreviewTools, input: PreviewInput): Promise<PreviewResult> {
	const { files, module, project } = input;
	const found: Diagnostic[] = [];
	const page = parsePage(files.get(input.page)!, input.page);
	found.push(...page.diagnostics);
	const compiled = await compileSchema(files, module, found);
	const migrations = await readMigrations(files);
	await checkMigrations(migrations, input.released, found);
	const failed = (release: string | undefined) => ({ bindings: {}, diagnostics: found, release });
	if (!page.value || !compiled || found.length > 0) return failed(undefined);
	const data = page.value.data;
	const { tables } = compiled.schema;
	const read = (client: Client, schema: string) => readBindings(client, schema, input, data, tables, found);

	const installation = await tools.tenancy.installation(project.id, module);
	if (!installation) {
		const bindings = await inShadow(tools, project, module, (client, schema) =>
			rolledBack(client, async () => {
				await runMigrations(client, migrations, found);
				if (found.length === 0) await loadDemo(client, schema, tables, files, found);
				return found.length === 0 ? read(client, schema) : {};
			})
		);
		return { bindings, diagnostics: found, release: undefined };
	}
	const bindings = await tools.tenancy.asOwner(installation, (client) =>
		rolledBack(client, async () => {
			const applied = await appliedMigrations(client, installation);
			const pending = migrations.filter((one: Migration) => !applied.has(one.file));
			await runMigrations(client, pending, found);
			return found.length === 0 ? read(client, installation.schema) : {};
		})
	);
	return { bindings, diagnostics: found, release: installation.release.shortHash };
}

async function rolledBack<T>(client: Client, work: () => Promise<T>): Promise<T> {
	await client.query(`BEGIN; SET LOCAL statement_timeout = '3s'`);
	try {
		return await work();
	} finally {
		await client.query('ROLLBACK');
	}
}

async function loadDemo(
	client: Client,
	schema: string,
	tables: readonly TableSpec[],
	files: ModuleFiles,
	found: Diagnostic[]
): Promise<void> {
	const text = files.get(demoFile);
	const seeds = text === undefined ? undefined : parseSeeds(text, demoFile).value;
	if (text !== undefined && seeds)
		await loadSeeds(client, schema, tables, seeds, { file: demoFile, text }, found);
}

async function readBindings(
	client: Client,
	schema: string,
	input: PreviewInput,
	data: Readonly<Record<string, Binding>>,
	tables: readonly TableSpec[],
	found: Diagnostic[]
): Promise<Record<string, PreviewBinding>> {
	const bindings: Record<string, PreviewBinding> = {};
	for (const [name, binding] of Object.entries(data)) {
		await client.query('SAVEPOINT binding');
		const rows = await readBinding(client, schema, input, binding, tables, found);
		await client.query('ROLLBACK TO SAVEPOINT binding');
		if (rows) bindings[name] = rows;
	}
	return bindings;
}

async function readBinding(
	client: Client,
	schema: string,
	input: PreviewInput,
	binding: Binding,
	tables: readonly TableSpec[],
	found: Diagnostic[]
): Promise<PreviewBinding | undefined> {
	const file = viewFile(binding.view);
	try {
		const view = await resolveView(client, schema, input.files, binding.view, tables, found);
		if (!view) return undefined;
		const { sql, columns } = view;
		const problem = binding.where === undefined ? undefined : checkFilter(binding.where, columns);
		if (problem) {
			found.push(pageFinding(input.page, `"where" of a binding: ${problem.message}`));
			return undefined;
		}
		const env = { principal: input.principal, params: input.params };
		const where = binding.where === undefined ? undefined : toSql(parseFilter(binding.where, columns), env);
		const text = [
			`SELECT * FROM (${sql}\n) AS v`,
			where ? `WHERE ${where.text}` : '',
			orderBy(binding, columns),
			`LIMIT ${Math.min(binding.limit, bindingLimit.most)}`
		].join(' ');
		const asText = { getTypeParser: () => (value: string) => value };
		const { rows } = await client.query<Record<string, string | null>>({
			text,
			values: where?.values ?? [],
			types: asText
		});
		return { columns, rows };
	} catch (error) {
		if (!isPostgresError(error)) throw error;
		const source = input.files.get(file);
		if (source === undefined) found.push(pageFinding(input.page, error.message));
		else
			found.push({
				...postgresDiagnostic(file, source, { message: error.message, hint: error.hint }),
				reason: 'VIEW_REFUSED'
			});
		return undefined;
	}
}

function orderBy(binding: Binding, columns: readonly ViewColumn[]): string {
	const parts = binding.order.flatMap((text) => {
		const order = parseOrder(text);
		if (!order || !columns.some((column) => column.name === order.column)) return [];
		return [`${quote(order.column)} ${order.descending ? 'DESC' : 'ASC'}`];
	});
	return parts.length > 0 ? `ORDER BY ${parts.join(', ')}` : '';
}

async function resolveView(
	client: Client,
	schema: string,
	files: ModuleFiles,
	name: string,
	tables: readonly TableSpec[],
	found: Diagnostic[]
): Promise<{ sql: string; columns: readonly ViewColumn[] } | undefined> {
	const file = viewFile(name);
	const text = files.get(file);
	if (text === undefined) {
		const table = [...tables, peopleTable].find((one) => one.name === name);
		if (table) return implicitView(table);
		found.push(pageFinding(file, `There is no view "${name}".`));
		return undefined;
	}
	const outcome = await plan({
		name,
		file,
		sql: text,
		tables: [...tables, ...platformTables],
		views: viewsOf(files)
	});
	if (!outcome.ok) {
		found.push(...outcome.diagnostics);
		return undefined;
	}
	const { rows } = await client.query<{ types: string[] }>(
		renderSql(outcome.plan.describeSql, { data: schema })
	);
	return {
		sql: outcome.plan.checkSql.replace(/;\s*$/, ''),
		columns: finishView(outcome.plan, rows[0]!.types).columns
	};
}

function pageFinding(file: string, message: string): Diagnostic {
	return { severity: 'error', file, line: 1, column: 1, reason: 'PREVIEW', message };
}
