import type { Client } from '#platform/postgres';

/**
 * The last batch may be told before it is on disk; never more than one, for the next is written behind its
 * flush. A crash of PostgreSQL can undo it, and what it held is written again, otherwise cut. So after a
 * crash its number is given to nobody else, and every view is of a new generation: who knew the batch
 * fetches the view again. Done by the holder of the lease before its first batch; whether there was a crash.
 */
export async function renewAfterCrash(client: Client): Promise<boolean> {
	const { rows } = await client.query<{ crashed: boolean }>(`
WITH marked AS (
	INSERT INTO loam.uncrashed DEFAULT VALUES ON CONFLICT DO NOTHING RETURNING singleton
), skipped AS (
	UPDATE loam.position SET seq = seq + 1 WHERE seq > 0 AND EXISTS (SELECT FROM marked)
), renewed AS (
	UPDATE loam.view SET generation = generation + 1 WHERE EXISTS (SELECT FROM marked)
)
SELECT EXISTS (SELECT FROM marked) AS crashed`);
	return rows[0]!.crashed;
}
