/** Tells this browser's other tabs that a draft was saved, and hears it of them. */
export interface Tabs {
	tell(revision: number): void;
	close(): void;
}

export function listenToTabs(draft: string, heard: (revision: number) => void): Tabs {
	const channel = new BroadcastChannel(`loam.draft:${draft}`);
	channel.onmessage = (event: MessageEvent<unknown>) => {
		if (typeof event.data === 'number') heard(event.data);
	};
	return { tell: (revision) => channel.postMessage(revision), close: () => channel.close() };
}
