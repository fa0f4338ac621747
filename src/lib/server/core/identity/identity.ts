import { randomBytes } from 'node:crypto';
import type { Logger } from '#kernel';
import { transaction, type PoolClient, type Postgres } from '#platform/postgres';
import type { Project, Tenancy } from '#core/tenancy';
import { createAuth } from './auth.ts';
import { errors } from './errors.ts';
import { insertFirstAdmin, isWelcomeTokenGood, newWelcomeToken, takeWelcomeToken } from './first-admin.ts';
import {
	assignableRoles,
	checkPlace,
	checkRole,
	deleteGrant,
	insertGrant,
	mayGrant,
	rolesOf,
	type GrantPlace
} from './grants.ts';
import { raiseGrantsVersion, startGrantsClock } from './grants-version.ts';
import { checkPassword, hashPassword, verifyPassword } from './password.ts';
import {
	findPerson,
	insertPerson,
	listMembers,
	normaliseEmail,
	normaliseName,
	readPasswordHash,
	setName,
	writePasswordHash
} from './people.ts';
import {
	deleteExpiredSessions,
	endOtherSessions,
	endSession,
	findCallerBySession,
	findCallerByToken,
	listSessions,
	type Caller
} from './sessions.ts';
import { signIn } from './sign-in.ts';
import { cookieName, credentialOf, type RequestHeaders } from './token.ts';
import type { AssignableRole, Member, Origin, Person, Principal, Roles, Session, SignedIn } from './types.ts';

/** What a person is asked for who is added. */
export interface PersonInput {
	readonly name: string;
	readonly email: string;
	/** Absent: one is made, and told once. */
	readonly password?: string | undefined;
}

export interface Identity {
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
	/** Of the grants, as this node knows it. */
	grantsVersion(): bigint;
	/** When that was last known to be the newest, in ms since 1970; older than some seconds: stop streaming. */
	grantsHeardAt(): number;
	onGrantsChanged(listener: (version: bigint) => void): () => void;

	signIn(given: { email: string; password: string }, origin: Origin): Promise<SignedIn>;
	/** Ends the session of this principal; the Set-Cookie values that forget it. */
	signOut(principal: Principal): Promise<readonly string[]>;
	/** Path of a one-time link for the first sys-admin; undefined once there is one. */
	firstAdminLink(): Promise<string | undefined>;
	isWelcomeTokenGood(token: string): Promise<boolean>;
	/** Throws WELCOME_LINK_INVALID. */
	createFirstAdmin(
		token: string,
		person: PersonInput & { password: string },
		origin: Origin
	): Promise<SignedIn>;

	/** Adds a person, with roles in a project. Throws PERSON_EXISTS, GRANT_DENIED, ROLE_UNKNOWN. */
	createUser(
		by: Principal,
		person: PersonInput,
		place: GrantPlace,
		roles: readonly string[]
	): Promise<{ person: Person; password: string | undefined }>;
	/** `person`: an id or an e-mail address. Throws GRANT_DENIED, ROLE_UNKNOWN, ROLE_PLACE, PERSON_UNKNOWN. */
	grant(by: Principal, person: string, role: string, place: GrantPlace): Promise<Person>;
	/** Without a role: every role there. Throws GRANT_DENIED, GRANT_UNKNOWN, LAST_SYS_ADMIN, PERSON_UNKNOWN. */
	revoke(by: Principal, person: string, role: string | undefined, place: GrantPlace): Promise<void>;
	/** Another's password, by a sys-admin: ends all sessions of that person. */
	setPassword(by: Principal, person: string, password: string): Promise<void>;
	members(project: Project): Promise<Member[]>;
	/** What can be granted in a project. */
	roles(project: Project): Promise<AssignableRole[]>;

	/** The caller's own name. */
	rename(principal: Principal, name: string): Promise<void>;
	/** The caller's own password; ends their other sessions. Throws PASSWORD_WRONG. */
	changePassword(principal: Principal, current: string, next: string): Promise<void>;
	sessions(principal: Principal): Promise<Session[]>;
	endSession(principal: Principal, session: string): Promise<void>;
	end(): Promise<void>;
}

export interface IdentityInit {
	readonly postgres: Postgres;
	readonly tenancy: Pick<Tenancy, 'syncPeople' | 'syncAllPeople' | 'installations'>;
	readonly log: Logger;
	/** The address that people use: decides whether cookies want https. */
	readonly origin: string;
	/** A first start makes this sys-admin. */
	readonly admin?: { readonly email: string; readonly password: string } | undefined;
}

