import pg from 'pg';
import { transaction, type Instance, type PoolClient, type Postgres } from '#platform/postgres';
import { placeOf } from './place.ts';
import { syncPeopleOf } from './people.ts';
import type { Place, Project } from './types.ts';

/**
 * Gives a module its place in a project: two roles, two schemas, the function through which handlers'
 * SQL runs, the table of people. All in one transaction, so there is all of it or nothing. Idempotent by
 * project and name; an installation that was uninstalled serves again with its data.
 *
 * The schemas belong to `admin`, which lets the owner create in them; so the owner can neither drop the
 * people nor replace what it does not own. Where a statement needs the rights of a tenant's role
 * (defaults for its tables, handing it the function), `admin` is its member for that moment and no
 * other session ever sees it: the grant and its revoke commit together.
 */
export async function provision(
	postgres: Postgres,
	project: Project,
	moduleId: string,
	name: string
): Promise<Place> {
	return transaction(postgres.admin, async (client) => {
		// Grants on the database, and roles, are rows that concurrent writers trip over.
		await client.query(`SELECT pg_advisory_xact_lock(hashtext('loam.provision'))`);
		const { row, fresh } = await ensureRow(client, project.id, moduleId, name);
		const place = placeOf(postgres.instance, row, project);
		if (fresh) await createPlace(client, postgres.instance, place);
		await syncPeopleOf(client, [place]);
		return place;
	});
}

interface InstallationRow {
	id: string;
	number: number;
	module: string;
}

async function ensureRow(client: PoolClient, projectId: string, moduleId: string, name: string) {
	const existing = await client.query<InstallationRow>(
		`UPDATE loam.installation SET active = true, module_id = $3, updated_at = now()
		  WHERE project_id = $1 AND name = $2
		  RETURNING id, number, name AS module`,
		[projectId, name, moduleId]
	);
	if (existing.rows[0]) return { row: existing.rows[0], fresh: false };
	const inserted = await client.query<InstallationRow>(
		`INSERT INTO loam.installation (project_id, module_id, name) VALUES ($1, $3, $2)
		 RETURNING id, number, name AS module`,
		[projectId, name, moduleId]
	);
	return { row: inserted.rows[0]!, fresh: true };
}

async function createPlace(client: PoolClient, instance: Instance, place: Place): Promise<void> {
	const names = {
		data: pg.escapeIdentifier(place.schema),
		state: pg.escapeIdentifier(place.stateSchema),
		owner: pg.escapeIdentifier(place.ownerRole),
		run: pg.escapeIdentifier(place.runRole),
		tenants: pg.escapeIdentifier(`loam_${instance.id}_tenants`),
		admin: pg.escapeIdentifier(instance.logins.admin),
		app: pg.escapeIdentifier(instance.logins.app),
		views: pg.escapeIdentifier(instance.logins.views)
	};
	await ensureTenantsRole(client, instance);
	await client.query(createRolesAndSchemas(names));
	await client.query(asMember(names.owner, names.admin, defaultPrivileges(names)));
	await client.query(asMember(names.run, names.admin, createStatementFunction(names)));
	await client.query(createPeople(names));
	await client.query(createClock(names));
}

type Names = Readonly<
	Record<'data' | 'state' | 'owner' | 'run' | 'tenants' | 'admin' | 'app' | 'views', string>
>;

/** The one role that may connect, besides Loam's logins: one entry in the database's ACL for any number of tenants. */
export async function ensureTenantsRole(client: PoolClient, instance: Instance): Promise<void> {
	const name = `loam_${instance.id}_tenants`;
	const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name]);
	if (rowCount) return;
	const role = pg.escapeIdentifier(name);
	await client.query(`
		CREATE ROLE ${role} NOLOGIN;
		GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(instance.database)} TO ${role}`);
}

const createRolesAndSchemas = ({ data, state, owner, run, tenants, app, views }: Names) => `
	CREATE ROLE ${owner} NOLOGIN;
	CREATE ROLE ${run} NOLOGIN NOINHERIT;
	GRANT ${tenants} TO ${owner} WITH INHERIT TRUE, SET FALSE;
	CREATE SCHEMA ${data};
	CREATE SCHEMA ${state};
	GRANT CREATE, USAGE ON SCHEMA ${data}, ${state} TO ${owner};
	GRANT USAGE ON SCHEMA ${data} TO ${run};
	GRANT USAGE ON SCHEMA ${data}, ${state} TO ${app}, ${views}`;

