import type { Logger } from '#kernel';
import type { PoolClient, Postgres } from '#platform/postgres';

/** Notifications are delivered within one database. */
const channel = 'loam_grants';
/** Also without a notification a node asks this often; it is what a stream may rely on. */
const heartbeatMs = 2_000;
const answerWithinMs = 4_000;

/** Call it in every transaction that changes a grant or ends a session. */
export async function raiseGrantsVersion(client: PoolClient): Promise<bigint> {
	const { rows } = await client.query<{ version: string }>(
		`UPDATE loam.grants_version SET version = version + 1 RETURNING version`
	);
	const { version } = rows[0]!;
	await client.query('SELECT pg_notify($1, $2)', [channel, version]);
	return BigInt(version);
}

/** The version as this node knows it. */
export interface GrantsClock {
	version(): bigint;
	/** When the version was last known to be the newest, in ms since 1970. */
	heardAt(): number;
	/** This node has just committed that version. */
	advance(version: bigint): void;
	/** Called with every version that is newer than the last. Returns the unsubscribe. */
	onChange(listener: (version: bigint) => void): () => void;
	end(): Promise<void>;
}

export async function startGrantsClock({
	postgres,
	log
}: {
	postgres: Postgres;
	log: Logger;
}): Promise<GrantsClock> {
	const listeners = new Set<(version: bigint) => void>();
	let known = 0n;
	let heardAt = 0;
	let ended = false;
	let failing = false;
	let beating = false;

	function advance(version: bigint): void {
		heardAt = Date.now();
		if (version <= known) return;
		known = version;
		for (const listener of listeners) listener(version);
	}

	async function beat(): Promise<void> {
		const { rows } = await postgres.app.query<{ version: string }>({
			text: 'SELECT version FROM loam.grants_version',
			...{ query_timeout: answerWithinMs }
		});
		failing = false;
		advance(BigInt(rows[0]!.version));
	}

	const beatAgain = () => {
		if (beating) return;
		beating = true;
		beat()
			.catch((error: unknown) => {
				if (ended || failing) return;
				failing = true;
				log.warn('grants are not heard of, trying again', { error });
			})
			.finally(() => (beating = false));
	};
	const leave = await postgres.listener.hear(channel, {
		told: (payload) => advance(BigInt(payload)),
		gap: beatAgain
	});
	await beat();
	const timer = setInterval(beatAgain, heartbeatMs);
	timer.unref();
	return {
		version: () => known,
		heardAt: () => heardAt,
		advance,
		onChange(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async end() {
			ended = true;
			clearInterval(timer);
			leave();
		}
	};
}
