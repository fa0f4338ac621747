import { AppError, type Diagnostic } from '#kernel';
import { parseSeeds, type ModuleFiles, type ReleaseArtifact } from '#engine/module';
import { platformTables, type ViewSpec } from '#engine/view';
import type { Place, Project, Tenancy } from '#core/tenancy';
import type { Views } from '#core/views';
import type { Pool } from '#platform/postgres';
import { demoFile, loadSeeds } from '../database/seeds.ts';
import { tryUpgrade, upgrade } from '../database/upgrade.ts';
import { readMigrations } from '../gate/migrations.ts';
import type { ReportWriter } from '../report.ts';

export interface InstallTools {
	readonly tenancy: Tenancy;
	/** The part that is used. */
	readonly views: Pick<Views, 'ensure' | 'retain'>;
	readonly pool: Pool;
}

/** A release to put in place. */
export interface Wanted {
	readonly releaseId: string;
	readonly hash: string;
	readonly files: ModuleFiles;
	readonly artifact: ReleaseArtifact;
	/** Load the rows of seeds/demo.json into tables that are empty. */
	readonly demo: boolean;
}

/** Where the project has, or had, a module of that name; undefined: nowhere yet. */
export async function findPlace(
	tenancy: Tenancy,
	project: Project,
	name: string
): Promise<Place | undefined> {
	return (await tenancy.places(project.id)).find((place) => place.module === name);
}

/** Tries the release's migrations on the rows that are there; nothing stays. A step of the report. */
export async function tryInstall(
	{ tenancy }: InstallTools,
	project: Project,
	name: string,
	wanted: Pick<Wanted, 'hash' | 'files' | 'artifact'>,
	report: ReportWriter
): Promise<boolean> {
	const place = await findPlace(tenancy, project, name);
	if (!place) return true;
	const done = await report.run('data', async (found) => {
		await told(found, async () => tryUpgrade(tenancy, place, await upgradeOf(wanted), found));
		return true;
	});
	return done === true;
}

async function upgradeOf({ hash, files, artifact }: Pick<Wanted, 'hash' | 'files' | 'artifact'>) {
	return { hash, migrations: await readMigrations(files), tables: artifact.tables };
}

/**
 * Puts a release in place: tables, views, then the flip, by which alone anybody sees it. Each step can be
 * repeated; after a failure or a crash the release before still runs, and the same call continues.
 */
export async function install(
	tools: InstallTools,
	project: Project,
	moduleId: string,
	wanted: Wanted,
	report: ReportWriter
): Promise<boolean> {
	const { tenancy, views } = tools;
	const { artifact } = wanted;
	const name = artifact.manifest.name;
	const place = await report.run('migrate', async (found) => {
		const there = await findPlace(tenancy, project, name);
		const target = there ?? (await tenancy.provision(project.id, moduleId, name));
		await told(found, async () => upgrade(tenancy, target, await upgradeOf(wanted), found));
		return target;
	});
	if (!place) return skip(report, ['build', 'live']);
	if (wanted.demo) await report.run('demo', (found) => loadDemo(tenancy, place, wanted, found));
	const built = await report.run('build', async (found) => {
		await told(found, () => views.ensure(place, tablesOf(artifact), artifact.views));
		return true;
	});
	if (!built) return skip(report, ['live']);
	await report.run('live', async () => {
		await tenancy.flip(place.id, wanted.releaseId);
	});
	await retire(tools, project, place);
	return true;
}

function skip(report: ReportWriter, steps: readonly string[]): boolean {
	for (const step of steps) report.skip(step);
	return false;
}

function tablesOf(artifact: ReleaseArtifact) {
	return [...artifact.tables, ...platformTables].map(({ name, key }) => ({ name, key }));
}

/** Views that neither the release in place nor the one before needs go. */
async function retire({ tenancy, views }: InstallTools, project: Project, place: Place): Promise<void> {
	const installation = await tenancy.installation(project.id, place.module);
	if (!installation) return;
	const needed: ViewSpec[] = [installation.release, installation.previous].flatMap(
		(one) => one?.artifact.views ?? []
	);
	await views.retain(place, new Set(needed.map((view) => view.hash)));
}

async function loadDemo(
	tenancy: Tenancy,
	place: Place,
	{ files, artifact }: Wanted,
	found: Diagnostic[]
): Promise<void> {
	const text = files.get(demoFile);
	const seeds = text === undefined ? undefined : parseSeeds(text, demoFile).value;
	if (text === undefined || !seeds) return;
	await tenancy.asOwner(place, async (client) => {
		await client.query(`BEGIN; SET LOCAL statement_timeout = '60s'`);
		await loadSeeds(client, place.schema, artifact.tables, seeds, { file: demoFile, text }, found);
		await client.query(found.length === 0 ? 'COMMIT' : 'ROLLBACK');
	});
}

/** An expected failure becomes a finding; a bug is thrown on. */
async function told(found: Diagnostic[], work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		if (!(error instanceof AppError)) throw error;
		const { reason, message } = error;
		found.push({ severity: 'error', file: 'module.json', line: 1, column: 1, reason, message });
	}
}
