import type { Logger } from '#kernel';
import type { RunningHouse } from './house.ts';
import type { Mount, UpgradeMount } from './mounts.ts';

/**
 * What the screens' server files may call: the running services. Kit's bundle is another program than
 * the one that started them, so they reach it by one symbol, and it imports their types alone.
 */
export interface Services {
	readonly log: Logger;
}

const key = Symbol.for('loam.services');
type Holder = { [key]?: Services };

export function publishServices(house: RunningHouse): Services {
	const services: Services = { log: house.log.child('routes') };
	(globalThis as Holder)[key] = services;
	return services;
}

/** What is mounted before the screens: shapes and the API. */
export function doors(_house: RunningHouse): { requests: Mount[]; upgrades: UpgradeMount[] } {
	return { requests: [], upgrades: [] };
}

/** Path of the one-time link, while there is no sys-admin. */
export function welcome(_house: RunningHouse): Promise<string | undefined> {
	return Promise.resolve(undefined);
}
