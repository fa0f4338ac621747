import type { Logger } from '#kernel';
import { contentHash, type ModuleFiles } from '#engine/module';
import type { Project } from '#core/tenancy';
import type { Registry } from '#features/registry';
import type { Pool } from '#platform/postgres';
import type { PublishInput, PublishResult } from './publish/publish.ts';
import { findReleases } from './publish/store.ts';

export interface ShipTools {
	readonly pool: Pool;
	readonly registry: Registry;
	readonly log: Logger;
	/** Where a shipped module is installed at its first start. */
	readonly home: Project;
	readonly projectById: (id: string) => Promise<Project | undefined>;
	readonly publish: (input: PublishInput) => Promise<PublishResult>;
	readonly install: (
		project: Project,
		moduleId: string,
		name: string,
		release: string
	) => Promise<PublishResult>;
}

/**
 * Makes releases of the modules that come with Loam where their files changed, and brings their
 * installations up. A module that no project ever had is installed in the first one. One that fails is
 * logged, and keeps nothing else from starting.
 */
export async function shipAll(tools: ShipTools): Promise<void> {
	for (const [name, files] of tools.registry.shipped()) {
		const begin = performance.now();
		try {
			const outcome = await ship(tools, name, files);
			tools.log.info('shipped module', { module: name, outcome, ms: Math.round(performance.now() - begin) });
		} catch (error) {
			tools.log.error('a shipped module was not installed', { module: name, error });
		}
	}
}

async function ship(tools: ShipTools, name: string, files: ModuleFiles): Promise<string> {
	const { pool, registry, home } = tools;
	const module = await registry.ensureModule(undefined, name);
	const hash = await contentHash(files);
	const [known] = await findReleases(pool, module.id, hash);
	if (!known) {
		const made = await tools.publish({ project: home, module, files, createdBy: undefined, install: false });
		if (!made.ok) {
			tools.log.error('a shipped module did not pass the gate', {
				module: name,
				diagnostics: made.diagnostics
			});
			return 'refused';
		}
	}
	const projects = await outdatedProjects(tools, module.id, hash);
	for (const project of projects) {
		const result = await tools.install(project, module.id, name, hash);
		if (!result.ok) {
			tools.log.error('a shipped module was not brought up', {
				module: name,
				project: project.path,
				diagnostics: result.diagnostics
			});
		}
	}
	return projects.length > 0 ? 'installed' : 'unchanged';
}

/** Projects that serve another release of the module; the first project where none ever had it. */
async function outdatedProjects(
	{ pool, home, projectById }: ShipTools,
	moduleId: string,
	hash: string
): Promise<Project[]> {
	const { rows } = await pool.query<{ project_id: string; active: boolean; hash: string | null }>(
		`SELECT i.project_id, i.active, r.hash
		   FROM loam.installation i LEFT JOIN loam.release r ON r.id = i.release_id
		  WHERE i.module_id = $1 ORDER BY i.number`,
		[moduleId]
	);
	if (rows.length === 0) return [home];
	const outdated = rows.filter((row) => row.active && row.hash !== hash);
	const projects = await Promise.all(outdated.map((row) => projectById(row.project_id)));
	return projects.filter((project) => project !== undefined);
}
