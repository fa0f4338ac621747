import { outputSettings, type Client, type Postgres } from '#platform/postgres';

const settings = [
	outputSettings,
	'-c jit=off',
	'-c synchronous_commit=on',
	'-c lock_timeout=5s',
	'-c statement_timeout=60s',
	'-c idle_in_transaction_session_timeout=120s'
].join(' ');

/** Longer than any statement may take: whoever answers later is cut off from us. */
const answersWithinMs = 70_000;

/** What the connection of a node that maintains, or waits to, is called in pg_stat_activity. */
export const maintainerName = 'loam maintainer';

/**
 * A connection of login `views`. Pipelined: statements sent without waiting for each other's answers
 * share a round trip.
 */
export async function connectMaintainer(postgres: Postgres, name: string): Promise<Client> {
	const options = {
		options: settings,
		application_name: name,
		query_timeout: answersWithinMs,
		...{ pipeline: true }
	};
	return postgres.connect(postgres.instance.urlAs('views'), options);
}

/**
 * What this session writes carries an origin, which the slot leaves out (rule 7). One session at a
 * time can have an origin; that of a session that died is free as soon as Postgres has seen it go.
 * Returns the origin's name.
 */
export async function useOrigin(client: Client, postgres: Postgres, purpose = ''): Promise<string> {
	const name = `loam_${postgres.instance.id}${purpose}`;
	await client.query('SELECT pg_replication_origin_create($1) WHERE pg_replication_origin_oid($1) IS NULL', [
		name
	]);
	for (let attempt = 1; ; attempt++) {
		try {
			await client.query('SELECT pg_replication_origin_session_setup($1)', [name]);
			return name;
		} catch (error) {
			if ((error as { code?: string }).code !== '55006' || attempt === 100) throw error;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}
