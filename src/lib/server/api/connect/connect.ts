import type { Commands } from '#core/commands';
import type { Health } from '#core/health';
import type { Identity } from '#core/identity';
import type { Tenancy } from '#core/tenancy';
import type { ReleasesRoom } from '#features/releases';
import { AccountService } from '#gen/loam/v1/account_pb';
import { HealthService } from '#gen/loam/v1/health_pb';
import { InstallationService } from '#gen/loam/v1/installations_pb';
import { ModuleService } from '#gen/loam/v1/modules_pb';
import { PeopleService } from '#gen/loam/v1/people_pb';
import { ProjectService } from '#gen/loam/v1/projects_pb';
import { SessionService } from '#gen/loam/v1/session_pb';
import type { Logger } from '#kernel';
import type { TrustedProxies } from '#platform/config';
import { createListener, type Listener } from './listener.ts';
import { moduleHandlers } from './module-call.ts';
import { makeHandlers } from './routers.ts';
import { accountService } from './services/account.ts';
import { healthService } from './services/health.ts';
import { forSignedIn } from './services/modules.ts';
import { peopleService } from './services/people.ts';
import { projectService } from './services/projects.ts';
import { sessionService } from './services/session.ts';
import { limits } from './wire.ts';

export interface ConnectInit {
	readonly identity: Identity;
	readonly tenancy: Tenancy;
	readonly commands: Commands;
	readonly health?: Pick<Health, 'state'>;
	/** Absent: nothing can be built or installed here. */
	readonly releases?: Pick<ReleasesRoom, 'moduleService' | 'installationService'>;
	/** The address that people use, e.g. `https://loam.example.org`. */
	readonly publicOrigin: string;
	readonly proxies: TrustedProxies;
	readonly log: Logger;
}

export interface ConnectApi {
	/** To be mounted before the screens. */
	readonly listener: Listener;
}

export function createConnect(init: ConnectInit): ConnectApi {
	const { identity, tenancy, commands, health, releases, log } = init;
	const platform = makeHandlers({ log, readMaxBytes: limits.platform }, (router) => {
		router.service(SessionService, sessionService(identity));
		router.service(AccountService, accountService(identity));
		router.service(PeopleService, peopleService({ identity, tenancy }));
		router.service(ProjectService, projectService({ identity, tenancy }));
		if (health) router.service(HealthService, healthService(health));
		if (!releases) return;
		router.service(ModuleService, forSignedIn(releases.moduleService));
		router.service(InstallationService, forSignedIn(releases.installationService));
	});
	const module = moduleHandlers({ commands, log });
	return { listener: createListener({ ...init, platform, module }) };
}
