import pg from 'pg';
import type { Logins } from './bootstrap.ts';

/**
 * Functions of Postgres that every role may call by default and no tenant ever needs: they change the
 * session that others use afterwards, reach outside the tables, or hold what others wait for. The parser
 * in front of tenants' SQL refuses them too; this is the wall behind it.
 */
const withheld = [
	'set_config',
	'pg_notify',
	'pg_sleep.*',
	'pg_(try_)?advisory_.*',
	'pg_export_snapshot',
	'pg_(cancel|terminate)_backend',
	'(query|table|cursor|schema|database)_to_xml.*',
	'ts_stat',
	'lo_.*',
	'loread',
	'lowrite',
	'pg_prepared_statement',
	'pg_cursor'
];

/** The marker of a fence (rule 1 of the data rules), and the origin of what maintenance writes (rule 7). */
const maintainers = [
	'pg_logical_emit_message',
	'pg_replication_origin_(create|oid|drop|session_setup|session_reset|session_is_setup)'
];

const pattern = (names: readonly string[]) => `^(${names.join('|')})$`;

/** Takes the functions from everybody and gives them to those logins of Loam that call them. */
export async function hardenCluster(client: pg.Client, logins: Logins, isSuperuser: boolean): Promise<void> {
	await handOver(client, withheld, Object.values(logins), isSuperuser);
	await handOver(client, maintainers, [logins.views], isSuperuser);
}

async function handOver(
	client: pg.Client,
	names: readonly string[],
	keepers: readonly string[],
	isSuperuser: boolean
): Promise<void> {
	const { rows } = await client.query<{ signature: string }>(
		`SELECT oid::regprocedure::text AS signature FROM pg_proc
		  WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ $1`,
		[pattern(names)]
	);
	const signatures = rows.map((row) => row.signature).join(', ');
	const roles = keepers.map((login) => pg.escapeIdentifier(login)).join(', ');
	if (isSuperuser) await client.query(`REVOKE EXECUTE ON FUNCTION ${signatures} FROM PUBLIC`);
	await client.query(`GRANT EXECUTE ON FUNCTION ${signatures} TO ${roles}`);
}

interface Rights {
	readonly isSuperuser: boolean;
	/** All that an ordinary role needs is there. */
	readonly isPrepared: boolean;
}

/** What the role of the session may do. */
export async function rightsOf(client: pg.Client): Promise<Rights> {
	const { rows } = await client.query<Rights>(
		`SELECT r.rolsuper AS "isSuperuser",
		        r.rolcreaterole AND r.rolreplication
		        AND pg_has_role(r.oid, d.datdba, 'USAGE')
		        AND NOT EXISTS (
		          SELECT FROM pg_proc f
		           WHERE f.pronamespace = 'pg_catalog'::regnamespace AND f.proname ~ $1
		             AND (f.proacl IS NULL
		                  OR EXISTS (SELECT FROM aclexplode(f.proacl) a WHERE a.grantee = 0)
		                  OR NOT has_function_privilege(r.oid, f.oid, 'EXECUTE WITH GRANT OPTION'))
		        ) AS "isPrepared"
		   FROM pg_roles r, pg_database d
		  WHERE r.rolname = current_user AND d.datname = current_database()`,
		[pattern([...withheld, ...maintainers])]
	);
	return rows[0]!;
}

/** What a superuser runs once in the database, so that Loam can do with an ordinary role. */
export function preparation(role: string, database: string): string {
	const [owner, name] = [pg.escapeIdentifier(role), pg.escapeIdentifier(database)];
	return `ALTER ROLE ${owner} CREATEROLE REPLICATION;
ALTER DATABASE ${name} OWNER TO ${owner};
DO $$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
    AND proname ~ ${pg.escapeLiteral(pattern([...withheld, ...maintainers]))} LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I WITH GRANT OPTION', f, ${pg.escapeLiteral(role)});
  END LOOP;
END $$;`;
}
