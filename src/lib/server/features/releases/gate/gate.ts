import type { Diagnostic } from '#kernel';
import {
	contentHash,
	type Manifest,
	type ModuleFiles,
	type ReleaseArtifact,
	type Seeds
} from '#engine/module';
import type { ViewSpec } from '#engine/view';
import type { Project, Tenancy } from '#core/tenancy';
import type { Client, Postgres } from '#platform/postgres';
import { demoFile } from '../database/seeds.ts';
import type { Migration } from '../database/migration.ts';
import { inShadow } from '../database/shadow.ts';
import type { ReportWriter } from '../report.ts';
import type { TypeChecker } from '../types/checker.ts';
import { checkAccess } from './access.ts';
import { bundle, checkHandlers, checkLogicTypes } from './logic.ts';
import { checkMigrations, checkTables, readMigrations, type Released } from './migrations.ts';
import { checkPages } from './pages.ts';
import { parseFiles, type ParsedFiles } from './parse.ts';
import { rehearse, rehearseSeeds } from './rehearsal.ts';
import { compileSchema, type CompiledSchema } from './schema.ts';
import { checkSeeds } from './seeds.ts';
import { finishViews, implicitViews, planViews, type PlannedView } from './views.ts';

export interface GateInput {
	/** Where the module would be installed. */
	readonly project: Project;
	readonly module: string;
	readonly files: ModuleFiles;
	readonly released: Released;
}

export interface GateTools {
	readonly postgres: Postgres;
	readonly tenancy: Tenancy;
	readonly types: TypeChecker;
}

/** What has passed the gate and may become a release. */
export interface Candidate {
	readonly hash: string;
	readonly files: ModuleFiles;
	readonly manifest: Manifest;
	readonly artifact: ReleaseArtifact;
	readonly descriptor: Uint8Array;
	readonly migrations: readonly Migration[];
	/** Rows of seeds/demo.json, where there are any. */
	readonly demo: Seeds | undefined;
}

/**
 * Every check that a module must pass, each a step of the report. Steps that need what another step made
 * are skipped when that one failed; all others run, so that one pass finds as much as it can.
 */
export async function runGate(
	tools: GateTools,
	input: GateInput,
	report: ReportWriter
): Promise<Candidate | undefined> {
	const { files, module } = input;
	let parsed: ParsedFiles | undefined;
	const whole = await report.run('files', (found) => (parsed = parseFiles(files, module, found)));
	const compiled = await report.run('schema', (found) => compileSchema(files, module, found));
	const [made, views] = await Promise.all([
		compiled ? buildLogic(tools, input, compiled, report) : skipAll(report, ['types', 'bundle']),
		buildData(tools, input, parsed!, compiled, report)
	]);
	const manifest = parsed!.manifest;
	if (!compiled || !views) skipAll(report, ['access', 'pages']);
	else {
		const { methods, tables } = compiled.schema;
		if (!manifest) report.skip('access');
		else {
			const names = { views, methods, tables, pages: parsed!.pages };
			await report.run('access', (found) => checkAccess(files.get('module.json')!, manifest, names, found));
		}
		await report.run('pages', (found) =>
			checkPages(files, parsed!.pages, { views, methods, access: manifest?.access }, found)
		);
	}
	if (!report.finish().ok || !whole || !compiled || !views || made === undefined || !manifest)
		return undefined;
	return candidate(input, parsed!, manifest, compiled, views, made);
}

function skipAll(report: ReportWriter, steps: readonly string[]): undefined {
	for (const step of steps) report.skip(step);
	return undefined;
}

/** Handlers and their types; gives the script that they become. */
async function buildLogic(
	{ types }: GateTools,
	{ files, project, module }: GateInput,
	{ schema }: CompiledSchema,
	report: ReportWriter
): Promise<string | undefined> {
	const missing: Diagnostic[] = [];
	const handlers = checkHandlers(files, schema, missing);
	const key = `${project.path}/${module}`;
	const [, script] = await Promise.all([
		report.run('types', async (found) => {
			found.push(...missing);
			await checkLogicTypes(types, key, files, schema, handlers, found);
		}),
		report.run('bundle', (found) => bundle(files, handlers, found))
	]);
	return script;
}

/** Migrations and views, tried in a shadow schema. Gives every view, implicit ones too. */
async function buildData(
	tools: GateTools,
	{ project, module, files, released }: GateInput,
	{ seeds }: ParsedFiles,
	compiled: CompiledSchema | undefined,
	report: ReportWriter
): Promise<ViewSpec[] | undefined> {
	const migrations = await readMigrations(files);
	const guarded = await report.run('migrations', async (found) => {
		if (compiled) checkTables(compiled.schema.tables, released, found);
		await checkMigrations(migrations, released, found);
		return true;
	});
	if (!compiled) return skipAll(report, ['views', 'rehearsal']);
	const { tables } = compiled.schema;
	const planned: PlannedView[] = [];
	const problems: Diagnostic[] = [];
	planned.push(...(await planViews(files, tables, problems)));
	if (!guarded) {
		await report.run('views', (found) => void found.push(...problems));
		return report.skip('rehearsal');
	}
	return inShadow(tools, project, module, async (client, schema) => {
		const rehearsed = await report.run('rehearsal', async (found) => {
			checkSeeds(files, seeds, tables, found);
			await rehearse(client, schema, migrations, tables, found);
			return found.length === 0
				? tryDemo(client, schema, tables, seeds, files, found).then(() => true)
				: undefined;
		});
		return report.run('views', async (found) => {
			found.push(...problems);
			if (!rehearsed) return undefined;
			return [
				...(await implicitViews(tables, found)),
				...(await finishViews(client, schema, planned, found))
			];
		});
	});
}

async function tryDemo(
	client: Client,
	schema: string,
	tables: CompiledSchema['schema']['tables'],
	seeds: ParsedFiles['seeds'],
	files: ModuleFiles,
	found: Diagnostic[]
): Promise<void> {
	const demo = seeds.get(demoFile);
	if (demo) await rehearseSeeds(client, schema, tables, demo, files.get(demoFile)!, found);
}

async function candidate(
	{ files }: GateInput,
	parsed: ParsedFiles,
	manifest: Manifest,
	compiled: CompiledSchema,
	views: readonly ViewSpec[],
	script: string
): Promise<Candidate> {
	const { schema, descriptor } = compiled;
	return {
		hash: await contentHash(files),
		files,
		manifest,
		descriptor,
		migrations: await readMigrations(files),
		demo: parsed.seeds.get(demoFile),
		artifact: {
			format: 1,
			manifest,
			package: schema.package,
			tables: schema.tables,
			methods: schema.methods,
			views,
			pages: parsed.pages,
			bundle: script,
			locales: parsed.locales
		}
	};
}
