import type { Pool } from '#platform/postgres';
import type { Project, Tenancy } from '#core/tenancy';
import type { Callers } from './callers.ts';
import type { Changing } from './changing.ts';
import { errors } from './errors.ts';
import {
	assignableRoles,
	checkPlace,
	checkRole,
	deleteGrant,
	insertGrant,
	mayGrant,
	type GrantPlace
} from './grants.ts';
import { checkPassword, hashPassword } from './password.ts';
import { findPerson, insertPerson, listMembers, writePasswordHash } from './people.ts';
import { checkPerson, newPassword, type PersonInput } from './person-input.ts';
import { endOtherSessions } from './sessions.ts';
import type { AssignableRole, Member, Person, Principal } from './types.ts';

/** What admins do with people. A `person` is an id or an e-mail address. */
export interface Administration {
	/** Adds a person, with roles in a project. Throws PERSON_EXISTS, GRANT_DENIED, ROLE_UNKNOWN, ROLE_PLACE. */
	createUser(
		by: Principal,
		person: PersonInput,
		place: GrantPlace,
		roles: readonly string[]
	): Promise<{ person: Person; password: string | undefined }>;
	/** Throws GRANT_DENIED, ROLE_UNKNOWN, ROLE_PLACE, PERSON_UNKNOWN. */
	grant(by: Principal, person: string, role: string, place: GrantPlace): Promise<Person>;
	/** Without a role: every role there. Throws GRANT_DENIED, GRANT_UNKNOWN, LAST_SYS_ADMIN, PERSON_UNKNOWN. */
	revoke(by: Principal, person: string, role: string | undefined, place: GrantPlace): Promise<void>;
	/**
	 * Another's password, by a sys-admin: ends all sessions of that person. Without one, one is made, and
	 * answered. Throws GRANT_DENIED, PASSWORD_INVALID, PERSON_UNKNOWN.
	 */
	setPassword(by: Principal, person: string, password: string | undefined): Promise<string | undefined>;
	members(project: Project): Promise<Member[]>;
	/** What can be granted in a project. */
	roles(project: Project): Promise<AssignableRole[]>;
}

export function createAdministration({
	pool,
	callers,
	changing,
	tenancy
}: {
	readonly pool: Pool;
	readonly callers: Callers;
	readonly changing: Changing;
	readonly tenancy: Pick<Tenancy, 'syncPeople' | 'syncAllPeople' | 'installations'>;
}): Administration {
	const roles = async (project: Project) => assignableRoles(await tenancy.installations(project.id));

	function assertMayGrant(by: Principal, place: GrantPlace): void {
		if (mayGrant(callers.grantsOf(by), place)) return;
		throw errors.GRANT_DENIED('Only an admin of this place can do that.');
	}

	async function checkGrant(by: Principal, role: string, place: GrantPlace): Promise<void> {
		assertMayGrant(by, place);
		checkRole(role, place.kind === 'project' ? await roles(place.project) : []);
		checkPlace(role, place);
	}

	async function sync(place: GrantPlace): Promise<void> {
		await (place.kind === 'project' ? tenancy.syncPeople(place.project.id) : tenancy.syncAllPeople());
	}

	return {
		async createUser(by, input, place, wanted) {
			assertMayGrant(by, place);
			for (const role of wanted) await checkGrant(by, role, place);
			const { name, email, password } = checkPerson(input);
			const passwordHash = await hashPassword(password);
			const person = await changing(async (client) => {
				const made = await insertPerson(client, { name, email, passwordHash });
				for (const role of wanted) await insertGrant(client, { person: made.id, role, place, by: by.id });
				return made;
			});
			if (wanted.length > 0) await sync(place);
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
		async setPassword(by, idOrEmail, given) {
			assertMayGrant(by, { kind: 'everywhere' });
			const password = given ?? newPassword();
			checkPassword(password);
			const person = await findPerson(pool, idOrEmail);
			const hash = await hashPassword(password);
			const kept = person.id === by.id ? callers.find(by)?.session : undefined;
			await changing(async (client) => {
				await writePasswordHash(client, person.id, hash);
				await endOtherSessions(client, person.id, kept);
			});
			return given === undefined ? password : undefined;
		},
		members: (project) => listMembers(pool, project),
		roles
	};
}
