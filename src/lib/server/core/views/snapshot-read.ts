import type { Client, PoolClient, Postgres } from '#platform/postgres';
import { deferred } from './deferred.ts';
import { errors } from './errors.ts';
import type { Maintainer } from './maintainer.ts';
import type { Progress, SnapshotRequest } from './waiting.ts';
import type { Turns } from './turns.ts';
import type { Position } from './types.ts';

const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** State and position are committed together, so any snapshot that sees one sees the other. */
export async function readMaintained<T>(
	postgres: Postgres,
	read: (client: Client, at: Position) => Promise<T>
): Promise<T> {
	return onConnection(postgres, async (client) => {
		await client.query(begin);
		const { rows } = await client.query<{ seq: string }>('SELECT seq::text FROM loam.position');
		return read(client as unknown as Client, { seq: BigInt(rows[0]!.seq) });
	});
}

/** A table itself has no position: it is read in the snapshot of a fence, bound to what that commits (rule 19). */
export async function readThrough<T>(
	postgres: Postgres,
	turns: Turns,
	read: (client: Client, at: Position) => Promise<T>
): Promise<T> {
	return onConnection(postgres, async (client) => {
		const { seq } = await turns.with((maintainer) => importSnapshot(client, maintainer));
		return read(client as unknown as Client, { seq });
	});
}

async function importSnapshot(client: PoolClient, maintainer: Maintainer): Promise<Progress> {
	for (let attempt = 0; attempt < 5; attempt++) {
		let imported = false;
		const request: SnapshotRequest = {
			bound: deferred(),
			// A fence that is given up is followed by another: the import begins anew.
			async import(exported) {
				imported = false;
				await client.query(`ROLLBACK; ${begin}; SET TRANSACTION SNAPSHOT '${exported}'`);
				imported = true;
			}
		};
		const progress = await maintainer.snapshot(request);
		if (imported) return progress;
	}
	throw errors.VIEW_NOT_READY('The view could not be read just now. Please try again.');
}

async function onConnection<T>(postgres: Postgres, work: (client: PoolClient) => Promise<T>): Promise<T> {
	const client = await postgres.read.connect();
	let broken: Error | undefined;
	try {
		return await work(client);
	} finally {
		await client.query('ROLLBACK').catch((error: Error) => (broken = error));
		client.release(broken);
	}
}
