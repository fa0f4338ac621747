import type { Postgres } from '#platform/postgres';
import { maintainerName } from './connection.ts';

/** Channel on which nodes hear that the journal grew; the payload is the newest batch's number. */
export const journalChannel = 'loam_journal';

const intervalMs = 20;
const lookEveryMs = 3_000;

export interface WakeOthers {
	/** The journal has grown. */
	wake(seq: bigint): void;
	stop(): void;
}

/**
 * Tells the other nodes, after the commit and at most once in an interval: it is only a wake-up (rule
 * 17). A notification is a commit of its own with its own flush, so a node that is alone sends none;
 * each node has a connection that maintains or waits to.
 */
export function wakeOthers(postgres: Postgres): WakeOthers {
	let newest = 0n;
	let isAlone = true;
	let timer: NodeJS.Timeout | undefined;

	async function look(): Promise<void> {
		const { rows } = await postgres.app.query<{ nodes: number }>(
			'SELECT count(*)::int AS nodes FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
			[maintainerName]
		);
		isAlone = rows[0]!.nodes < 2;
	}

	function tell(): void {
		timer = undefined;
		postgres.app.query('SELECT pg_notify($1, $2)', [journalChannel, newest.toString()]).catch(() => {});
	}

	const looking = setInterval(() => void look().catch(() => {}), lookEveryMs).unref();
	return {
		wake(seq) {
			newest = seq;
			if (!isAlone) timer ??= setTimeout(tell, intervalMs).unref();
		},
		stop: () => clearInterval(looking)
	};
}
