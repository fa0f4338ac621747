import { isUuid } from '#kernel';
import type { Pool } from '#platform/postgres';
import type { Tenancy } from '#core/tenancy';
import { personOf, type Callers } from './callers.ts';
import type { Changing } from './changing.ts';
import { errors } from './errors.ts';
import { checkPassword, hashPassword, passwordLength, verifyPassword } from './password.ts';
import { readPasswordHash, setName, writePasswordHash } from './people.ts';
import { normaliseName } from './person-input.ts';
import { countAttempt } from './rate-limit.ts';
import { endOtherSessions, endSession, listSessions } from './sessions.ts';
import type { Principal, Session } from './types.ts';

/** What everybody does with their own account. */
export interface OwnAccount {
	/** Throws NAME_INVALID. */
	rename(principal: Principal, name: string): Promise<void>;
	/** Ends their other sessions. Throws PASSWORD_WRONG, PASSWORD_INVALID, SIGN_IN_LIMITED. */
	changePassword(principal: Principal, current: string, next: string): Promise<void>;
	/** The newest first. */
	sessions(principal: Principal): Promise<Session[]>;
	/** Throws SESSION_UNKNOWN. */
	endSession(principal: Principal, session: string): Promise<void>;
}

export function createOwnAccount({
	pool,
	callers,
	changing,
	tenancy
}: {
	readonly pool: Pool;
	readonly callers: Callers;
	readonly changing: Changing;
	readonly tenancy: Pick<Tenancy, 'syncPeople' | 'syncAllPeople'>;
}): OwnAccount {
	/** The projects whose modules know the person by name. */
	async function syncWhereKnown(principal: Principal): Promise<void> {
		const projects = callers.grantsOf(principal).map((grant) => grant.project);
		if (projects.includes(undefined)) return tenancy.syncAllPeople();
		for (const project of new Set(projects)) await tenancy.syncPeople(project!);
	}

	async function checkCurrent(person: string, given: string): Promise<void> {
		const attempt = await countAttempt(pool, person, person);
		const hash = await readPasswordHash(pool, person);
		const fits = given.length <= passwordLength.most && hash !== undefined;
		if (!fits || !(await verifyPassword({ hash, password: given }))) {
			throw errors.PASSWORD_WRONG('The current password is wrong.', { field: 'current' });
		}
		await attempt.succeeded();
	}

	return {
		async rename(principal, name) {
			const wanted = normaliseName(name);
			await changing((client) => setName(client, personOf(principal), wanted));
			await syncWhereKnown(principal);
		},
		async changePassword(principal, current, next) {
			const person = personOf(principal);
			checkPassword(next);
			await checkCurrent(person, current);
			const hash = await hashPassword(next);
			await changing(async (client) => {
				await writePasswordHash(client, person, hash);
				await endOtherSessions(client, person, callers.find(principal)?.session);
			});
		},
		sessions: (principal) => listSessions(pool, personOf(principal)),
		async endSession(principal, session) {
			await changing(async (client) => {
				const ended = isUuid(session) ? await endSession(client, personOf(principal), session) : 0;
				if (!ended) throw errors.SESSION_UNKNOWN('This session has ended already.');
			});
		}
	};
}
