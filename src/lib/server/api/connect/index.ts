import { defineRoom } from '#kernel';
import { commands } from '#core/commands';
import { health } from '#core/health';
import { identity } from '#core/identity';
import { tenancy } from '#core/tenancy';
import { releases } from '#features/releases';
import { config } from '#platform/config';
import { createConnect, type ConnectApi } from './connect.ts';

export { createConnect, type ConnectApi, type ConnectInit } from './connect.ts';
export type { Listener } from './listener.ts';

/** The platform's services and those of every installed module. */
export const connect = defineRoom<ConnectApi>({
	name: 'api/connect',
	start: (house) =>
		createConnect({
			identity: house.use(identity),
			tenancy: house.use(tenancy),
			commands: house.use(commands),
			health: house.use(health),
			releases: house.use(releases),
			publicOrigin: house.use(config).origin,
			proxies: house.use(config).trustedProxies,
			log: house.log
		})
});
