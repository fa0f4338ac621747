import type { Pool, PoolClient } from '#platform/postgres';
import { errors } from './errors.ts';
import { hasSysAdmin, insertGrant } from './grants.ts';
import { insertPerson, type NewPerson } from './people.ts';
import { hashToken, newToken } from './token.ts';
import type { Person } from './types.ts';

const purpose = 'first-admin';
const linkSeconds = 24 * 3600;

/** A new one-time link's token, while there is no sys-admin. Links made before stay good until they expire. */
export async function newWelcomeToken(pool: Pool): Promise<string | undefined> {
	if (await hasSysAdmin(pool)) return undefined;
	const token = newToken();
	await pool.query('DELETE FROM loam.one_time_link WHERE expires_at < now()');
	await pool.query(
		'INSERT INTO loam.one_time_link (token, purpose, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))',
		[hashToken(token), purpose, linkSeconds]
	);
	return token;
}

/** Whether the link would be taken. */
export async function isWelcomeTokenGood(pool: Pool, token: string): Promise<boolean> {
	const { rowCount } = await pool.query(
		`SELECT FROM loam.one_time_link WHERE token = $1 AND purpose = $2 AND expires_at > now()
		    AND NOT EXISTS (SELECT FROM loam.role_grant WHERE role = 'sys-admin')`,
		[hashToken(token), purpose]
	);
	return (rowCount ?? 0) > 0;
}

/** Uses up the link, and every other of its kind. Throws WELCOME_LINK_INVALID. */
export async function takeWelcomeToken(client: PoolClient, token: string): Promise<void> {
	const { rowCount } = await client.query(
		'DELETE FROM loam.one_time_link WHERE token = $1 AND purpose = $2 AND expires_at > now()',
		[hashToken(token), purpose]
	);
	if (!rowCount) {
		throw errors.WELCOME_LINK_INVALID(
			'This link was used or has expired. Restart Loam to get a new one, or sign in.'
		);
	}
}

/** The first sys-admin; undefined where there is one already. Two at once: one of them is made. */
export async function insertFirstAdmin(client: PoolClient, person: NewPerson): Promise<Person | undefined> {
	await client.query(`SELECT pg_advisory_xact_lock(hashtext('loam.sys-admin'))`);
	if (await hasSysAdmin(client)) return undefined;
	const made = await insertPerson(client, person);
	await insertGrant(client, {
		person: made.id,
		role: 'sys-admin',
		place: { kind: 'everywhere' },
		by: undefined
	});
	await client.query('DELETE FROM loam.one_time_link WHERE purpose = $1', [purpose]);
	return made;
}
