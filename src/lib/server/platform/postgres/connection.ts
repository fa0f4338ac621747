import type { Socket } from 'node:net';
import pg from 'pg';

/** Text out of Postgres in one form, whatever the server's defaults: what the shape protocol wants. */
export const outputSettings = [
	'-c TimeZone=UTC',
	'-c DateStyle=ISO,DMY',
	'-c IntervalStyle=iso_8601',
	'-c bytea_output=hex',
	'-c extra_float_digits=1'
].join(' ');

/** A network that was cut is noticed at the latest by these: whoever waits is told, and may try again. */
export const connectWithinMs = 10_000;
const probeAfterMs = 10_000;
/** For a connection of one's own, which may run a migration. */
const answerWithinMs = 15 * 60_000;

/** How every connection is kept from waiting for ever. */
export const watched = {
	options: outputSettings,
	connectionTimeoutMillis: connectWithinMs,
	keepAlive: true,
	keepAliveInitialDelayMillis: probeAfterMs
} as const;

/**
 * A connection of one's own. It ends when an answer takes longer than `query_timeout`: what came later
 * would be taken for the answer to something else.
 */
export async function connectAlone(url: string, options: pg.ClientConfig): Promise<pg.Client> {
	const client = new pg.Client({
		connectionString: url,
		...watched,
		query_timeout: answerWithinMs,
		...options
	});
	client.on('error', () => {});
	await client.connect();
	endWithTimeouts(client);
	return client;
}

/** Ends a connection that may not answer any more: whoever waits on it is told at once. */
export function destroy(client: pg.Client | pg.PoolClient): void {
	(client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

function endWithTimeouts(client: pg.Client): void {
	const query = client.query.bind(client) as (...args: unknown[]) => unknown;
	client.query = ((...args: unknown[]) => {
		const answer = query(...args);
		if (answer instanceof Promise) {
			answer.catch((error: Error) => {
				if (error.message === 'Query read timeout') destroy(client);
			});
		}
		return answer;
	}) as typeof client.query;
}
