import type { Logger } from '#kernel';
import type { Client, PoolClient, Postgres } from '#platform/postgres';
import type { InstallationChange } from './types.ts';

/** Notifications are delivered within one database, so instances that share a cluster never meet. */
const channel = 'loam_installation';

interface Announcement extends InstallationChange {
	/** The node that made the change: it knows already. */
	readonly origin: string;
}

/** Tells every node when the transaction of `client` commits. */
export async function announce(
	client: PoolClient,
	origin: string,
	change: InstallationChange
): Promise<void> {
	const announcement: Announcement = { ...change, origin };
	await client.query('SELECT pg_notify($1, $2)', [channel, JSON.stringify(announcement)]);
}

export interface Subscription {
	end(): Promise<void>;
}

/**
 * Hears what other nodes announce. After a broken connection `onGap` is called: announcements may have
 * been lost, so nothing that was cached can be trusted.
 */
export async function listen(
	postgres: Postgres,
	log: Logger,
	origin: string,
	onChange: (change: InstallationChange) => void,
	onGap: () => void
): Promise<Subscription> {
	let client: Client | undefined;
	let ended = false;
	let retry: NodeJS.Timeout | undefined;

	async function connect(): Promise<void> {
		const made = await postgres.connect(postgres.instance.urlAs('app'), {
			application_name: 'loam listener'
		});
		made.on('notification', ({ payload }) => {
			const { origin: from, ...change } = JSON.parse(payload!) as Announcement;
			if (from !== origin) onChange(change);
		});
		made.on('end', () => reconnectLater());
		await made.query(`LISTEN ${channel}`);
		client = made;
	}

	function reconnectLater(): void {
		if (ended) return;
		onGap();
		retry = setTimeout(() => {
			connect().then(onGap, (error: unknown) => {
				log.warn('the listener cannot connect, trying again', { error });
				reconnectLater();
			});
		}, 1000);
	}

	await connect();
	return {
		async end() {
			ended = true;
			clearTimeout(retry);
			await client?.end();
		}
	};
}
