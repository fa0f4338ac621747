import { createHmac } from 'node:crypto';
import pg from 'pg';
import { watched } from './connection.ts';
import { errors } from './errors.ts';
import { hardenCluster, preparation, rightsOf } from './harden.ts';

/**
 * Loam's own logins. Role names are global to a cluster, so each carries the instance's id. None is a
 * superuser and none can become an installation's role: `admin` makes them (CREATEROLE gives it ADMIN
 * without SET or INHERIT) but cannot act as them.
 */
export interface Logins {
	/** Owns the database and schema `loam`; creates schemas and roles; runs DDL. */
	readonly admin: string;
	/** Serves requests: the platform's tables, and the definer functions of installations. */
	readonly app: string;
	/** Maintains views: the journal, the position, and the maintenance functions of installations. */
	readonly views: string;
	/** Reads the WAL. */
	readonly replication: string;
}

export interface Instance {
	/** Six letters and digits; part of every role, slot and publication name. */
	readonly id: string;
	readonly database: string;
	readonly logins: Logins;
	/** A connection string as that login. */
	urlAs(login: keyof Logins): string;
	/** A connection string as any role, with a password given to it by the caller. */
	urlOf(role: string, password: string): string;
}

const minimumVersion = 180000;

/**
 * Makes the instance's identity and logins in the database of `url`, or finds them. Idempotent; one node
 * at a time. The role of `url` is used here alone, to make the logins and the walls between them: a
 * superuser, or a role that a superuser has prepared (`preparation`). A database that was cloned gets an identity of its own. Throws POSTGRES_TOO_OLD, POSTGRES_SETTING,
 * POSTGRES_PRIVILEGE.
 */
export async function bootstrapInstance(url: string): Promise<Instance> {
	const client = new pg.Client({ connectionString: url, ...watched });
	client.on('error', () => {});
	await client.connect();
	try {
		await checkServer(client);
		const isSuperuser = await checkRights(client);
		await client.query(`SELECT pg_advisory_lock(hashtext('loam.bootstrap'))`);
		const { id, database } = await ensureIdentity(client);
		const logins = loginNames(id);
		const instance = describe(url, id, database, logins);
		await ensureLogins(client, instance, passwordFor(url, id));
		await takeOwnership(client, database, logins, isSuperuser);
		await hardenCluster(client, logins, isSuperuser);
		return instance;
	} finally {
		await client.end();
	}
}

function loginNames(id: string): Logins {
	const name = (purpose: string) => `loam_${id}_${purpose}`;
	return { admin: name('admin'), app: name('app'), views: name('views'), replication: name('replication') };
}

function describe(url: string, id: string, database: string, logins: Logins): Instance {
	const password = passwordFor(url, id);
	const urlOf = (role: string, secret: string) => {
		const target = new URL(url);
		target.username = role;
		target.password = secret;
		return target.toString();
	};
	return { id, database, logins, urlOf, urlAs: (login) => urlOf(logins[login], password(login)) };
}

/** Every node derives the same passwords from what it was given, so none is stored. */
function passwordFor(url: string, id: string): (login: string) => string {
	const key = decodeURIComponent(new URL(url).password) || 'loam';
	return (login) => createHmac('sha256', key).update(`${id}:${login}`).digest('base64url');
}

async function checkServer(client: pg.Client): Promise<void> {
	const { rows } = await client.query<{ version: number; level: string }>(
		`SELECT current_setting('server_version_num')::int AS version, current_setting('wal_level') AS level`
	);
	const { version, level } = rows[0]!;
	if (version < minimumVersion) {
		throw errors.POSTGRES_TOO_OLD(
			`Loam needs PostgreSQL 18 or newer; this one is ${Math.floor(version / 10000)}.`
		);
	}
	if (level !== 'logical') {
		throw errors.POSTGRES_SETTING(
			`Set wal_level = logical in postgresql.conf and restart PostgreSQL; it is "${level}".`,
			{ setting: 'wal_level' }
		);
	}
}

