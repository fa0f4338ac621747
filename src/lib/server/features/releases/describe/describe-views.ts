import type { Diagnostic } from '#kernel';
import type { ModuleFiles } from '#engine/module';
import type { TableSpec } from '#engine/schema';
import type { Sizes, TableIndexes } from '#engine/view';
import type { Installation, Project, Tenancy } from '#core/tenancy';
import type { ViewsStatus } from '#core/views';
import type { Client, Postgres } from '#platform/postgres';
import { runMigrations } from '../database/run-migrations.ts';
import { inShadow } from '../database/shadow.ts';
import { checkMigrations, readMigrations, type Released } from '../gate/migrations.ts';
import { compileSchema } from '../gate/schema.ts';
import { planViews, type PlannedView } from '../gate/views.ts';
import { costImplicit, costViews, type CostedView } from './cost.ts';
import { liveViews } from './live.ts';
import { readSizes } from './sizes.ts';
import type { ViewDescription, ViewsDescription } from './types.ts';
import { describeView, refusedView } from './words.ts';

export interface DescribeTools {
	readonly postgres: Postgres;
	readonly tenancy: Tenancy;
	readonly views: ViewsStatus;
}

export interface DescribeInput {
	readonly project: Project;
	readonly module: string;
	readonly files: ModuleFiles;
	/** What earlier releases bind a draft to; undefined: the files are those of the release in place. */
	readonly released: Released | undefined;
}

interface Costed {
	readonly views: readonly CostedView[];
	readonly indexes: TableIndexes;
}

/**
 * The plans of a module's views with what they cost. A draft's are made in a schema of their own, so that no
 * table in use is locked; how many rows a change touches is told by the tables in place.
 */
export async function describeViews(tools: DescribeTools, input: DescribeInput): Promise<ViewsDescription> {
	const { project, module, files } = input;
	const installation = await tools.tenancy.installation(project.id, module);
	const release = installation?.release.shortHash;
	const found: Diagnostic[] = [];
	const compiled = await compileSchema(files, module, found);
	if (!compiled) return { views: [], diagnostics: found, release };
	const { tables } = compiled.schema;
	const problems: Diagnostic[] = [];
	const planned = await planViews(files, tables, problems);
	const costed = await costAll(tools, input, installation, planned, { found, problems });
	if (!costed) return { views: [], diagnostics: found, release };
	const views = [...costed.views, ...(await costImplicit(tables))];
	const sizes = await sizesOf(tools, installation, views, tables);
	const live = installation ? await liveViews(tools.views, installation) : undefined;
	const described = views.map((view) =>
		describeView(view, { ...costed, sizes, live: live?.(view.name, view.hash) })
	);
	const refused = refusedIn(files, views, problems).map((view) => ({ ...view, live: live?.(view.name, '') }));
	return { views: [...described, ...refused], diagnostics: [], release };
}

/** Undefined where the migrations do not run: that is found. */
async function costAll(
	tools: DescribeTools,
	{ project, module, files, released }: DescribeInput,
	installation: Installation | undefined,
	planned: readonly PlannedView[],
	{ found, problems }: { readonly found: Diagnostic[]; readonly problems: Diagnostic[] }
): Promise<Costed | undefined> {
	if (!released && installation)
		return tools.tenancy.asOwner(installation, (client) =>
			rolledBack(client, () => costViews(client, installation.schema, planned, problems))
		);
	const migrations = await readMigrations(files);
	if (released) await checkMigrations(migrations, released, found);
	if (found.length > 0) return undefined;
	return inShadow(tools, project, module, (client, schema) =>
		rolledBack(client, async () => {
			await runMigrations(client, migrations, found);
			return found.length === 0 ? costViews(client, schema, planned, problems) : undefined;
		})
	);
}

async function rolledBack<T>(client: Client, work: () => Promise<T>): Promise<T> {
	await client.query(`BEGIN; SET LOCAL statement_timeout = '10s'`);
	try {
		return await work();
	} finally {
		await client.query('ROLLBACK');
	}
}

async function sizesOf(
	{ tenancy }: DescribeTools,
	installation: Installation | undefined,
	views: readonly CostedView[],
	tables: readonly TableSpec[]
): Promise<Sizes> {
	if (!installation) return new Map();
	const own = tables.map(({ name }) => ({ key: name, sql: `SELECT FROM {data}."${name}"` }));
	const measures = [...own, ...views.flatMap(({ cost }) => cost.measures)];
	return tenancy.asOwner(installation, (client) => readSizes(client, installation.schema, measures));
}

/** Files that have no plan, with what is wrong with them. */
function refusedIn(
	files: ModuleFiles,
	views: readonly CostedView[],
	problems: readonly Diagnostic[]
): Omit<ViewDescription, 'live'>[] {
	const planned = new Set(views.map(({ file }) => file));
	return [...files.keys()].flatMap((file) =>
		/^views\/.*\.sql$/.test(file) && !planned.has(file)
			? [
					refusedView(
						file,
						problems.filter((problem) => problem.file === file)
					)
				]
			: []
	);
}
