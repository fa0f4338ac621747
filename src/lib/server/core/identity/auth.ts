import { betterAuth } from 'better-auth/minimal';
import { organization } from 'better-auth/plugins/organization';
import { uuidv7 } from '#kernel';
import type { Pool } from '#platform/postgres';
import { loamAdapter } from './adapter.ts';
import { hashPassword, passwordLength, verifyPassword } from './password.ts';

/** Seconds. A session that is used lives on: it is extended once a day. */
export const sessionSeconds = 30 * 24 * 3600;
export const extendAfterSeconds = 24 * 3600;

/** The header in which calls into better-auth carry the address that Loam saw. */
export const addressHeader = 'x-loam-address';

const times = { createdAt: 'created_at', updatedAt: 'updated_at' };

/**
 * better-auth on Loam's tables. None of its own HTTP endpoints is mounted: the API calls it. Nobody signs
 * up, an admin adds people. The cookie cache is off, so a session that ended is refused at once.
 */
export function createAuth({ pool, origin, secret }: { pool: Pool; origin: string; secret: string }) {
	return betterAuth({
		baseURL: origin,
		secret,
		database: loamAdapter(pool),
		telemetry: { enabled: false },
		logger: { disabled: true },
		rateLimit: { enabled: false },
		emailAndPassword: {
			enabled: true,
			disableSignUp: true,
			minPasswordLength: passwordLength.least,
			maxPasswordLength: passwordLength.most,
			password: { hash: hashPassword, verify: verifyPassword }
		},
		user: { modelName: 'person', fields: { emailVerified: 'email_verified', ...times } },
		session: {
			modelName: 'session',
			expiresIn: sessionSeconds,
			updateAge: extendAfterSeconds,
			cookieCache: { enabled: false },
			fields: {
				userId: 'user_id',
				expiresAt: 'expires_at',
				ipAddress: 'ip_address',
				userAgent: 'user_agent',
				...times
			}
		},
		account: {
			modelName: 'account',
			accountLinking: { enabled: false },
			fields: {
				accountId: 'account_id',
				providerId: 'provider_id',
				userId: 'user_id',
				accessToken: 'access_token',
				refreshToken: 'refresh_token',
				idToken: 'id_token',
				accessTokenExpiresAt: 'access_token_expires_at',
				refreshTokenExpiresAt: 'refresh_token_expires_at',
				...times
			}
		},
		verification: { modelName: 'verification', fields: { expiresAt: 'expires_at', ...times } },
		advanced: {
			cookiePrefix: 'loam',
			useSecureCookies: origin.startsWith('https:'),
			ipAddress: { ipAddressHeaders: [addressHeader] },
			database: { generateId: () => uuidv7() }
		},
		plugins: [
			organization({
				allowUserToCreateOrganization: false,
				schema: {
					session: { fields: { activeOrganizationId: 'active_organization_id' } },
					organization: { modelName: 'organization', fields: { createdAt: 'created_at' } },
					member: {
						modelName: 'member',
						fields: { organizationId: 'organization_id', userId: 'user_id', createdAt: 'created_at' }
					},
					invitation: {
						modelName: 'invitation',
						fields: {
							organizationId: 'organization_id',
							expiresAt: 'expires_at',
							inviterId: 'inviter_id',
							createdAt: 'created_at'
						}
					}
				}
			})
		]
	});
}

export type Auth = ReturnType<typeof createAuth>;