/** For what the owner will create. TRUNCATE is for nobody (rule 2), functions never for everybody. */
const defaultPrivileges = ({ data, state, owner, run, app, views }: Names) => `
	ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
	ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE USAGE ON TYPES FROM PUBLIC;
	ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${data}
		GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${run};
	ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${data} GRANT SELECT ON TABLES TO ${app}, ${views};
	ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${data} GRANT USAGE ON SEQUENCES TO ${run};
	ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${state} GRANT SELECT ON TABLES TO ${app}, ${views};
	ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${state} GRANT EXECUTE ON FUNCTIONS TO ${views};`;

/**
 * `run_sql(statement, parameters)` runs one statement that returns rows, as the run role: `$1` in it is
 * the array of parameters. Inside a SECURITY DEFINER function Postgres refuses SET ROLE, RESET ROLE,
 * SET SESSION AUTHORIZATION and COMMIT; and RETURN QUERY refuses whatever returns no rows. The run role
 * owns nothing else, may create nowhere, and is no member of any other role.
 */
const createStatementFunction = ({ data, state, run, app }: Names) => `
	CREATE FUNCTION ${state}.run_sql(statement text, parameters text[]) RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER
	SET search_path = pg_catalog, ${data}, pg_temp
	AS $body$ BEGIN RETURN QUERY EXECUTE statement USING parameters; END $body$;
	REVOKE ALL ON FUNCTION ${state}.run_sql(text, text[]) FROM PUBLIC;
	GRANT EXECUTE ON FUNCTION ${state}.run_sql(text, text[]) TO ${app};
	GRANT CREATE ON SCHEMA ${state} TO ${run};
	ALTER FUNCTION ${state}.run_sql(text, text[]) OWNER TO ${run};
	REVOKE ALL ON SCHEMA ${state} FROM ${run};`;

/** Kept from the project's members (people.ts); nobody but `admin` writes it. */
const createPeople = ({ data, owner, run, app, views }: Names) => `
	CREATE TABLE ${data}.people (
		id uuid PRIMARY KEY,
		name text NOT NULL,
		picture text
	);
	GRANT SELECT ON ${data}.people TO ${owner}, ${run}, ${app}, ${views}`;

/** One round trip, so one transaction or part of one: `admin` is a member between its ends and never after. */
function asMember(role: string, admin: string, statements: string): string {
	return `
		GRANT ${role} TO ${admin} WITH INHERIT TRUE, SET TRUE;
		${statements}
		REVOKE ${role} FROM ${admin}`;
}

/** Login `views` moves it on, and may do no more. */
const createClock = ({ data, owner, app, views }: Pick<Names, 'data' | 'owner' | 'app' | 'views'>) => `
	CREATE TABLE ${data}.clock (
		every text PRIMARY KEY CHECK (every IN ('minute', 'hour', 'day')),
		at timestamptz NOT NULL,
		today date NOT NULL
	);
	INSERT INTO ${data}.clock SELECT every, date_trunc(every, now(), 'UTC'), (now() AT TIME ZONE 'UTC')::date
		FROM unnest(ARRAY['minute', 'hour', 'day']) AS every;
	GRANT SELECT ON ${data}.clock TO ${owner}, ${app}, ${views};
	GRANT UPDATE (at, today) ON ${data}.clock TO ${views}`;

/** Gives it to the places that were made before Loam had it. */
export async function addClocks(postgres: Postgres): Promise<void> {
	await transaction(postgres.admin, async (client) => {
		await client.query(`SELECT pg_advisory_xact_lock(hashtext('loam.provision'))`);
		const { rows } = await client.query<{ schema: string; owner: string }>(
			`SELECT 'i' || number AS schema, $1 || number || '_owner' AS owner FROM loam.installation
			  WHERE to_regnamespace('i' || number) IS NOT NULL AND to_regclass(format('i%s.clock', number)) IS NULL`,
			[`loam_${postgres.instance.id}_i`]
		);
		const { app, views } = postgres.instance.logins;
		for (const { schema, owner } of rows) {
			const [data, ownerName, appName, viewsName] = [schema, owner, app, views].map((one) =>
				pg.escapeIdentifier(one)
			) as [string, string, string, string];
			await client.query(createClock({ data, owner: ownerName, app: appName, views: viewsName }));
		}
	});
}
