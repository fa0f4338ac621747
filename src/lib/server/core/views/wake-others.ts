import { nodeName, type Postgres } from '#platform/postgres';
import type { NodeChannel } from './node-channel.ts';

const intervalMs = 20;
const lookEveryMs = 3_000;

export interface WakeOthers {
	/** A batch was committed; `seq` is the newest. */
	wake(seq: bigint): void;
	/** A node came up or may have gone: counts them anew. */
	look(): void;
	stop(): void;
}

/**
 * Tells the other nodes, after the commit and at most once in an interval: it is only a wake-up (rule
 * 17). A notification is a commit of its own with its own flush, so a node that is alone sends none.
 */
export function wakeOthers(postgres: Postgres, channel: Pick<NodeChannel, 'tell'>): WakeOthers {
	let newest = 0n;
	let isAlone = true;
	let counting: Promise<void> | undefined;
	let timer: NodeJS.Timeout | undefined;

	async function count(): Promise<void> {
		const { rows } = await postgres.app.query<{ nodes: number }>(
			'SELECT count(*)::int AS nodes FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1',
			[nodeName]
		);
		isAlone = rows[0]!.nodes < 2;
	}

	function tell(): void {
		timer = undefined;
		channel.tell('journal', newest.toString());
	}

	const look = () => {
		counting ??= count()
			.catch(() => {})
			.finally(() => (counting = undefined));
	};
	const looking = setInterval(look, lookEveryMs).unref();
	return {
		wake(seq) {
			newest = seq;
			if (!isAlone) timer ??= setTimeout(tell, intervalMs).unref();
		},
		look,
		stop: () => clearInterval(looking)
	};
}
