import { defineRoom } from '#kernel';
import { identity } from '#core/identity';
import { tenancy } from '#core/tenancy';
import { views } from '#core/views';
import { registry } from '#features/registry';
import type { InstallationService } from '#gen/loam/v1/installations_pb';
import type { ModuleService } from '#gen/loam/v1/modules_pb';
import { postgres } from '#platform/postgres';
import { createReleases, type Releases } from './releases.ts';
import type { ServiceOf } from './service/context.ts';
import { installationService } from './service/installation-service.ts';
import { moduleService } from './service/module-service.ts';

export {
	createReleases,
	type CheckInput,
	type InstallInput,
	type Releases,
	type ReleasesInit,
	type Sdk
} from './releases.ts';
export type { PublishInput, PublishResult } from './publish/publish.ts';
export type { ReleaseSummary } from './publish/store.ts';
export type { Report, Step } from './report.ts';
export type { PreviewBinding, PreviewResult } from './preview.ts';
export type { Doorkeeper, ServiceOf } from './service/context.ts';
export { installationService } from './service/installation-service.ts';
export { moduleService } from './service/module-service.ts';

/** The running room: what releases can do, and the two services that the API registers. */
export interface ReleasesRoom extends Releases {
	readonly moduleService: ServiceOf<typeof ModuleService>;
	readonly installationService: ServiceOf<typeof InstallationService>;
}

/** The gate, publishing and installing. At start the modules that come with Loam are brought up to date. */
export const releases = defineRoom<ReleasesRoom>({
	name: 'features/releases',
	async start(house) {
		const [database, projects, drafts] = [house.use(postgres), house.use(tenancy), house.use(registry)];
		const service = await createReleases({
			postgres: database,
			tenancy: projects,
			views: house.use(views),
			registry: drafts,
			log: house.log
		});
		await service.ship();
		const people = house.use(identity);
		const door = { tenancy: projects, rolesIn: people.rolesIn.bind(people) };
		return {
			...service,
			moduleService: moduleService(door, drafts, service),
			installationService: installationService(door, database.app, drafts, service)
		};
	},
	stop: (service) => service.end()
});
