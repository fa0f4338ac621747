import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { outputSettings, type Client, type PoolClient, type Postgres } from '#platform/postgres';
import type { Place } from './types.ts';

const iterations = 4096;

/**
 * Runs `work` on a connection that logged in as the installation's owner. No login of Loam can become
 * that role, so nothing that runs here (a tenant's migration above all) can climb out by RESET ROLE. The
 * password is good for this one connection and is taken away before `work` begins; the connection is
 * closed after it. `search_path` is the installation's schema; a lock waits 200 ms at most (rule 12).
 */
export async function asOwner<T>(
	postgres: Postgres,
	place: Place,
	work: (client: Client) => Promise<T>
): Promise<T> {
	const client = await logIn(postgres, place);
	try {
		return await work(client);
	} finally {
		await client.end();
	}
}

/** One login at a time for each role: the next would otherwise change the password under this one. */
async function logIn(postgres: Postgres, place: Place): Promise<Client> {
	const admin = await postgres.admin.connect();
	let broken: Error | undefined;
	try {
		await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [place.ownerRole]);
		return await logInLocked(postgres, admin, place);
	} catch (error) {
		// A closed session gives its lock back, whatever went wrong.
		broken = error as Error;
		throw error;
	} finally {
		if (!broken) await admin.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [place.ownerRole]);
		admin.release(broken);
	}
}

async function logInLocked(postgres: Postgres, admin: PoolClient, place: Place): Promise<Client> {
	const role = pg.escapeIdentifier(place.ownerRole);
	const password = randomBytes(24).toString('base64url');
	await admin.query(
		`ALTER ROLE ${role} LOGIN PASSWORD '${scramVerifier(password)}' VALID UNTIL '${validUntil()}'`
	);
	try {
		return await postgres.connect(postgres.instance.urlOf(place.ownerRole, password), {
			application_name: `loam owner i${place.number}`,
			options: `${outputSettings} -c search_path=${place.schema} -c lock_timeout=200`
		});
	} finally {
		await admin.query(`ALTER ROLE ${role} NOLOGIN PASSWORD NULL`);
	}
}

function validUntil(): string {
	return new Date(Date.now() + 60_000).toISOString();
}

/** What Postgres stores of a password (RFC 5803), so that the password itself stands in no statement log. */
export function scramVerifier(password: string): string {
	const salt = randomBytes(16);
	const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
	const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
	const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
	return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`;
}
