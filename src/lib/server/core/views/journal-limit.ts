import type { Client } from '#platform/postgres';
import type { ViewEntry } from './catalog.ts';

/** Rows of one view that a batch writes to the journal at most, however large the view. */
export const mostJournalRows = 20_000;
/** So many are written whatever they are of the view: nothing is gained by fetching so few again. */
const alwaysRows = 1_000;
/** A change is half as long again as a row of a snapshot, which all readers of a shape share. */
const share = 0.5;

/**
 * How many differences of a view a batch writes to the journal. Past that its readers fetch it again, which
 * costs them and the journal less than to be told of every row (rule 8).
 */
export async function journalLimit(
	client: Client,
	{ schema, stateSchema, spec }: ViewEntry
): Promise<number> {
	const table = spec.kind === 'through' ? [schema, spec.sources[0]!.table] : [stateSchema, `v_${spec.hash}`];
	const { rows } = await client.query<{ rows: number }>(
		`SELECT c.reltuples::float8 AS rows FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		  WHERE n.nspname = $1 AND c.relname = $2`,
		table
	);
	const known = rows[0]?.rows ?? -1;
	// -1: Postgres has never counted them
	return known < 0 ? mostJournalRows : limitFor(known);
}

export function limitFor(rows: number): number {
	return Math.min(Math.max(Math.floor(rows * share), alwaysRows), mostJournalRows);
}
