import type { PoolClient, Postgres } from '#platform/postgres';
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
	end(): void;
}

/**
 * Hears what other nodes announce. After a broken connection `onGap` is called: announcements may have
 * been lost, so nothing that was cached can be trusted.
 */
export async function listen(
	postgres: Postgres,
	origin: string,
	onChange: (change: InstallationChange) => void,
	onGap: () => void
): Promise<Subscription> {
	const end = await postgres.listener.hear(channel, {
		told(payload) {
			const { origin: from, ...change } = JSON.parse(payload) as Announcement;
			if (from !== origin) onChange(change);
		},
		gap: onGap
	});
	return { end };
}
