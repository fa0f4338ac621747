import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, uuidv7 } from '#kernel';
import { createTenancy, type Project, type Tenancy } from '#core/tenancy';
import { makePlace } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createAuth } from './auth.ts';
import { createIdentity, networkOf, type Identity, type Origin, type Principal } from './index.ts';

const password = 'correct horse battery';
const here: Origin = { address: '192.0.2.1', userAgent: 'test' };
let db: TestPostgres;
let tenancy: Tenancy;
let identity: Identity;
let main: Project;
let other: Project;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await createTenancy({ postgres: db, log: silentLogger });
	identity = await createIdentity({
		postgres: db,
		tenancy,
		log: silentLogger,
		origin: 'http://localhost:4000',
		admin: { email: 'Root@Example.org', password }
	});
	main = (await tenancy.project('home', 'main'))!;
	other = await tenancy.createProject('home', 'other', 'Other');
});
afterAll(async () => {
	await identity.end();
	await tenancy.end();
	await db.drop();
});
beforeEach(() => db.app.query('DELETE FROM loam.sign_in_attempt'));

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function as(email: string): Promise<Principal> {
	const { token } = await identity.signIn({ email, password }, here);
	return (await identity.authenticate(bearer(token)))!;
}

async function person(roles: [string, Project][] = []): Promise<string> {
	const root = await as('root@example.org');
	const email = `p${uuidv7()}@example.org`;
	await identity.createUser(root, { name: 'P', email, password }, { kind: 'everywhere' }, []);
	for (const [role, project] of roles) await identity.grant(root, email, role, { kind: 'project', project });
	return email;
}

