import type { Logger } from '#kernel';
import type { Client, Postgres } from '#platform/postgres';
import { destroy } from './connection.ts';

/** What nodes tell each other by notifications; none may be relied on (rule 17). */
export const channels = {
	/** The journal grew; the payload is the newest batch's number. */
	journal: 'loam_journal',
	/** loam.view changed. Sent by its trigger. */
	views: 'loam_views',
	/** A node came up, so that whoever maintains tells it from now on. */
	node: 'loam_node',
	/** To the node that maintains, and from it: messages of `asking.ts`. */
	ask: 'loam_ask',
	answer: 'loam_answer'
} as const;

export type ChannelName = keyof typeof channels;

/** What the connection of a node is called in pg_stat_activity: one a node. */
export const nodeName = 'loam node';

const connectAgainMs = 1_000;
const beatMs = 5_000;
const answerWithinMs = 4_000;

export interface NodeChannel {
	/** Tells all nodes, this one too. What can't be sent now is not sent. */
	tell(channel: ChannelName, payload: string): void;
	stop(): Promise<void>;
}

/**
 * One connection that hears and tells, made again whenever it breaks; `onGap` is called when it stands
 * anew, for notifications may have been missed.
 */
export function openChannel(
	postgres: Postgres,
	log: Logger,
	onTold: (channel: ChannelName, payload: string) => void,
	onGap: () => void
): NodeChannel {
	const names = new Map(
		Object.entries(channels).map(([name, channel]) => [channel as string, name as ChannelName])
	);
	let client: Client | undefined;
	let stopped = false;
	let again: NodeJS.Timeout | undefined;

	async function connect(): Promise<void> {
		const made = await postgres.connect(postgres.instance.urlAs('app'), {
			application_name: nodeName,
			query_timeout: answerWithinMs
		});
		made.on('notification', ({ channel, payload }) => {
			const name = names.get(channel);
			if (name) onTold(name, payload ?? '');
		});
		made.once('end', () => {
			client = undefined;
			connectLater();
		});
		await made.query([...names.keys()].map((channel) => `LISTEN ${channel}`).join('; '));
		if (stopped) return void (await made.end());
		client = made;
		tell('node', '');
		onGap();
	}

	function connectLater(): void {
		if (stopped) return;
		clearTimeout(again);
		again = setTimeout(() => {
			connect().catch((error: unknown) => {
				log.warn('this node does not hear the others; it looks for itself meanwhile', { error });
				connectLater();
			});
		}, connectAgainMs);
	}

	/** A connection that was cut off without a word is noticed only by asking. */
	const beat = setInterval(() => {
		const beating = client;
		beating?.query('SELECT').catch(() => destroy(beating));
	}, beatMs).unref();

	function tell(channel: ChannelName, payload: string): void {
		client?.query('SELECT pg_notify($1, $2)', [channels[channel], payload]).catch(() => {});
	}

	connect().catch(connectLater);
	return {
		tell,
		async stop() {
			stopped = true;
			clearTimeout(again);
			clearInterval(beat);
			await client?.end().catch(() => {});
		}
	};
}
