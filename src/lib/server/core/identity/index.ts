import { defineRoom } from '#kernel';
import { config } from '#platform/config';
import { postgres } from '#platform/postgres';
import { tenancy } from '#core/tenancy';
import { createIdentity, type Identity } from './identity.ts';

export type * from './types.ts';
export { createIdentity, type Identity, type IdentityInit } from './identity.ts';
export type { PersonInput } from './person-input.ts';
export { cookieName, credentialOf, header, type Credential, type RequestHeaders } from './token.ts';
export { networkOf } from './rate-limit.ts';
export type { GrantPlace } from './grants.ts';

/** People, their sessions, and what they may do where. */
export const identity = defineRoom<Identity>({
	name: 'core/identity',
	start(house) {
		const { origin, admin } = house.use(config);
		return createIdentity({
			postgres: house.use(postgres),
			tenancy: house.use(tenancy),
			log: house.log,
			origin,
			admin
		});
	},
	stop: (service) => service.end()
});
