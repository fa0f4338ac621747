import { defineRoom } from '#kernel';
import { config } from '#platform/config';
import { postgres, whyDown } from '#platform/postgres';
import { watchHealth, type Health } from './health.ts';

export type * from './types.ts';
export { explain } from './explain.ts';
export { watchHealth, type Health, type HealthOptions } from './health.ts';

/** What is wrong with this node and its database, and since when. */
export const health = defineRoom<Health>({
	name: 'core/health',
	start(house) {
		const service = house.use(postgres);
		return watchHealth({
			postgres: service,
			log: house.log,
			dataDir: house.use(config).dataDir,
			whyDown: () => whyDown(service)
		});
	},
	stop: (service) => service.stop()
});
