import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#kernel';
import type { Client, Postgres } from '#platform/postgres';
import { errors } from './errors.ts';

export type SlotState = 'ready' | 'missing' | 'lost';

/** Slot and publication have one name: that of the instance. */
export function slotName(postgres: Postgres): string {
	return `loam_${postgres.instance.id}`;
}

/** `lost`: the server has thrown away WAL that the slot needed, or invalidated it. */
export async function slotState(postgres: Postgres): Promise<SlotState> {
	const { rows } = await postgres.app.query<{ lost: boolean }>(
		`SELECT wal_status IS NOT DISTINCT FROM 'lost' OR invalidation_reason IS NOT NULL AS lost
		   FROM pg_replication_slots WHERE slot_name = $1`,
		[slotName(postgres)]
	);
	if (!rows[0]) return 'missing';
	return rows[0].lost ? 'lost' : 'ready';
}

/** Frees the slot from a reader that is not us: the caller holds the lease (rule 17). */
export async function endOtherReader(postgres: Postgres): Promise<void> {
	await asReplication(postgres, async (client) => {
		await client.query(
			'SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots WHERE slot_name = $1 AND active_pid IS NOT NULL',
			[slotName(postgres)]
		);
	});
}

export async function dropSlot(postgres: Postgres): Promise<void> {
	await endOtherReader(postgres);
	await asReplication(postgres, async (client) => {
		await client.query(
			'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
			[slotName(postgres)]
		);
	});
}

/**
 * Makes the slot. Postgres first waits for every transaction that runs in the cluster; each attempt is
 * bounded so that the wait shows in the log. Throws SLOT_UNAVAILABLE after `patienceMs`.
 */
export async function createSlot(postgres: Postgres, log: Logger, patienceMs = 120_000): Promise<void> {
	const deadline = Date.now() + patienceMs;
	for (let failover = true; ;) {
		try {
			return await asReplication(postgres, async (client) => {
				await client.query(`SET lock_timeout = '10s'; SET statement_timeout = '20s'`);
				await client.query('SELECT pg_create_logical_replication_slot($1, $2, false, false, $3)', [
					slotName(postgres),
					'pgoutput',
					failover
				]);
			});
		} catch (cause) {
			const code = (cause as { code?: string }).code;
			if (code === '42710') return;
			// 0A000: this server cannot have failover slots
			if (failover && code === '0A000') failover = false;
			else if (Date.now() > deadline) {
				throw errors.SLOT_UNAVAILABLE(
					`The replication slot could not be made: ${(cause as Error).message}`,
					{ slot: slotName(postgres) },
					cause
				);
			} else log.warn('the replication slot is not there yet', { error: cause });
			await sleep(200);
		}
	}
}

async function asReplication<T>(postgres: Postgres, work: (client: Client) => Promise<T>): Promise<T> {
	const client = await postgres.connect(postgres.instance.urlAs('replication'));
	try {
		return await work(client);
	} finally {
		await client.end();
	}
}
