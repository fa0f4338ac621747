import type { Diagnostic } from '#kernel';
import {
	contentHash,
	filesOf,
	routeOf,
	type Manifest,
	type ModuleFiles,
	type ReleaseArtifact,
	type Seeds
} from '#engine/module';
import { sdkTypes } from '#engine/schema';
import type { ViewSpec } from '#engine/view';
import { demoFile } from '../database/seeds.ts';
import type { Migration } from '../database/migration.ts';
import type { ReportWriter } from '../report.ts';
import { checkAccess } from './access.ts';
import { checkBreaking } from './breaking.ts';
import { checkData } from './data.ts';
import type { GateInput, GateTools } from './input.ts';
import { bundle, checkHandlers, checkLogicTypes } from './logic.ts';
import { readMigrations } from './migrations.ts';
import type { Names } from './names.ts';
import { checkPages } from './pages.ts';
import { parseFiles, type ParsedFiles } from './parse.ts';
import { compileSchema, type CompiledSchema } from './schema.ts';
import { unsharedViews } from './sharing.ts';
import { viewNames } from './views.ts';

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
 * Every check that a module must pass, each a step of the report. A file that is broken hides nothing of the
 * others: each step runs on what is known, and says nothing of what only the broken one could tell.
 */
export async function runGate(
	tools: GateTools,
	input: GateInput,
	report: ReportWriter
): Promise<Candidate | undefined> {
	const { files, module, released } = input;
	let parsed: ParsedFiles | undefined;
	const whole = await report.run('files', (found) => (parsed = parseFiles(files, module, found)));
	const { pages, manifest } = parsed!;
	const compiled = await report.run('schema', (found) => compileSchema(files, module, found));
	const [script, data] = await Promise.all([
		compiled ? buildLogic(tools, input, compiled, report) : checkLogicAlone(tools, input, report),
		checkData(tools, input, parsed!, compiled, report),
		compiled
			? report.run('breaking', (found) => checkBreaking(compiled, released, found))
			: report.skip('breaking')
	]);
	const names: Names = { views: data.known, schema: compiled?.schema, routes: routesOf(files) };
	if (!manifest) report.skip('access');
	else {
		await report.run('access', (found) => {
			checkAccess(files.get('module.json')!, manifest, names, found);
			found.push(...unsharedViews(viewNames(files), names, pages, manifest.access));
		});
	}
	await report.run('pages', (found) => checkPages(files, pages, names, manifest?.access, found));
	if (!report.finish().ok || !whole || !compiled || !data.specs || script === undefined || !manifest)
		return undefined;
	return candidate(input, parsed!, manifest, compiled, data.specs, script);
}

/** Addresses of the files of pages/, whatever is in them. */
function routesOf(files: ModuleFiles): string[] {
	return filesOf(files, 'page').map((file) => routeOf(file).join('/'));
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
			await checkLogicTypes(types, key, files, { sdk: sdkTypes(schema), handlers }, found);
		}),
		report.run('bundle', (found) => bundle(files, handlers, found))
	]);
	return script;
}

/** Without a schema the types of messages and rows are anything. */
async function checkLogicAlone(
	{ types }: GateTools,
	{ files, project, module }: GateInput,
	report: ReportWriter
): Promise<undefined> {
	const key = `${project.path}/${module}`;
	await report.run('types', (found) => checkLogicTypes(types, key, files, undefined, found));
	return report.skip('bundle');
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
