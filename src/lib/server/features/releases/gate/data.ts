import type { Diagnostic } from '#kernel';
import type { ModuleFiles } from '#engine/module';
import type { TableSpec } from '#engine/schema';
import type { ViewSpec } from '#engine/view';
import type { Client } from '#platform/postgres';
import { demoFile } from '../database/seeds.ts';
import { inShadow } from '../database/shadow.ts';
import type { ReportWriter } from '../report.ts';
import type { GateInput, GateTools } from './input.ts';
import { checkMigrations, readMigrations } from './migrations.ts';
import { knownViews, type KnownView } from './names.ts';
import type { ParsedFiles } from './parse.ts';
import { rehearse, rehearseSeeds } from './rehearsal.ts';
import type { CompiledSchema } from './schema.ts';
import { checkSeeds } from './seeds.ts';
import { finishViews, implicitViews, planAlone, planViews, viewNames, type PlannedView } from './views.ts';

/** What the migrations, seeds and views of a module came to. */
export interface CheckedData {
	/** Every view that has a name, with what is known of it. */
	readonly known: readonly KnownView[];
	/** Every view, implicit ones too, where all are well. */
	readonly specs: readonly ViewSpec[] | undefined;
}

/** Migrations, seeds and views, tried in a shadow schema as far as the schema is known. */
export async function checkData(
	tools: GateTools,
	input: GateInput,
	{ seeds }: ParsedFiles,
	compiled: CompiledSchema | undefined,
	report: ReportWriter
): Promise<CheckedData> {
	const { files, released } = input;
	const tables = compiled?.schema.tables;
	const migrations = await readMigrations(files);
	const guarded = await report.run('migrations', async (found) => {
		await checkMigrations(migrations, released, found);
		return true;
	});
	const fitting =
		tables &&
		(await report.run('seeds', (found) => {
			checkSeeds(files, seeds, tables, found);
			return seeds.get(demoFile);
		}));
	const problems: Diagnostic[] = [];
	const planned = tables ? await planViews(files, tables, problems) : await planAlone(files, problems);
	let finished: ViewSpec[] = [];
	if (!guarded) report.skip('rehearsal');
	else {
		await inShadow(tools, input.project, input.module, async (client, schema) => {
			await report.run('rehearsal', async (found) => {
				const wanted = tables && { tables, released: released.tables };
				const made = await rehearse(client, schema, migrations, wanted, found);
				if (made === 'as-wanted' && tables && fitting)
					await rehearseSeeds(client, schema, tables, fitting, files.get(demoFile)!, found);
				finished = await finishIn(client, schema, made, planned, problems);
			});
		});
	}
	return closeViews(files, tables, { planned, finished, problems }, report);
}

/** Where tables differ from the schema, Postgres's words on a view may be words on the difference. */
async function finishIn(
	client: Client,
	schema: string,
	made: 'as-wanted' | 'otherwise' | 'nothing',
	planned: readonly PlannedView[],
	problems: Diagnostic[]
): Promise<ViewSpec[]> {
	if (made === 'nothing') return [];
	return finishViews(client, schema, planned, made === 'as-wanted' ? problems : []);
}

async function closeViews(
	files: ModuleFiles,
	tables: readonly TableSpec[] | undefined,
	views: {
		readonly planned: readonly PlannedView[];
		readonly finished: readonly ViewSpec[];
		readonly problems: readonly Diagnostic[];
	},
	report: ReportWriter
): Promise<CheckedData> {
	let all = views.finished;
	const whole = await report.run('views', async (found) => {
		if (tables) all = [...(await implicitViews(tables, found)), ...all];
		found.push(...views.problems);
		return all.length;
	});
	const known = knownViews(viewNames(files), views.planned, all);
	return { known, specs: whole === undefined ? undefined : all };
}
