import type { ModuleFiles } from '#engine/module';
import type { Project } from '#core/tenancy';
import type { Candidate } from '../gate/gate.ts';
import type { GateInput, GateTools } from '../gate/input.ts';
import { createReport, type Report, type ReportWriter } from '../report.ts';
import { install, tryInstall, type InstallTools } from './install.ts';
import { withModuleLock } from './lock.ts';
import { findReleases, readReleased, saveRelease, type ReleaseSummary } from './store.ts';
import { withFreeVersion } from './version.ts';

export interface PublishInput {
	readonly project: Project;
	readonly module: { readonly id: string; readonly name: string };
	readonly files: ModuleFiles;
	readonly createdBy: string | undefined;
	readonly demo?: boolean;
	/** False: the release is made and stands; nothing is installed. */
	readonly install?: boolean;
	/** Where the version was released already, the next free one is taken (`withFreeVersion`). */
	readonly raiseVersion?: boolean;
}

export interface PublishTools extends GateTools, InstallTools {
	readonly gate: (input: GateInput, report: ReportWriter) => Promise<Candidate | undefined>;
}

export interface PublishResult extends Report {
	/** There once the gate has passed; live only where `ok`. */
	readonly release: ReleaseSummary | undefined;
}

/**
 * Gate, release, upgrade of the project's installation, flip. One publish of a module at a time. Whatever
 * fails before the flip leaves the running release as it is.
 */
export async function publish(tools: PublishTools, input: PublishInput): Promise<PublishResult> {
	const { postgres, pool } = tools;
	const { project, module } = input;
	return withModuleLock(postgres, module.id, async () => {
		const report = createReport();
		const released = await readReleased(pool, module.id);
		const files = input.raiseVersion
			? await withFreeVersion(input.files, await findReleases(pool, module.id))
			: input.files;
		const candidate = await tools.gate({ project, module: module.name, files, released }, report);
		const steps = input.install === false ? ['release'] : ['release', 'migrate', 'build', 'live'];
		if (!candidate || !(await tryInstall(tools, project, module.name, candidate, report))) {
			for (const step of steps) report.skip(step);
			return { ...report.finish(), release: undefined };
		}
		const release = await report.run('release', () =>
			saveRelease(pool, module.id, candidate, input.createdBy)
		);
		if (release && input.install !== false) {
			const { hash, artifact } = candidate;
			const wanted = { releaseId: release.id, hash, files, artifact, demo: input.demo ?? false };
			await install(tools, project, module.id, wanted, report);
		}
		return { ...report.finish(), release };
	});
}
