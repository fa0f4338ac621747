import type { Diagnostic, Logger } from '#kernel';
import type { ModuleFiles } from '#engine/module';
import { sdkTypes } from '#engine/schema';
import type { Project, Tenancy } from '#core/tenancy';
import type { Views, ViewsStatus } from '#core/views';
import type { Module, Registry } from '#features/registry';
import type { Postgres } from '#platform/postgres';
import { dropLeftovers } from './database/shadow.ts';
import { draftNextMigration, type DraftedMigration } from './draft-migration.ts';
import { describeViews } from './describe/describe-views.ts';
import { onlyLive } from './describe/live.ts';
import type { ViewsDescription } from './describe/types.ts';
import { errors } from './errors.ts';
import { runGate } from './gate/gate.ts';
import type { GateInput } from './gate/input.ts';
import { compileSchema } from './gate/schema.ts';
import { preview, type PreviewInput, type PreviewResult } from './preview.ts';
import { install, tryInstall } from './publish/install.ts';
import { withModuleLock } from './publish/lock.ts';
import { publish, type PublishInput, type PublishResult } from './publish/publish.ts';
import { findReleases, loadStored, readReleased, type ReleaseSummary } from './publish/store.ts';
import { createReport, type Report, type ReportWriter } from './report.ts';
import { shipAll } from './ship.ts';
import { createTurnstile } from './turnstile.ts';
import { createTypeChecker } from './types/checker.ts';

/** A module's files where they would be installed. */
export interface CheckInput {
	readonly project: Project;
	readonly module: Pick<Module, 'id' | 'name'>;
	readonly files: ModuleFiles;
}

export interface InstallInput {
	readonly project: Project;
	readonly module: Pick<Module, 'id' | 'name'>;
	/** Hash or its first digits; '' is the newest. */
	readonly release: string;
	readonly demo: boolean;
}

export interface Sdk {
	readonly types: string;
	readonly standardProto: string;
	readonly diagnostics: readonly Diagnostic[];
}

/** The gate, releases, and what projects have installed. Who may ask is checked by the caller. */
export interface Releases {
	check(input: CheckInput): Promise<Report>;
	/** Throws PUBLISH_BUSY. */
	publish(input: PublishInput): Promise<PublishResult>;
	/** Newest first. */
	releases(moduleId: string): Promise<ReleaseSummary[]>;
	/** Throws RELEASE_UNKNOWN, RELEASE_AMBIGUOUS, PUBLISH_BUSY. */
	install(input: InstallInput): Promise<PublishResult>;
	/** Stops serving; the data stays. Throws MODULE_NOT_INSTALLED. */
	uninstall(project: Project, module: string): Promise<void>;
	/** Throws PAGE_UNKNOWN. */
	preview(
		input: Omit<PreviewInput, 'released' | 'module'> & Pick<CheckInput, 'module'>
	): Promise<PreviewResult>;
	sdk(files: ModuleFiles, module: string): Promise<Sdk>;
	draftMigration(input: CheckInput): Promise<DraftedMigration>;
	/** Views with their plans and costs: of files, as a draft has them. */
	describe(input: CheckInput): Promise<ViewsDescription>;
	/** The same of the release in place, as it is. Throws MODULE_NOT_INSTALLED. */
	describeInstalled(project: Project, module: string): Promise<ViewsDescription>;
	/** How the views in place do, without their plans; nothing where nothing is installed. */
	liveViews(project: Project, module: string): Promise<ViewsDescription>;
	/** Somebody opens the builder: what the first check would load is loaded meanwhile. */
	warm(): void;
	/** Brings the modules that come with Loam up to date; see `shipAll`. */
	ship(): Promise<void>;
	end(): Promise<void>;
}

export interface ReleasesInit {
	readonly postgres: Postgres;
	readonly tenancy: Tenancy;
	readonly views: Pick<Views, 'ensure' | 'retain'> & ViewsStatus;
	readonly registry: Registry;
	readonly log: Logger;
}

/** Gates at once on a node: each keeps a core busy for a while. */
const gatesAtOnce = 2;

