import { transaction, type Pool } from '#platform/postgres';
import type { Tenancy } from '#core/tenancy';
import type { Logger } from '#kernel';
import type { Auth } from './auth.ts';
import { personOf, type Callers } from './callers.ts';
import type { Changing } from './changing.ts';
import { errors } from './errors.ts';
import { insertFirstAdmin, isWelcomeTokenGood, newWelcomeToken, takeWelcomeToken } from './first-admin.ts';
import { hasSysAdmin, rolesOf } from './grants.ts';
import { raiseGrantsVersion } from './grants-version.ts';
import { hashPassword } from './password.ts';
import { checkPerson, normaliseEmail, type PersonInput } from './person-input.ts';
import { endSession, findCallerBySession, findCallerByToken } from './sessions.ts';
import { signIn } from './sign-in.ts';
import { cookieName, credentialOf, type RequestHeaders } from './token.ts';
import type { Origin, Principal, Roles, SignedIn } from './types.ts';

/** Who comes in, and as what. */
export interface Entrance {
	/** The caller by session cookie or `Authorization: Bearer`; undefined without a living session. */
	authenticate(headers: RequestHeaders): Promise<Principal | undefined>;
	/** The same caller as of now, for what stays open; undefined once the session has ended. */
	refresh(principal: Principal): Promise<Principal | undefined>;
	/** The session that authenticated this principal. */
	sessionOf(
		principal: Principal
	): { readonly id: string; readonly expiresAt: Date; readonly extended: boolean } | undefined;
	/** What the principal may be in the project; nothing for an anonymous visitor. */
	rolesIn(principal: Principal | undefined, project: { id: string; organization: string }): Roles;
	/** Throws SIGN_IN_REFUSED, SIGN_IN_LIMITED. */
	signIn(given: { email: string; password: string }, origin: Origin): Promise<SignedIn>;
	/** Ends the session of this principal; the Set-Cookie values that forget it. */
	signOut(principal: Principal): Promise<readonly string[]>;
	/** Path of a one-time link for the first sys-admin; undefined once there is one. */
	firstAdminLink(): Promise<string | undefined>;
	/** Whether the first sys-admin has been made: until then nobody can sign in. */
	hasAdmin(): Promise<boolean>;
	isWelcomeTokenGood(token: string): Promise<boolean>;
	/** Throws WELCOME_LINK_INVALID, and what a person's input is refused for. */
	createFirstAdmin(
		token: string,
		person: PersonInput & { password: string },
		origin: Origin
	): Promise<SignedIn>;
}

const forgetCookies = ['', '__Secure-'].map(
	(prefix) => `${prefix}${cookieName}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax${prefix ? '; Secure' : ''}`
);

export function createEntrance(parts: {
	readonly pool: Pool;
	readonly auth: Auth;
	readonly callers: Callers;
	readonly changing: Changing;
	readonly tenancy: Pick<Tenancy, 'syncAllPeople'>;
}): Entrance {
	const { pool, callers, changing } = parts;
	return {
		async authenticate(headers) {
			const credential = credentialOf(headers);
			return credential && callers.remember(await findCallerByToken(pool, credential.token));
		},
		async refresh(principal) {
			const session = callers.find(principal)?.session;
			return session === undefined ? undefined : callers.remember(await findCallerBySession(pool, session));
		},
		sessionOf(principal) {
			const caller = callers.find(principal);
			return caller && { id: caller.session, expiresAt: caller.expiresAt, extended: caller.extended };
		},
		rolesIn: (principal, project) => rolesOf(callers.grantsOf(principal), project),
		signIn: (given, origin) => signIn(parts, given, origin),
		async signOut(principal) {
			const session = callers.find(principal)?.session;
			if (session) await changing((client) => endSession(client, personOf(principal), session));
			return forgetCookies;
		},
		async firstAdminLink() {
			const token = await newWelcomeToken(pool);
			return token && `/welcome?token=${token}`;
		},
		hasAdmin: () => hasSysAdmin(pool),
		isWelcomeTokenGood: (token) => isWelcomeTokenGood(pool, token),
		async createFirstAdmin(token, input, origin) {
			// Before the costly hash: a link that was guessed costs its guesser more than us.
			if (!(await isWelcomeTokenGood(pool, token))) throw badLink();
			const { name, email, password } = checkPerson(input);
			const passwordHash = await hashPassword(password);
			await changing(async (client) => {
				await takeWelcomeToken(client, token);
				if (!(await insertFirstAdmin(client, { name, email, passwordHash }))) throw badLink();
			});
			await parts.tenancy.syncAllPeople();
			return signIn(parts, { email, password }, origin);
		}
	};
}

function badLink() {
	return errors.WELCOME_LINK_INVALID(
		'This link was used or has expired. Sign in; or restart Loam to get a new one.'
	);
}

/** The sys-admin whom the environment names, where there is none yet. */
export async function makeFirstAdmin(
	pool: Pool,
	log: Logger,
	admin: { email: string; password: string }
): Promise<void> {
	const email = normaliseEmail(admin.email);
	if (await hasSysAdmin(pool)) return;
	const passwordHash = await hashPassword(admin.password);
	const made = await transaction(pool, async (client) => {
		await raiseGrantsVersion(client);
		return insertFirstAdmin(client, { name: email.split('@')[0]!, email, passwordHash });
	});
	if (made) log.info('created the first sys-admin', { person: made.id });
}