describe('sign-in', () => {
	test('gives a token that works as bearer and as cookie', async () => {
		const { token, cookies } = await identity.signIn({ email: ' ROOT@example.org', password }, here);
		expect(cookies).toHaveLength(1);
		expect(cookies[0]).toMatch(/^loam\.session_token=.*HttpOnly/i);
		expect(cookies[0]).toMatch(/SameSite=Lax/i);
		const cookie = cookies[0]!.split(';')[0]!;
		for (const headers of [bearer(token), { cookie: `a=b; ${cookie}` }, new Headers({ cookie })]) {
			expect(await identity.authenticate(headers)).toMatchObject({
				email: 'root@example.org',
				sysAdmin: true
			});
		}
	});

	test('stores no token that one could sign in with', async () => {
		const { token, cookies } = await identity.signIn({ email: 'root@example.org', password }, here);
		const { rows } = await db.app.query(
			'SELECT token, ip_address, user_agent FROM loam.session ORDER BY created_at DESC LIMIT 1'
		);
		expect(rows[0]).toEqual({
			token: expect.stringMatching(/^[0-9a-f]{64}$/),
			ip_address: '192.0.2.1',
			user_agent: 'test'
		});
		expect(rows[0].token).not.toBe(token);
		expect(cookies[0]).toContain(token);
		expect(await identity.authenticate(bearer(rows[0].token))).toBeUndefined();
		const everything = await db.app.query(`SELECT string_agg(s::text, '') AS text FROM loam.session s`);
		expect(everything.rows[0].text).not.toContain(token);
	});

	test.each([
		['a wrong password', 'root@example.org', 'wrong password'],
		['an unknown address', 'nobody@example.org', password],
		['no address', 'nonsense', password],
		['a password that is too long', 'root@example.org', 'x'.repeat(200)],
		['nothing', '', '']
	])('refuses %s in the same words', async (_case, email, given) => {
		await expect(identity.signIn({ email, password: given }, here)).rejects.toMatchObject({
			reason: 'SIGN_IN_REFUSED',
			message: 'The e-mail address or the password is wrong.'
		});
	});

	test.each([
		[
			'an account from one address',
			8,
			(_i: number): [string, string] => ['root@example.org', '198.51.100.1']
		],
		[
			'one address over many accounts',
			30,
			(i: number): [string, string] => [`u${i}@example.org`, '198.51.100.2']
		],
		[
			'a /64 of IPv6 over many accounts',
			30,
			(i: number): [string, string] => [`v${i}@example.org`, `2001:db8:0:1::${i.toString(16)}`]
		],
		[
			'an account from many addresses',
			50,
			(i: number): [string, string] => ['many@example.org', `203.0.113.${i}`]
		]
	])('limits %s', { timeout: 120_000 }, async (_case, limit, attempt) => {
		// the tries up to the limit, without their cost
		const [email, address] = attempt(0);
		await identity.signIn({ email, password: 'wrong password' }, { ...here, address }).catch(() => {});
		const key = limit === 30 ? 'address:%' : limit === 50 ? 'account:%' : 'both:%';
		await db.app.query('UPDATE loam.sign_in_attempt SET attempts = $1 WHERE key LIKE $2', [limit - 1, key]);
		const last = attempt(1);
		await expect(
			identity.signIn({ email: last[0], password: 'wrong password' }, { ...here, address: last[1] })
		).rejects.toMatchObject({
			reason: 'SIGN_IN_REFUSED'
		});
		const over = attempt(2);
		await expect(
			identity.signIn({ email: over[0], password }, { ...here, address: over[1] })
		).rejects.toMatchObject({
			reason: 'SIGN_IN_LIMITED',
			meta: { retryAfter: expect.any(Number) }
		});
	});

	test('counts tries side by side, and forgets those of a good sign-in', async () => {
		const address = '198.51.100.9';
		await db.app.query(`INSERT INTO loam.sign_in_attempt VALUES ($1, 27, now() + interval '1 minute')`, [
			`address:${address}`
		]);
		const tries = await Promise.allSettled(
			Array.from({ length: 6 }, (_, i) =>
				identity.signIn({ email: `w${i}@example.org`, password: 'wrong password' }, { ...here, address })
			)
		);
		const reasons = tries.map((tried) => (tried.status === 'rejected' ? tried.reason.reason : 'in'));
		expect(reasons.filter((reason) => reason === 'SIGN_IN_LIMITED')).toHaveLength(3);
		const good = { ...here, address: '198.51.100.10' };
		for (let i = 0; i < 10; i++) await identity.signIn({ email: 'root@example.org', password }, good);
		const { rows } = await db.app.query('SELECT attempts FROM loam.sign_in_attempt WHERE key = $1', [
			'address:198.51.100.10'
		]);
		expect(rows).toEqual([{ attempts: 0 }]);
	});

	test.each([
		['192.0.2.7', '192.0.2.7'],
		['::ffff:192.0.2.7', '192.0.2.7'],
		['::ffff:c000:207', '192.0.2.7'],
		['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
		['2001:DB8:1:2::', '2001:db8:1:2::/64'],
		['fe80::1%eth0', 'fe80:0:0:0::/64'],
		['::1', '0:0:0:0::/64']
	])('%s is of the network %s', (address, network) => {
		expect(networkOf(address)).toBe(network);
	});
});

test('over https the cookie wants https', async () => {
	const secure = await createIdentity({
		postgres: db,
		tenancy,
		log: silentLogger,
		origin: 'https://loam.example.org'
	});
	const { cookies } = await secure.signIn({ email: 'root@example.org', password }, here);
	expect(cookies[0]).toMatch(/^__Secure-loam\.session_token=.*; Secure/i);
	expect(await secure.authenticate({ cookie: cookies[0]!.split(';')[0]! })).toBeDefined();
	await secure.end();
});

describe('a session', () => {
	test('that expired is nobody', async () => {
		const { token } = await identity.signIn({ email: 'root@example.org', password }, here);
		const principal = (await identity.authenticate(bearer(token)))!;
		await db.app.query(`UPDATE loam.session SET expires_at = now() - interval '1 second' WHERE id = $1`, [
			identity.sessionOf(principal)!.id
		]);
		expect(await identity.authenticate(bearer(token))).toBeUndefined();
		expect(await identity.refresh(principal)).toBeUndefined();
	});

	test('that runs out is heard of by what it keeps open', async () => {
		const { token } = await identity.signIn({ email: 'root@example.org', password }, here);
		const principal = (await identity.authenticate(bearer(token)))!;
		// what an open stream does: at every change it asks who it still is
		const ended = new Promise<void>((resolve) => {
			const off = identity.onGrantsChanged(async () => {
				if (await identity.refresh(principal)) return;
				off();
				resolve();
			});
		});
		const { id } = identity.sessionOf(principal)!;
		await db.app.query(`UPDATE loam.session SET expires_at = now() + interval '100 ms' WHERE id = $1`, [id]);
		await ended;
		const rows = async () => (await db.app.query('SELECT FROM loam.session WHERE id = $1', [id])).rowCount;
		await expect.poll(rows, { timeout: 10_000 }).toBe(0);
	});

	test('that signs out is refused at once and raises the version', async () => {
		const { token } = await identity.signIn({ email: 'root@example.org', password }, here);
		const principal = (await identity.authenticate(bearer(token)))!;
		const before = identity.grantsVersion();
		const heard: bigint[] = [];
		const off = identity.onGrantsChanged((version) => heard.push(version));
		const cookies = await identity.signOut(principal);
		off();
		expect(cookies[0]).toMatch(/Max-Age=0/);
		expect(await identity.authenticate(bearer(token))).toBeUndefined();
		expect(identity.grantsVersion()).toBeGreaterThan(before);
		expect(heard.length).toBeGreaterThan(0);
	});

	test('lives on while it is used', async () => {
		const { token } = await identity.signIn({ email: 'root@example.org', password }, here);
		const principal = (await identity.authenticate(bearer(token)))!;
		expect(identity.sessionOf(principal)?.extended).toBe(false);
		await db.app.query(`UPDATE loam.session SET expires_at = now() + interval '5 days' WHERE id = $1`, [
			identity.sessionOf(principal)!.id
		]);
		const later = (await identity.authenticate(bearer(token)))!;
		expect(identity.sessionOf(later)?.extended).toBe(true);
		expect(identity.sessionOf(later)!.expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * 24 * 3600_000);
		const again = (await identity.authenticate(bearer(token)))!;
		expect(identity.sessionOf(again)!.expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * 24 * 3600_000);
	});

	test.each([
		[{}],
		[{ authorization: 'Bearer ' }],
		[{ authorization: 'Basic abc' }],
		[{ authorization: `Bearer ${'x'.repeat(5000)}` }],
		[{ cookie: 'loam.session_token=%E0%A4%A' }],
		[{ cookie: 'loam.session_token=nonsense.nonsense' }]
	])('of %o is none', async (headers) => {
		expect(await identity.authenticate(headers)).toBeUndefined();
	});

	test('is known while commands hold every connection of theirs', async () => {
		const { token } = await identity.signIn({ email: 'root@example.org', password }, here);
		const held = await Promise.all(Array.from({ length: 16 }, () => db.commands.connect()));
		const waiting = db.commands.connect();
		expect(await identity.authenticate(bearer(token))).toBeDefined();
		for (const client of held) client.release();
		(await waiting).release();
	});

	test('can be ended by its person alone', async () => {
		const email = await person();
		const first = await as(email);
		const second = await as(email);
		expect(await identity.sessions(first)).toHaveLength(2);
		const root = await as('root@example.org');
		await expect(identity.endSession(root, identity.sessionOf(second)!.id)).rejects.toMatchObject({
			reason: 'SESSION_UNKNOWN'
		});
		await identity.endSession(first, identity.sessionOf(second)!.id);
		expect(await identity.refresh(second)).toBeUndefined();
		expect(await identity.refresh(first)).toBeDefined();
	});
});

describe('passwords', () => {
	test('a person changes their own; other sessions end', async () => {
		const email = await person();
		const first = await as(email);
		const second = await as(email);
		await expect(identity.changePassword(first, 'wrong', 'another long one')).rejects.toMatchObject({
			reason: 'PASSWORD_WRONG'
		});
		await expect(identity.changePassword(first, password, 'short')).rejects.toMatchObject({
			reason: 'PASSWORD_INVALID'
		});
		await identity.changePassword(first, password, 'another long one');
		expect(await identity.refresh(first)).toBeDefined();
		expect(await identity.refresh(second)).toBeUndefined();
		await expect(as(email)).rejects.toMatchObject({ reason: 'SIGN_IN_REFUSED' });
		await identity.signIn({ email, password: 'another long one' }, here);
	});

	test('only a sys-admin sets another one', async () => {
		const email = await person([['project-admin', main]]);
		const victim = await person([['project-user', main]]);
		const admin = await as(email);
		await expect(identity.setPassword(admin, victim, 'another long one')).rejects.toMatchObject({
			reason: 'GRANT_DENIED'
		});
		const open = await as(victim);
		const root = await as('root@example.org');
		expect(await identity.setPassword(root, victim, 'another long one')).toBeUndefined();
		expect(await identity.refresh(open)).toBeUndefined();
		const made = await identity.setPassword(root, victim, undefined);
		await identity.signIn({ email: victim, password: made! }, here);
	});
});

describe('grants', () => {
	test('the wider roles imply the narrower', async () => {
		const root = await as('root@example.org');
		expect([...identity.rolesIn(root, main)].sort()).toEqual([
			'org-admin',
			'project-admin',
			'project-user',
			'sys-admin'
		]);
		const user = await as(await person([['project-user', main]]));
		expect([...identity.rolesIn(user, main)]).toEqual(['project-user']);
		expect([...identity.rolesIn(user, other)]).toEqual([]);
		expect([...identity.rolesIn(undefined, main)]).toEqual([]);
	});

	const place = (kind: string) =>
		kind === 'everywhere'
			? ({ kind: 'everywhere' } as const)
			: kind === 'organization'
				? ({ kind: 'organization', id: main.organization } as const)
				: ({ kind: 'project', project: kind === 'other' ? other : main } as const);

	test.each([
		['project-user', 'project-user', 'main', 'GRANT_DENIED'],
		['project-admin', 'project-user', 'main', 'ok'],
		['project-admin', 'project-admin', 'main', 'ok'],
		['project-admin', 'project-user', 'other', 'GRANT_DENIED'],
		['project-admin', 'org-admin', 'organization', 'GRANT_DENIED'],
		['project-admin', 'sys-admin', 'everywhere', 'GRANT_DENIED'],
		['project-admin', 'sys-admin', 'main', 'ROLE_PLACE'],
		['project-admin', 'org-admin', 'main', 'ROLE_PLACE'],
		['project-admin', 'nonsense', 'main', 'ROLE_UNKNOWN'],
		['project-admin', 'tickets:agent', 'main', 'ROLE_UNKNOWN'],
		['org-admin', 'project-admin', 'other', 'ok'],
		['org-admin', 'org-admin', 'organization', 'ok'],
		['org-admin', 'sys-admin', 'everywhere', 'GRANT_DENIED'],
		['sys-admin', 'sys-admin', 'everywhere', 'ok'],
		['sys-admin', 'project-user', 'everywhere', 'ROLE_PLACE'],
		['guest', 'project-user', 'main', 'GRANT_DENIED']
	])('a %s grants %s in %s: %s', async (who, role, where, expected) => {
		const root = await as('root@example.org');
		const email = await person();
		const home = who === 'org-admin' ? 'organization' : who === 'sys-admin' ? 'everywhere' : 'main';
		if (who !== 'guest') await identity.grant(root, email, who, place(home));
		const target = await person();
		const done = await identity.grant(await as(email), target, role, place(where)).then(
			() => 'ok',
			(error: { reason: string }) => error.reason
		);
		expect(done).toBe(expected);
		const grants = await db.app.query(
			'SELECT FROM loam.role_grant g JOIN loam.person p ON p.id = g.principal_id WHERE p.email = $1',
			[target]
		);
		expect(grants.rowCount).toBe(expected === 'ok' ? 1 : 0);
		if (who === 'sys-admin') await identity.revoke(root, email, 'sys-admin', place('everywhere'));
		if (role === 'sys-admin' && expected === 'ok')
			await identity.revoke(root, target, 'sys-admin', place('everywhere'));
	});

	test('count at once, and are gone at once', async () => {
		const email = await person([['project-user', main]]);
		const principal = await as(email);
		const root = await as('root@example.org');
		await identity.revoke(root, email, undefined, place('main'));
		expect([...identity.rolesIn((await identity.refresh(principal))!, main)]).toEqual([]);
		await expect(identity.revoke(root, email, 'project-user', place('main'))).rejects.toMatchObject({
			reason: 'GRANT_UNKNOWN'
		});
	});

	test('the last sys-admin stays', async () => {
		const root = await as('root@example.org');
		await expect(
			identity.revoke(root, 'root@example.org', 'sys-admin', place('everywhere'))
		).rejects.toMatchObject({
			reason: 'LAST_SYS_ADMIN'
		});
		expect((await identity.refresh(root))?.sysAdmin).toBe(true);
	});

	test('are heard by another node', async () => {
		const node = await createIdentity({
			postgres: db,
			tenancy,
			log: silentLogger,
			origin: 'http://localhost:4000'
		});
		const heard = new Promise<bigint>((resolve) => node.onGrantsChanged(resolve));
		await person([['project-user', main]]);
		expect(await heard).toBeGreaterThan(0n);
		await node.end();
	});
});

describe('people', () => {
	test('an admin adds somebody with roles and a password that is told once', async () => {
		const admin = await as(await person([['project-admin', main]]));
		const made = await identity.createUser(
			admin,
			{ name: '  Ada   Lovelace ', email: `Ada.${uuidv7()}@Example.org` },
			{ kind: 'project', project: main },
			['project-user']
		);
		expect(made.person.name).toBe('Ada Lovelace');
		const { token } = await identity.signIn({ email: made.person.email, password: made.password! }, here);
		expect([...identity.rolesIn(await identity.authenticate(bearer(token)), main)]).toEqual(['project-user']);
		expect(await identity.members(main)).toContainEqual({
			...made.person,
			roles: ['project-user'],
			inherited: []
		});
		const organization = await db.app.query('SELECT role FROM loam.member WHERE user_id = $1', [
			made.person.id
		]);
		expect(organization.rows).toEqual([{ role: 'member' }]);
	});

	test('are known to the modules of their projects', async () => {
		const place = await makePlace(db, tenancy, 'known');
		const known = async () =>
			(await db.admin.query(`SELECT name FROM ${place.schema}.people ORDER BY name`)).rows.map(
				(row) => row.name
			);
		const root = await as('root@example.org');
		const email = `k${uuidv7()}@example.org`;
		const at = { kind: 'project', project: place.project } as const;
		await identity.createUser(root, { name: 'Known', email, password }, at, ['project-user']);
		expect(await known()).toContain('Known');
		await identity.rename(await as(email), 'Renamed');
		expect(await known()).toContain('Renamed');
		await identity.revoke(root, email, undefined, at);
		expect(await known()).not.toContain('Renamed');
	});

	test("are better-auth's too, with their organizations", async () => {
		const email = await person([['project-user', main]]);
		const { token, cookies } = await identity.signIn({ email, password }, here);
		const { rows } = await db.app.query<{ secret: string }>('SELECT secret FROM loam.identity_key');
		const auth = createAuth({ pool: db.app, origin: 'http://localhost:4000', secret: rows[0]!.secret });
		const headers = new Headers({ cookie: cookies[0]!.split(';')[0]! });
		const session = await auth.api.getSession({ headers });
		expect(session).toMatchObject({ user: { email }, session: { token } });
		expect(await auth.api.listOrganizations({ headers })).toMatchObject([
			{ slug: 'home', id: main.organization }
		]);
		await auth.api.setActiveOrganization({ headers, body: { organizationId: main.organization } });
		const active = await db.app.query('SELECT active_organization_id AS id FROM loam.session WHERE id = $1', [
			session!.session.id
		]);
		expect(active.rows).toEqual([{ id: main.organization }]);
		await auth.api.signOut({ headers });
		expect(await identity.authenticate(bearer(token))).toBeUndefined();
		await expect(
			auth.api.signUpEmail({ body: { email: 'eve@example.org', password, name: 'Eve' } })
		).rejects.toThrow(/sign up is not enabled/i);
	});

	test('an address that is here keeps its password and its name', async () => {
		const email = await person();
		const admin = await as(await person([['project-admin', main]]));
		await expect(
			identity.createUser(
				admin,
				{ name: 'X', email, password: 'taken over!' },
				{ kind: 'project', project: main },
				['project-user']
			)
		).rejects.toMatchObject({ reason: 'PERSON_EXISTS' });
		expect((await as(email)).name).toBe('P');
	});

	test.each([
		[{ name: '', email: 'a@b.c', password }, 'NAME_INVALID'],
		[{ name: 'A', email: 'nonsense', password }, 'EMAIL_INVALID'],
		[{ name: 'A', email: 'a@b.c', password: 'short' }, 'PASSWORD_INVALID']
	])('%o is refused as %s', async (input, reason) => {
		const root = await as('root@example.org');
		await expect(identity.createUser(root, input, { kind: 'everywhere' }, [])).rejects.toMatchObject({
			reason
		});
	});
});

describe('the first sys-admin', () => {
	let empty: TestPostgres;
	let rooms: { tenancy: Tenancy; identity: Identity };
	beforeEach(async () => {
		empty = await testPostgres();
		const made = await createTenancy({ postgres: empty, log: silentLogger });
		rooms = {
			tenancy: made,
			identity: await createIdentity({
				postgres: empty,
				tenancy: made,
				log: silentLogger,
				origin: 'http://localhost:4000'
			})
		};
		return async () => {
			await rooms.identity.end();
			await rooms.tenancy.end();
			await empty.drop();
		};
	});
	const tokenOf = (link: string | undefined) => new URL(link!, 'http://x').searchParams.get('token')!;
	const ada = { name: 'Ada', email: 'ada@example.org', password };

	test('is made once, by a link that is stored hashed', async () => {
		const token = tokenOf(await rooms.identity.firstAdminLink());
		const { rows } = await empty.app.query('SELECT token FROM loam.one_time_link');
		expect(rows).toEqual([{ token: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
		expect(await rooms.identity.isWelcomeTokenGood(token)).toBe(true);
		expect(await rooms.identity.hasAdmin()).toBe(false);
		const { token: session } = await rooms.identity.createFirstAdmin(token, ada, here);
		expect(await rooms.identity.authenticate(bearer(session))).toMatchObject({ name: 'Ada', sysAdmin: true });
		expect(await rooms.identity.hasAdmin()).toBe(true);
		expect(await rooms.identity.firstAdminLink()).toBeUndefined();
		expect(await rooms.identity.isWelcomeTokenGood(token)).toBe(false);
		await expect(
			rooms.identity.createFirstAdmin(token, { ...ada, email: 'eve@example.org' }, here)
		).rejects.toMatchObject({
			reason: 'WELCOME_LINK_INVALID'
		});
	});

	test('is one person where two use two links at once', async () => {
		const links = [await rooms.identity.firstAdminLink(), await rooms.identity.firstAdminLink()];
		const made = await Promise.allSettled(
			links.map((link, i) =>
				rooms.identity.createFirstAdmin(tokenOf(link), { ...ada, email: `a${i}@example.org` }, here)
			)
		);
		expect(made.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
		expect((await empty.app.query('SELECT FROM loam.person')).rowCount).toBe(1);
	});

	test('is not made by a bad link, an expired one, or a bad password', async () => {
		const token = tokenOf(await rooms.identity.firstAdminLink());
		await expect(rooms.identity.createFirstAdmin('nonsense', ada, here)).rejects.toMatchObject({
			reason: 'WELCOME_LINK_INVALID'
		});
		await expect(
			rooms.identity.createFirstAdmin(token, { ...ada, password: 'short' }, here)
		).rejects.toMatchObject({
			reason: 'PASSWORD_INVALID'
		});
		await empty.app.query(`UPDATE loam.one_time_link SET expires_at = now() - interval '1 second'`);
		await expect(rooms.identity.createFirstAdmin(token, ada, here)).rejects.toMatchObject({
			reason: 'WELCOME_LINK_INVALID'
		});
		expect((await empty.app.query('SELECT FROM loam.person')).rowCount).toBe(0);
	});
});
