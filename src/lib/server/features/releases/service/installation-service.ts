import type { InstallationService } from '#gen/loam/v1/installations_pb';
import type { Principal } from '#core/identity';
import type { Project } from '#core/tenancy';
import type { Module, Registry } from '#features/registry';
import type { Pool } from '#platform/postgres';
import { errors } from '../errors.ts';
import { listInstalled, type Installed } from '../publish/installed.ts';
import type { Releases } from '../releases.ts';
import { administered, type Doorkeeper, type ServiceOf } from './context.ts';
import { reportMessages } from './messages.ts';

/** loam.v1.InstallationService: modules in a project; for project-admins. */
export function installationService(
	door: Doorkeeper,
	pool: Pool,
	registry: Registry,
	releases: Releases
): ServiceOf<typeof InstallationService> {
	/** A name is the project's own module or a shipped one; `org/project/name` another project's. */
	async function findModule(principal: Principal, project: Project, wanted: string): Promise<Module> {
		const parts = wanted.split('/');
		const name = parts.pop()!;
		const owner = parts.length === 0 ? project : await administered(door, principal, parts.join('/'));
		const module = await registry.findModule(owner.id, name);
		if (module) return module;
		throw errors.MODULE_UNKNOWN(`There is no module "${wanted}".`, { module: wanted });
	}

	async function find(project: Project, name: string): Promise<Installed | undefined> {
		return (await listInstalled(pool, project.id)).find((one) => one.module === name);
	}

	return {
		async install({ project: path, module: wanted, release, demo }, principal) {
			const project = await administered(door, principal, path);
			const module = await findModule(principal, project, wanted);
			const present = await find(project, module.name);
			if (present && present.moduleId !== module.id) {
				throw errors.MODULE_NAME_TAKEN(`This project has another module "${module.name}".`, {
					module: module.name
				});
			}
			const result = await releases.install({ project, module, release, demo });
			const installed = await find(project, module.name);
			return { ...reportMessages(result), ...(installed ? { installation: message(installed) } : {}) };
		},
		async list({ project: path }, principal) {
			const project = await administered(door, principal, path);
			return { installations: (await listInstalled(pool, project.id)).map(message) };
		},
		async uninstall({ project: path, module }, principal) {
			await releases.uninstall(await administered(door, principal, path), module);
			return {};
		}
	};
}

function message({ id, module, title, version, hash, shipped, active }: Installed) {
	return { id, module, title, version, release: hash.slice(0, 12), shipped, active };
}
