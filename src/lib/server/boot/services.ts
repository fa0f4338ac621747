import type { Logger } from '#kernel';
import { config, type Config } from '#platform/config';
import { health, type HealthState } from '#core/health';
import { identity, type Identity } from '#core/identity';
import { live, type Live } from '#core/live';
import { tenancy, type Tenancy } from '#core/tenancy';
import { views, type RunningViews } from '#core/views';
import { pages, type Pages } from '#features/pages';
import { registry, type Registry } from '#features/registry';
import { releases, type ReleasesRoom } from '#features/releases';
import { connect } from '#api/connect';
import { stream } from '#api/stream';
import type { RunningHouse } from './house.ts';
import type { Mount, UpgradeMount } from './mounts.ts';

/**
 * What the screens' server files may call: the running services. Kit's bundle is another program than
 * the one that started them, so they reach it by one symbol, and it imports their types alone.
 */
export interface Services {
	readonly log: Logger;
	readonly config: Config;
	readonly tenancy: Tenancy;
	readonly identity: Identity;
	readonly views: RunningViews;
	readonly live: Live;
	readonly registry: Registry;
	readonly pages: Pages;
	readonly releases: ReleasesRoom;
}

const key = Symbol.for('loam.services');
type Holder = { [key]?: Services };

export function publishServices(house: RunningHouse): void {
	(globalThis as Holder)[key] = {
		log: house.log.child('routes'),
		config: house.use(config),
		tenancy: house.use(tenancy),
		identity: house.use(identity),
		views: house.use(views),
		live: house.use(live),
		registry: house.use(registry),
		pages: house.use(pages),
		releases: house.use(releases)
	};
}

/** What is mounted before the screens: the API and shapes. */
export function doors(house: RunningHouse): { requests: Mount[]; upgrades: UpgradeMount[] } {
	const shapes = house.use(stream);
	return { requests: [house.use(connect).listener, shapes.handle], upgrades: [shapes.upgrade] };
}

/** What is wrong with this node, and since when. */
export function healthOf(house: RunningHouse): () => HealthState {
	const service = house.use(health);
	return () => service.state();
}

/** Path of the one-time link, while there is no sys-admin. */
export function welcome(house: RunningHouse): Promise<string | undefined> {
	return house.use(identity).firstAdminLink();
}
