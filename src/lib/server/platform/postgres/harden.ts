import type pg from 'pg';
import type { Logins } from './bootstrap.ts';

/**
 * Functions of Postgres that every role may call by default and no tenant ever needs: they change the
 * session that others use afterwards, reach outside the tables, or hold what others wait for. The parser
 * in front of tenants' SQL refuses them too; this is the wall behind it.
 */
const revoked = [
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

/** Takes them from everybody and gives them to Loam's logins. Needs a superuser. */
export async function revokeFunctions(client: pg.Client, logins: Logins): Promise<void> {
	const keepers = Object.values(logins).map((login) => client.escapeIdentifier(login));
	const { rows } = await client.query<{ signature: string }>(
		`SELECT oid::regprocedure::text AS signature FROM pg_proc
		  WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ $1`,
		[`^(${revoked.join('|')})$`]
	);
	const signatures = rows.map((row) => row.signature).join(', ');
	await client.query(`
		REVOKE EXECUTE ON FUNCTION ${signatures} FROM PUBLIC;
		GRANT EXECUTE ON FUNCTION ${signatures} TO ${keepers.join(', ')}`);
}
