import { defineRoom } from '#kernel';
import { postgres } from '#platform/postgres';
import { createTenancy, type Tenancy } from './tenancy.ts';

export type * from './types.ts';
export { createTenancy, type Tenancy } from './tenancy.ts';
export { ensureTenantsRole } from './provision.ts';

/** Projects, and the places of modules in them. */
export const tenancy = defineRoom<Tenancy>({
	name: 'core/tenancy',
	start: (house) => createTenancy({ postgres: house.use(postgres), log: house.log }),
	stop: (service) => service.end()
});
