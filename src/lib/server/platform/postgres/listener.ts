import pg from 'pg';
import { connectAlone, destroy } from './connection.ts';

/** Who hears a channel. */
export interface Hearer {
	told(payload: string): void;
	/** Notifications may have been missed: the connection was made again. */
	gap(): void;
}

/**
 * The notifications of a node: one connection for all channels, made again whenever it breaks. A
 * notification may be lost, so whoever hears has to look for itself too.
 */
export interface Listener {
	/** Resolves when the channel is heard; rejects where that fails now, and then hears it later. Returns the leave. */
	hear(channel: string, hearer: Hearer): Promise<() => void>;
	/** Tells all nodes, this one too. What can't be sent now is not sent. */
	tell(channel: string, payload: string): void;
	end(): Promise<void>;
}

/** What the connection is called in pg_stat_activity: there is one a node. */
export const nodeName = 'loam node';

const againMs = 1_000;
/** A connection that was cut off without a word is noticed only by asking. */
const patience = { beatMs: 5_000, answerWithinMs: 4_000 };

export function openListener(url: string, { beatMs, answerWithinMs } = patience): Listener {
	const hearers = new Map<string, Set<Hearer>>();
	let client: pg.Client | undefined;
	let connecting: Promise<pg.Client> | undefined;
	let again: NodeJS.Timeout | undefined;
	let ended = false;

	async function connect(): Promise<pg.Client> {
		const made = await connectAlone(url, { application_name: nodeName, query_timeout: answerWithinMs });
		made.on('notification', ({ channel, payload }) => {
			for (const { told } of hearers.get(channel) ?? []) told(payload ?? '');
		});
		made.once('end', () => {
			if (client === made) client = undefined;
			connectLater();
		});
		for (const channel of hearers.keys()) await made.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
		if (ended) await made.end();
		return (client = made);
	}

	/** The connection, made if need be. */
	function connected(): Promise<pg.Client> {
		if (client) return Promise.resolve(client);
		return (connecting ??= connect().finally(() => (connecting = undefined)));
	}

	function connectLater(): void {
		clearTimeout(again);
		if (ended || hearers.size === 0) return;
		again = setTimeout(() => {
			connected().then(() => {
				for (const group of hearers.values()) for (const { gap } of group) gap();
			}, connectLater);
		}, againMs).unref();
	}

	/** One after the other, as a connection wants it. */
	let last: Promise<unknown> = Promise.resolve();
	function send(to: pg.Client, text: string, values: unknown[] = []): Promise<unknown> {
		const sent = last.then(() => to.query(text, values));
		last = sent.catch(() => {});
		return sent;
	}

	const beat = setInterval(() => {
		if (client) send(client, 'SELECT').catch(() => {});
	}, beatMs).unref();

	return {
		async hear(channel, hearer) {
			const group = hearers.get(channel) ?? new Set();
			hearers.set(channel, group.add(hearer));
			try {
				await send(await connected(), `LISTEN ${pg.escapeIdentifier(channel)}`);
			} catch (error) {
				connectLater();
				throw error;
			}
			return () => {
				group.delete(hearer);
				if (group.size === 0) hearers.delete(channel);
			};
		},
		tell(channel, payload) {
			if (client) send(client, 'SELECT pg_notify($1, $2)', [channel, payload]).catch(() => {});
		},
		async end() {
			ended = true;
			clearTimeout(again);
			clearInterval(beat);
			const open = client ?? (await connecting?.catch(() => undefined));
			if (!open) return;
			const cut = setTimeout(() => destroy(open), 1_000);
			await last;
			await open.end().catch(() => {});
			clearTimeout(cut);
		}
	};
}
