import { isUuid, uuidv7 } from '#kernel';
import type { Pool, PoolClient } from '#platform/postgres';
import { errors } from './errors.ts';
import type { Member, Person } from './types.ts';

export interface NewPerson {
	readonly name: string;
	readonly email: string;
	readonly passwordHash: string;
}

/** Throws PERSON_EXISTS; never touches a person who is there. */
export async function insertPerson(
	client: PoolClient,
	{ name, email, passwordHash }: NewPerson
): Promise<Person> {
	const id = uuidv7();
	const { rowCount } = await client.query(
		`INSERT INTO loam.person (id, name, email) VALUES ($1, $2, $3) ON CONFLICT (email) DO NOTHING`,
		[id, name, email]
	);
	if (!rowCount) {
		throw errors.PERSON_EXISTS(`${email} is here already. Give them a role instead of a new account.`, {
			email
		});
	}
	await client.query(
		`INSERT INTO loam.account (id, account_id, provider_id, user_id, password) VALUES ($1, $2::text, 'credential', $2::uuid, $3)`,
		[uuidv7(), id, passwordHash]
	);
	return { id, name, email, picture: undefined };
}

/** By id or e-mail address. Throws PERSON_UNKNOWN. */
export async function findPerson(pool: Pool | PoolClient, idOrEmail: string): Promise<Person> {
	const text = idOrEmail.trim().toLowerCase().replaceAll('\0', '');
	const { rows } = await pool.query<{ id: string; name: string; email: string; picture: string | null }>(
		`SELECT id, name, email, image AS picture FROM loam.person WHERE ${isUuid(text) ? 'id' : 'email'} = $1`,
		[text]
	);
	const row = rows[0];
	if (row) return { ...row, picture: row.picture ?? undefined };
	throw errors.PERSON_UNKNOWN(
		`Nobody here has the ${isUuid(text) ? 'id' : 'address'} ${text}. Add them as a new person.`,
		{
			user: text
		}
	);
}

export async function setName(client: PoolClient, person: string, name: string): Promise<void> {
	await client.query('UPDATE loam.person SET name = $2, updated_at = now() WHERE id = $1', [person, name]);
}

export async function readPasswordHash(pool: Pool, person: string): Promise<string | undefined> {
	const { rows } = await pool.query<{ password: string | null }>(
		`SELECT password FROM loam.account WHERE user_id = $1 AND provider_id = 'credential'`,
		[person]
	);
	return rows[0]?.password ?? undefined;
}

export async function writePasswordHash(client: PoolClient, person: string, hash: string): Promise<void> {
	await client.query(
		`INSERT INTO loam.account (id, account_id, provider_id, user_id, password) VALUES ($1, $2::text, 'credential', $2::uuid, $3)
		 ON CONFLICT (provider_id, account_id) DO UPDATE SET password = excluded.password, updated_at = now()`,
		[uuidv7(), person, hash]
	);
}

/** Who may do something in a project, by name. */
export async function listMembers(
	pool: Pool,
	project: { id: string; organization: string }
): Promise<Member[]> {
	const { rows } = await pool.query<{
		id: string;
		name: string;
		email: string;
		picture: string | null;
		roles: string[];
		inherited: string[];
	}>(
		`SELECT p.id, p.name, p.email, p.image AS picture,
		        coalesce(array_agg(g.role ORDER BY g.role) FILTER (WHERE g.project_id IS NOT NULL), '{}') AS roles,
		        coalesce(array_agg(g.role ORDER BY g.role) FILTER (WHERE g.project_id IS NULL), '{}') AS inherited
		   FROM loam.role_grant g
		   JOIN loam.person p ON p.id = g.principal_id
		  WHERE g.project_id = $1 OR g.organization_id = $2 OR g.role = 'sys-admin'
		  GROUP BY p.id ORDER BY lower(p.name), p.id`,
		[project.id, project.organization]
	);
	return rows.map((row) => ({ ...row, picture: row.picture ?? undefined }));
}