/** Whether the role is a superuser. Throws POSTGRES_PRIVILEGE where it is none and lacks a right. */
async function checkRights(client: pg.Client): Promise<boolean> {
	const { isSuperuser, isPrepared } = await rightsOf(client);
	if (isSuperuser || isPrepared) return isSuperuser;
	const { rows } = await client.query<{ role: string; database: string }>(
		'SELECT current_user AS role, current_database() AS database'
	);
	const { role, database } = rows[0]!;
	throw errors.POSTGRES_PRIVILEGE(
		`The role "${role}" in DATABASE_URL is no superuser, and lacks rights. Let a superuser run this once in the database "${database}", and start again:\n\n${preparation(role, database)}\n`,
		{ role, database }
	);
}

async function ensureIdentity(client: pg.Client): Promise<{ id: string; database: string }> {
	await client.query(`
		CREATE SCHEMA IF NOT EXISTS loam;
		CREATE TABLE IF NOT EXISTS loam.instance (
			singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
			id text NOT NULL,
			-- a clone has another oid than the database that it was copied from
			database_oid oid NOT NULL
		)`);
	await client.query(`
		INSERT INTO loam.instance (id, database_oid)
		SELECT substr(md5(gen_random_uuid()::text), 1, 6), oid FROM pg_database WHERE datname = current_database()
		ON CONFLICT (singleton) DO UPDATE SET id = excluded.id, database_oid = excluded.database_oid
		WHERE loam.instance.database_oid <> excluded.database_oid`);
	const { rows } = await client.query<{ id: string; database: string }>(
		'SELECT id, current_database() AS database FROM loam.instance'
	);
	return rows[0]!;
}

async function ensureLogins(
	client: pg.Client,
	instance: Instance,
	password: (login: string) => string
): Promise<void> {
	const attributes: Record<keyof Logins, string> = {
		admin: 'CREATEROLE REPLICATION',
		app: '',
		views: '',
		replication: 'REPLICATION'
	};
	for (const login of Object.keys(attributes) as (keyof Logins)[]) {
		const role = client.escapeIdentifier(instance.logins[login]);
		const secret = client.escapeLiteral(password(login));
		const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [
			instance.logins[login]
		]);
		const verb = rowCount ? 'ALTER' : 'CREATE';
		await client.query(`${verb} ROLE ${role} LOGIN NOINHERIT ${attributes[login]} PASSWORD ${secret}`);
	}
}

/** Schema `loam` and every table in it belong to `admin`, also after cloning; it may do in the database what its owner may. */
async function takeOwnership(
	client: pg.Client,
	database: string,
	logins: Logins,
	isSuperuser: boolean
): Promise<void> {
	const admin = client.escapeIdentifier(logins.admin);
	const name = client.escapeIdentifier(database);
	await client.query(`GRANT ${admin} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE`);
	await client.query(
		isSuperuser
			? `ALTER DATABASE ${name} OWNER TO ${admin}`
			: `GRANT CREATE, CONNECT, TEMPORARY ON DATABASE ${name} TO ${admin} WITH GRANT OPTION`
	);
	await client.query(`ALTER SCHEMA loam OWNER TO ${admin}`);
	const { rows } = await client.query<{ statement: string }>(
		`SELECT format('ALTER %s loam.%I OWNER TO ', CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, relname) AS statement
		   FROM pg_class c
		  WHERE relnamespace = 'loam'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
		    AND relowner <> $1::regrole
		    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND relkind = 'S')
		  UNION ALL
		 SELECT format('ALTER ROUTINE loam.%I(%s) OWNER TO ', proname, pg_get_function_identity_arguments(oid))
		   FROM pg_proc WHERE pronamespace = 'loam'::regnamespace AND proowner <> $1::regrole`,
		[logins.admin]
	);
	for (const { statement } of rows) await client.query(statement + admin);
	await client.query(`
		REVOKE ALL ON DATABASE ${name} FROM PUBLIC;
		REVOKE ALL ON SCHEMA public FROM PUBLIC;
		GRANT CONNECT ON DATABASE ${name} TO ${[logins.app, logins.views, logins.replication].map((r) => client.escapeIdentifier(r)).join(', ')}`);
}
