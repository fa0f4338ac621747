import type { Listener } from '#platform/postgres';

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

export interface NodeChannel {
	/** Tells all nodes, this one too. */
	tell(channel: ChannelName, payload: string): void;
	stop(): void;
}

/** `onGap`: notifications may have been missed. */
export function openChannel(
	listener: Listener,
	onTold: (channel: ChannelName, payload: string) => void,
	onGap: () => void
): NodeChannel {
	const leaves: (() => void)[] = [];
	let stopped = false;
	const tell = (channel: ChannelName, payload: string) => listener.tell(channels[channel], payload);

	for (const [name, channel] of Object.entries(channels) as [ChannelName, string][]) {
		const gap = () => {
			if (name !== 'node') return;
			tell('node', '');
			onGap();
		};
		// Where it can't be heard now, it is heard later, after a gap.
		listener.hear(channel, { told: (payload) => onTold(name, payload), gap }).then(
			(leave) => {
				if (stopped) return leave();
				leaves.push(leave);
				if (name === 'node') gap();
			},
			() => {}
		);
	}
	return {
		tell,
		stop() {
			stopped = true;
			for (const leave of leaves) leave();
		}
	};
}
