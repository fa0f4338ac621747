import type { Pool, PoolClient } from '#platform/postgres';
import { extendAfterSeconds, sessionSeconds } from './auth.ts';
import { hashToken } from './token.ts';
import type { Grant, Principal, Session } from './types.ts';

/** What one look into the database says about the caller. */
export interface Caller {
	readonly principal: Principal;
	readonly grants: readonly Grant[];
	readonly session: string;
	readonly expiresAt: Date;
	/** The session was extended: the browser's cookie wants the same. */
	readonly extended: boolean;
}

interface CallerRow {
	id: string;
	name: string;
	email: string;
	session: string;
	expires_at: Date;
	stale: boolean;
	version: string;
	grants: { role: string; organization: string | null; project: string | null }[];
}

/** The person of a session that lives, with every grant and the version of the grants, as of one snapshot. */
const selectCaller = `
	SELECT p.id, p.name, p.email, s.id AS session, s.expires_at,
	       s.expires_at < now() + make_interval(secs => $2) AS stale,
	       (SELECT version FROM loam.grants_version) AS version,
	       coalesce((SELECT json_agg(json_build_object('role', g.role, 'organization', g.organization_id, 'project', g.project_id))
	                   FROM loam.role_grant g WHERE g.principal_id = p.id), '[]') AS grants
	  FROM loam.session s
	  JOIN loam.person p ON p.id = s.user_id
	 WHERE s.expires_at > now()`;
const staleSeconds = sessionSeconds - extendAfterSeconds;

export async function findCallerByToken(pool: Pool, token: string): Promise<Caller | undefined> {
	return findCaller(pool, 'token', hashToken(token));
}

export async function findCallerBySession(pool: Pool, session: string): Promise<Caller | undefined> {
	return findCaller(pool, 'id', session);
}

async function findCaller(pool: Pool, column: 'token' | 'id', value: string): Promise<Caller | undefined> {
	const { rows } = await pool.query<CallerRow>({
		name: `loam caller by ${column}`,
		text: `${selectCaller} AND s.${column} = $1`,
		values: [value, staleSeconds]
	});
	const row = rows[0];
	if (!row) return undefined;
	const expiresAt = row.stale ? await extend(pool, row.session) : row.expires_at;
	return toCaller({ ...row, expires_at: expiresAt ?? row.expires_at });
}

async function extend(pool: Pool, session: string): Promise<Date | undefined> {
	const { rows } = await pool.query<{ expires: Date }>(
		`UPDATE loam.session SET expires_at = now() + make_interval(secs => $2), updated_at = now()
		  WHERE id = $1 AND expires_at > now() RETURNING expires_at AS expires`,
		[session, sessionSeconds]
	);
	return rows[0]?.expires;
}

function toCaller(row: CallerRow): Caller {
	const grants = row.grants.map(({ role, organization, project }) => ({
		role,
		organization: organization ?? undefined,
		project: project ?? undefined
	}));
	return {
		principal: {
			id: row.id,
			name: row.name,
			email: row.email,
			sysAdmin: grants.some((grant) => grant.role === 'sys-admin'),
			grantsVersion: BigInt(row.version)
		},
		grants,
		session: row.session,
		expiresAt: row.expires_at,
		extended: row.stale
	};
}

/** A person's living sessions, the newest first. */
export async function listSessions(pool: Pool, person: string): Promise<Session[]> {
	const { rows } = await pool.query<{
		id: string;
		created: Date;
		expires: Date;
		agent: string | null;
		address: string | null;
	}>(
		`SELECT id, created_at AS created, expires_at AS expires, user_agent AS agent, ip_address AS address
		   FROM loam.session WHERE user_id = $1 AND expires_at > now() ORDER BY created_at DESC LIMIT 200`,
		[person]
	);
	return rows.map((row) => ({
		id: row.id,
		createdAt: row.created,
		expiresAt: row.expires,
		userAgent: row.agent ?? '',
		address: row.address ?? ''
	}));
}

/** Ends one session of a person; how many there were. */
export async function endSession(client: PoolClient, person: string, session: string): Promise<number> {
	const { rowCount } = await client.query('DELETE FROM loam.session WHERE user_id = $1 AND id = $2', [
		person,
		session
	]);
	return rowCount ?? 0;
}

/** Ends all sessions of a person but one. */
export async function endOtherSessions(
	client: PoolClient,
	person: string,
	kept: string | undefined
): Promise<number> {
	const { rowCount } = await client.query(
		'DELETE FROM loam.session WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid',
		[person, kept ?? null]
	);
	return rowCount ?? 0;
}

/** How many there were. */
export async function deleteExpiredSessions(client: PoolClient): Promise<number> {
	const { rowCount } = await client.query('DELETE FROM loam.session WHERE expires_at <= now()');
	return rowCount ?? 0;
}
