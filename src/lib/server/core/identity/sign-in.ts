import { isAPIError } from 'better-auth/api';
import type { Pool } from '#platform/postgres';
import { addressHeader, type Auth } from './auth.ts';
import { errors } from './errors.ts';
import { findPerson } from './people.ts';
import { normaliseEmail } from './person-input.ts';
import { countAttempt } from './rate-limit.ts';
import type { Origin, SignedIn } from './types.ts';

/** Throws SIGN_IN_REFUSED (the same for an unknown address and a wrong password), SIGN_IN_LIMITED. */
export async function signIn(
	{ pool, auth }: { pool: Pool; auth: Auth },
	given: { email: string; password: string },
	origin: Origin
): Promise<SignedIn> {
	const email = emailOr(given.email);
	const attempt = await countAttempt(pool, origin.address, email ?? given.email.slice(0, 300));
	if (!email || given.password.length > 128) throw refused();
	const { headers, response } = await attemptSignIn(auth, email, given.password, origin);
	await attempt.succeeded();
	const person = await findPerson(pool, response.user.id);
	return { token: response.token, cookies: headers.getSetCookie(), person };
}

function emailOr(text: string): string | undefined {
	try {
		return normaliseEmail(text);
	} catch {
		return undefined;
	}
}

async function attemptSignIn(auth: Auth, email: string, password: string, origin: Origin) {
	try {
		return await auth.api.signInEmail({
			body: { email, password },
			headers: new Headers({ [addressHeader]: origin.address, 'user-agent': headerText(origin.userAgent) }),
			returnHeaders: true
		});
	} catch (error) {
		if (isAPIError(error) && error.status !== 'INTERNAL_SERVER_ERROR') throw refused();
		throw error;
	}
}

function refused() {
	return errors.SIGN_IN_REFUSED('The e-mail address or the password is wrong.');
}

/** What a header may hold, and no longer than a list of sessions shows. */
function headerText(text: string): string {
	return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300);
}