export async function createIdentity({
	postgres,
	tenancy,
	log,
	origin,
	admin
}: IdentityInit): Promise<Identity> {
	const pool = postgres.app;
	const auth = createAuth({ pool, origin, secret: await readSecret(postgres) });
	const clock = await startGrantsClock({ postgres, log });
	const callers = new WeakMap<Principal, Caller>();
	if (admin) await makeAdmin(postgres, log, admin);
	const expiry = watchExpiry();

	function known(caller: Caller | undefined): Principal | undefined {
		if (!caller) return undefined;
		callers.set(caller.principal, caller);
		return caller.principal;
	}

	function personOf(principal: Principal): string {
		if (principal.id !== undefined) return principal.id;
		throw errors.SIGN_IN_NEEDED('Sign in first.');
	}

	function assertMayGrant(by: Principal, place: GrantPlace): void {
		if (mayGrant(callers.get(by)?.grants ?? [], place)) return;
		throw errors.GRANT_DENIED('Only an admin of this place can do that.');
	}

	/** One transaction that raises the version of the grants, which this node then knows at once. */
	async function changing<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
		let version = 0n;
		const result = await transaction(pool, async (client) => {
			const done = await work(client);
			version = await raiseGrantsVersion(client);
			return done;
		});
		clock.advance(version);
		return result;
	}

	async function sync(place: GrantPlace): Promise<void> {
		await (place.kind === 'project' ? tenancy.syncPeople(place.project.id) : tenancy.syncAllPeople());
	}

	async function checkGrant(by: Principal, role: string, place: GrantPlace): Promise<void> {
		assertMayGrant(by, place);
		const known =
			place.kind === 'project' ? assignableRoles(await tenancy.installations(place.project.id)) : [];
		checkRole(role, known);
		checkPlace(role, place);
	}

	return {
		async authenticate(headers) {
			const credential = credentialOf(headers);
			return credential && known(await findCallerByToken(pool, credential.token));
		},
		async refresh(principal) {
			const session = callers.get(principal)?.session;
			return session === undefined ? undefined : known(await findCallerBySession(pool, session));
		},
		sessionOf(principal) {
			const caller = callers.get(principal);
			return caller && { id: caller.session, expiresAt: caller.expiresAt, extended: caller.extended };
		},
		rolesIn: (principal, project) => rolesOf((principal && callers.get(principal)?.grants) ?? [], project),
		grantsVersion: () => clock.version(),
		grantsHeardAt: () => clock.heardAt(),
		onGrantsChanged: (listener) => clock.onChange(listener),

		signIn: (given, from) => signIn({ pool, auth }, given, from),
		async signOut(principal) {
			const session = callers.get(principal)?.session;
			if (session) await changing((client) => endSession(client, personOf(principal), session));
			return forgetCookies;
		},
		async firstAdminLink() {
			const token = await newWelcomeToken(pool);
			return token && `/welcome?token=${token}`;
		},
		isWelcomeTokenGood: (token) => isWelcomeTokenGood(pool, token),
		async createFirstAdmin(token, input, from) {
			const { name, email, password } = checked(input);
			const passwordHash = await hashPassword(password);
			await changing(async (client) => {
				await takeWelcomeToken(client, token);
				const made = await insertFirstAdmin(client, { name, email, passwordHash });
				if (!made) throw errors.WELCOME_LINK_INVALID('There is an administrator already. Sign in.');
			});
			await tenancy.syncAllPeople();
			return signIn({ pool, auth }, { email, password }, from);
		},

		async createUser(by, input, place, roles) {
			assertMayGrant(by, place);
			for (const role of roles) await checkGrant(by, role, place);
			const { name, email, password } = checked({ ...input, password: input.password ?? newPassword() });
			const passwordHash = await hashPassword(password);
			const person = await changing(async (client) => {
				const made = await insertPerson(client, { name, email, passwordHash });
				for (const role of roles) await insertGrant(client, { person: made.id, role, place, by: by.id });
				return made;
			});
			await sync(place);
			return { person, password: input.password === undefined ? password : undefined };
		},
		async grant(by, idOrEmail, role, place) {
			await checkGrant(by, role, place);
			const person = await findPerson(pool, idOrEmail);
			await changing((client) => insertGrant(client, { person: person.id, role, place, by: by.id }));
			await sync(place);
			return person;
		},
		async revoke(by, idOrEmail, role, place) {
			assertMayGrant(by, place);
			const person = await findPerson(pool, idOrEmail);
			await changing((client) => deleteGrant(client, { person: person.id, role, place }));
			await sync(place);
		},
		async setPassword(by, idOrEmail, password) {
			assertMayGrant(by, { kind: 'everywhere' });
			checkPassword(password);
			const person = await findPerson(pool, idOrEmail);
			const hash = await hashPassword(password);
			const kept = person.id === by.id ? callers.get(by)?.session : undefined;
			await changing(async (client) => {
				await writePasswordHash(client, person.id, hash);
				await endOtherSessions(client, person.id, kept);
			});
		},
		members: (project) => listMembers(pool, project),
		roles: async (project) => assignableRoles(await tenancy.installations(project.id)),

		async rename(principal, name) {
			await changing((client) => setName(client, personOf(principal), normaliseName(name)));
			await tenancy.syncAllPeople();
		},
		async changePassword(principal, current, next) {
			const person = personOf(principal);
			checkPassword(next);
			const before = await readPasswordHash(pool, person);
			if (
				before === undefined ||
				!(await verifyPassword({ hash: before, password: current.slice(0, 128) }))
			) {
				throw errors.PASSWORD_WRONG('The current password is wrong.', { field: 'current' });
			}
			const hash = await hashPassword(next);
			await changing(async (client) => {
				await writePasswordHash(client, person, hash);
				await endOtherSessions(client, person, callers.get(principal)?.session);
			});
		},
		sessions: (principal) => listSessions(pool, personOf(principal)),
		async endSession(principal, session) {
			await changing(async (client) => {
				const ended = await endSession(client, personOf(principal), session);
				if (!ended) throw errors.SESSION_UNKNOWN('This session has ended already.');
			});
		},
		async end() {
			clearInterval(expiry);
			await clock.end();
		}
	};

	/** A session that runs out is a change of grants: what it keeps open is told, and ends. */
	function watchExpiry(): NodeJS.Timeout {
		return setInterval(() => {
			transaction(pool, endExpired).then(
				(version) => version !== undefined && clock.advance(version),
				(error: unknown) => log.warn('expired sessions stay for now', { error })
			);
		}, expirySweepMs).unref();
	}
}

