import { defineRoom } from '#kernel';
import { config } from '#platform/config';
import { postgres } from '#platform/postgres';
import { explain, health } from '#core/health';
import { tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from './views.ts';

export type * from './types.ts';
export { isCut } from './journal-read.ts';
export type { Retention } from './journal-keeper.ts';
export { createViews, type RunningViews, type ViewsOptions } from './views.ts';

/** The maintainer of all views of the instance, and the readers of what it keeps. */
export const views = defineRoom<RunningViews>({
	name: 'core/views',
	start(house) {
		const { asOwner } = house.use(tenancy);
		const { journal: retention } = house.use(config);
		const conditions = house.use(health);
		return createViews({
			postgres: house.use(postgres),
			log: house.log,
			asOwner,
			retention,
			report: (name, problem, cause) =>
				conditions.report(name, problem && `${problem} ${explain(cause)}`, cause)
		});
	},
	stop: (service) => service.stop()
});
