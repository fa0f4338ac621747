import type { Client, PoolClient, Postgres } from '#platform/postgres';
import type { Asking } from './asking.ts';
import { deferred } from './deferred.ts';
import { errors } from './errors.ts';
import { lockTables } from './fence.ts';
import { isTurnOver } from './pg-errors.ts';
import type { SnapshotRequest } from './waiting.ts';
import type { Turns } from './turns.ts';
import type { Position } from './types.ts';

/** Who can bind a snapshot to a position: this node where it maintains, or the one that does. */
export interface Binders {
	readonly turns: Pick<Turns, 'maintainer' | 'change'>;
	readonly asking: Pick<Asking, 'snapshot'>;
}

const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const attempts = 5;
const patienceMs = 15_000;
/** The fence waits for it, and a TRUNCATE that waits for the fence may stand before it: then another time. */
const lockWithinMs = 200;

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

/**
 * A table itself has no position: it is read in the snapshot of a fence, bound to what that commits (rule
 * 19). Fence and reader hand it on locked against TRUNCATE, which no snapshot survives (rule 2). `tables`
 * by id.
 */
export async function readThrough<T>(
	postgres: Postgres,
	binders: Binders,
	tables: readonly string[],
	read: (client: Client, at: Position) => Promise<T>
): Promise<T> {
	return onConnection(postgres, async (client) => {
		const seq = await importSnapshot(client, binders, tables);
		return read(client as unknown as Client, { seq });
	});
}

async function importSnapshot(
	client: PoolClient,
	binders: Binders,
	tables: readonly string[]
): Promise<bigint> {
	const deadline = Date.now() + patienceMs;
	for (let attempt = 0; attempt < attempts && Date.now() < deadline;) {
		let imported = false;
		// A fence that is given up is followed by another: the import begins anew.
		const importing = async (exported: string) => {
			imported = false;
			await client.query(
				`ROLLBACK; ${begin}; SET LOCAL lock_timeout = '${lockWithinMs}ms'; SET TRANSACTION SNAPSHOT '${exported}'; ${lockTables(tables)}`
			);
			imported = true;
		};
		try {
			const seq = await bind(binders, { tables, import: importing }, deadline);
			attempt++;
			if (imported) return seq;
		} catch (error) {
			if (!isTurnOver(error)) throw error;
		}
	}
	throw errors.VIEW_NOT_READY('The view could not be read just now. Please try again.');
}

async function bind(
	{ turns, asking }: Binders,
	part: Pick<SnapshotRequest, 'tables' | 'import'>,
	deadline: number
): Promise<bigint> {
	const own = turns.maintainer;
	if (!own) {
		const timeout = AbortSignal.timeout(Math.max(deadline - Date.now(), 1));
		return asking.snapshot(part, AbortSignal.any([turns.change, timeout]));
	}
	return (await own.snapshot({ ...part, bound: deferred() })).seq;
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
