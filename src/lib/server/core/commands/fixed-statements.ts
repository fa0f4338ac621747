import { createHash } from 'node:crypto';
import pg from 'pg';
import type { Place } from '#core/tenancy';
import type { Logger } from '#kernel';
import { transaction, type Postgres } from '#platform/postgres';

/** Uses after which a statement gets a function of its own, and how many of an installation do. */
const worthwhile = 5;
const perPlace = 64;

/**
 * Standard methods say the same few statements over and over, which `run_sql` would plan each time. Those that
 * are used often get a function each: the same wall (SECURITY DEFINER, owned by the run role, fixed
 * search_path) around one statement, whose plan Postgres keeps. Until it is there, and where it cannot be
 * made, `run_sql` serves.
 */
export interface FixedStatements {
	/** The function for a statement that Loam itself wrote: never for a text of a tenant. */
	functionFor(place: Place, text: string): string | undefined;
}

interface Entry {
	uses: number;
	ready: boolean;
}

export function createFixedStatements(postgres: Postgres, log: Logger): FixedStatements {
	const places = new Map<string, Map<string, Entry>>();

	async function prepare(place: Place, text: string, entry: Entry): Promise<void> {
		try {
			await ensureFunction(postgres, place, text);
			entry.ready = true;
		} catch (error) {
			log.warn('a statement has no function of its own', { installation: place.id, error });
		}
	}

	return {
		functionFor(place, text) {
			const entries = places.get(place.id) ?? new Map<string, Entry>();
			places.set(place.id, entries);
			const entry = entries.get(text) ?? { uses: 0, ready: false };
			if (entry.ready) return functionName(text);
			if (entry.uses === 0 && entries.size >= perPlace) return undefined;
			entries.set(text, entry);
			if (++entry.uses === worthwhile) void prepare(place, text, entry);
			return undefined;
		}
	};
}

const names = new Map<string, string>();
const keptNames = 5000;

function functionName(text: string): string {
	const found = names.get(text);
	if (found) return found;
	const name = `s_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
	if (names.size < keptNames) names.set(text, name);
	return name;
}

/**
 * One that is there is taken only where it is the run role's own: the owner of the tables may create in this
 * schema too, and what it creates might run as whoever calls it.
 */
async function ensureFunction({ admin, instance }: Postgres, place: Place, text: string): Promise<void> {
	const name = functionName(text);
	await transaction(admin, async (client) => {
		await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [place.runRole]);
		const { rows } = await client.query<{ ours: boolean }>(
			`SELECT proowner = $3::regrole AND prosecdef AS ours FROM pg_proc
			  WHERE pronamespace = $1::regnamespace AND proname = $2`,
			[place.stateSchema, name, place.runRole]
		);
		if (rows.some(({ ours }) => !ours)) throw new Error(`${place.stateSchema}.${name} is somebody else's`);
		if (rows.length > 0) return;
		const [run, login, app, state, data] = [
			place.runRole,
			instance.logins.admin,
			instance.logins.app,
			place.stateSchema,
			place.schema
		].map((each) => pg.escapeIdentifier(each));
		const signature = `${state}.${name}(text[])`;
		// As in core/tenancy: `admin` is a member for this transaction, which nobody ever sees.
		await client.query(`
			GRANT ${run} TO ${login} WITH INHERIT TRUE, SET TRUE;
			CREATE FUNCTION ${signature} RETURNS SETOF record LANGUAGE plpgsql VOLATILE SECURITY DEFINER
			SET search_path = pg_catalog, ${data}, pg_temp
			AS ${pg.escapeLiteral(`#variable_conflict use_column\nBEGIN RETURN QUERY ${text}; END`)};
			REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC;
			GRANT EXECUTE ON FUNCTION ${signature} TO ${app};
			GRANT CREATE ON SCHEMA ${state} TO ${run};
			ALTER FUNCTION ${signature} OWNER TO ${run};
			REVOKE ALL ON SCHEMA ${state} FROM ${run};
			REVOKE ${run} FROM ${login}`);
	});
}