async function endExpired(client: PoolClient): Promise<bigint | undefined> {
	return (await deleteExpiredSessions(client)) > 0 ? raiseGrantsVersion(client) : undefined;
}

/** No request passes with a session that has expired; what is open learns of it within this time. */
const expirySweepMs = 2_000;

const forgetCookies = ['', '__Secure-'].map(
	(prefix) => `${prefix}${cookieName}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax${prefix ? '; Secure' : ''}`
);

function checked(input: PersonInput & { password: string }): {
	name: string;
	email: string;
	password: string;
} {
	checkPassword(input.password);
	return { name: normaliseName(input.name), email: normaliseEmail(input.email), password: input.password };
}

/** Easy to read out: no letters that look alike. 94 bits. */
function newPassword(): string {
	const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
	const text = Array.from(randomBytes(19), (byte) => letters[byte % letters.length]).join('');
	return text.replace(/(.{5})(?=.)/g, '$1-');
}

async function makeAdmin(
	postgres: Postgres,
	log: Logger,
	admin: { email: string; password: string }
): Promise<void> {
	const email = normaliseEmail(admin.email);
	const { rowCount } = await postgres.app.query(
		`SELECT FROM loam.role_grant WHERE role = 'sys-admin' LIMIT 1`
	);
	if (rowCount) return;
	const passwordHash = await hashPassword(admin.password);
	const made = await transaction(postgres.app, async (client) => {
		const person = await insertFirstAdmin(client, { name: email.split('@')[0]!, email, passwordHash });
		await raiseGrantsVersion(client);
		return person;
	});
	if (made) log.info('created the first sys-admin', { person: made.id });
}

async function readSecret(postgres: Postgres): Promise<string> {
	await postgres.app.query('INSERT INTO loam.identity_key (secret) VALUES ($1) ON CONFLICT DO NOTHING', [
		randomBytes(32).toString('base64url')
	]);
	const { rows } = await postgres.app.query<{ secret: string }>('SELECT secret FROM loam.identity_key');
	return rows[0]!.secret;
}