export async function createReleases({
	postgres,
	tenancy,
	views,
	registry,
	log
}: ReleasesInit): Promise<Releases> {
	const types = createTypeChecker();
	const pool = postgres.app;
	const turnstile = createTurnstile(gatesAtOnce);
	const parts = { postgres, tenancy, views, types, pool };
	const gate = (input: GateInput, report: ReportWriter) => turnstile(() => runGate(parts, input, report));
	const tools = { ...parts, gate };
	await dropLeftovers(postgres);

	async function checkFiles({ project, module, files }: CheckInput): Promise<Report> {
		const report = createReport();
		const released = await readReleased(pool, module.id);
		await gate({ project, module: module.name, files, released }, report);
		return report.finish();
	}

	async function installRelease({
		project,
		module,
		release: wanted,
		demo
	}: InstallInput): Promise<PublishResult> {
		const release = chooseRelease(await findReleases(pool, module.id, wanted), module.name, wanted);
		const stored = await loadStored(pool, release.id);
		const report = createReport();
		if (await tryInstall(tools, project, module.name, stored, report)) {
			await install(tools, project, module.id, { ...stored, releaseId: release.id, demo }, report);
		}
		return { ...report.finish(), release };
	}

	const releases: Releases = {
		check: checkFiles,
		publish: (input) => publish(tools, input),
		releases: (moduleId) => findReleases(pool, moduleId),
		install: (input) => withModuleLock(postgres, input.module.id, () => installRelease(input)),
		async uninstall(project, name) {
			const installation = await tenancy.installation(project.id, name);
			if (!installation) throw notInstalled(name);
			await tenancy.deactivate(installation.id);
		},
		async preview({ module, ...input }) {
			if (!input.files.has(input.page)) {
				throw errors.PAGE_UNKNOWN(`The draft has no page "${input.page}".`, { page: input.page });
			}
			const released = await readReleased(pool, module.id);
			return preview(tools, { ...input, module: module.name, released });
		},
		async sdk(files, module) {
			const diagnostics: Diagnostic[] = [];
			const compiled = await compileSchema(files, module, diagnostics);
			if (!compiled) return { types: '', standardProto: '', diagnostics };
			return { types: sdkTypes(compiled.schema), standardProto: compiled.standardProto, diagnostics };
		},
		async draftMigration({ project, module, files }) {
			const released = await readReleased(pool, module.id);
			return draftNextMigration(tools, { project, module: module.name, files, released });
		},
		async describe({ project, module, files }) {
			const released = await readReleased(pool, module.id);
			return describeViews(parts, { project, module: module.name, files, released });
		},
		async describeInstalled(project, name) {
			const installation = await tenancy.installation(project.id, name);
			if (!installation) throw notInstalled(name);
			const { files } = await loadStored(pool, installation.release.id);
			return describeViews(parts, { project, module: name, files, released: undefined });
		},
		async liveViews(project, name) {
			const installation = await tenancy.installation(project.id, name);
			if (!installation) return { views: [], diagnostics: [], release: undefined };
			const { shortHash } = installation.release;
			return { views: await onlyLive(views, installation), diagnostics: [], release: shortHash };
		},
		warm: () => types.warm(),
		async ship() {
			const [home] = await tenancy.projects();
			if (!home) return;
			await shipAll({
				pool,
				registry,
				log,
				home,
				projectById: (id) => tenancy.projectById(id),
				publish: (input) => releases.publish(input),
				install: (project, id, name, release) =>
					releases.install({ project, module: { id, name }, release, demo: false })
			});
		},
		end: () => types.end()
	};
	return releases;
}

function notInstalled(module: string) {
	return errors.MODULE_NOT_INSTALLED(`"${module}" is not installed in this project.`, { module });
}

function chooseRelease(found: readonly ReleaseSummary[], module: string, wanted: string): ReleaseSummary {
	const [first, second] = found;
	if (!first) {
		const message = wanted
			? `"${module}" has no release "${wanted}".`
			: `"${module}" has no release yet. Publish it first.`;
		throw errors.RELEASE_UNKNOWN(message, { module, release: wanted });
	}
	if (!second || !wanted) return first;
	throw errors.RELEASE_AMBIGUOUS(
		`Several releases of "${module}" begin with "${wanted}". Give more digits.`,
		{
			releases: found.map((one) => one.hash.slice(0, 12))
		}
	);
}
