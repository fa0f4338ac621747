import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ensureTenantsRole, type Place, type Project, type Tenancy } from '#core/tenancy';
import { transaction, type Client, type PoolClient, type Postgres } from '#platform/postgres';

/** Names of shadow schemas and their roles: `s` and the time that they were made, in base 36. */
const shadowPattern = '^s[0-9a-z]{8}_[0-9a-f]{8}$';
/** A shadow that is older was left by a crash. */
const leftoverMs = 10 * 60_000;

/**
 * Runs `work` as the owner of a schema that is thrown away after it, with `people` and `clock` in it as in
 * an installation: the same wall, and nothing to lose.
 */
export async function inShadow<T>(
	{ postgres, tenancy }: { readonly postgres: Postgres; readonly tenancy: Tenancy },
	project: Project,
	module: string,
	work: (client: Client, schema: string) => Promise<T>
): Promise<T> {
	const place = shadowPlace(postgres, project, module);
	await transaction(postgres.admin, (client) => createShadow(client, postgres, place));
	try {
		return await tenancy.asOwner(place, (client) => work(client, place.schema));
	} finally {
		await transaction(postgres.admin, (client) => dropShadow(client, place.schema, place.ownerRole));
	}
}

function shadowPlace(postgres: Postgres, project: Project, module: string): Place {
	const time = Date.now().toString(36).padStart(8, '0');
	const schema = `s${time}_${randomBytes(4).toString('hex')}`;
	const role = `loam_${postgres.instance.id}_${schema}`;
	return {
		id: schema,
		number: 0,
		project,
		module,
		schema,
		stateSchema: schema,
		ownerRole: role,
		runRole: role
	};
}

async function createShadow(client: PoolClient, { instance }: Postgres, place: Place): Promise<void> {
	await client.query(`SELECT pg_advisory_xact_lock(hashtext('loam.provision'))`);
	await ensureTenantsRole(client, instance);
	const [owner, schema, tenants] = [place.ownerRole, place.schema, `loam_${instance.id}_tenants`].map(
		(name) => pg.escapeIdentifier(name)
	);
	await client.query(`
		CREATE ROLE ${owner} NOLOGIN;
		GRANT ${tenants} TO ${owner} WITH INHERIT TRUE, SET FALSE;
		CREATE SCHEMA ${schema};
		GRANT CREATE, USAGE ON SCHEMA ${schema} TO ${owner};
		CREATE TABLE ${schema}.people (id uuid PRIMARY KEY, name text NOT NULL, picture text);
		CREATE TABLE ${schema}.clock (every text PRIMARY KEY, at timestamptz NOT NULL, today date NOT NULL);
		GRANT SELECT ON ${schema}.people, ${schema}.clock TO ${owner}`);
}

async function dropShadow(client: PoolClient, schema: string, role: string): Promise<void> {
	await client.query(`SELECT pg_advisory_xact_lock(hashtext('loam.provision'))`);
	await client.query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`);
	await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(role)}`);
}

/** Drops what a crash in the middle of a check has left. */
export async function dropLeftovers(postgres: Postgres, now = Date.now()): Promise<void> {
	await transaction(postgres.admin, async (client) => {
		const { rows } = await client.query<{ name: string }>(
			'SELECT nspname AS name FROM pg_namespace WHERE nspname ~ $1',
			[shadowPattern]
		);
		for (const { name } of rows) {
			const madeAt = parseInt(name.slice(1, 9), 36);
			if (now - madeAt > leftoverMs) await dropShadow(client, name, `loam_${postgres.instance.id}_${name}`);
		}
	});
}
