import { directSender } from './direct.ts';
import { Multiplexer } from './multiplexer.ts';
import type {
	CarrierState,
	LiveEvent,
	PageMessage,
	Watched,
	WireRequest,
	WireResponse,
	WorkerMessage
} from './wire.ts';

/** What takes a page's requests to the server. */
export interface Carrier {
	fetch(request: WireRequest, signal?: AbortSignal): Promise<WireResponse>;
	watch(watched: readonly Watched[]): void;
	/** Who the page was rendered for. */
	actAs(principal: string | undefined): void;
	close(): void;
}

export interface CarrierListener {
	readonly onState: (state: CarrierState) => void;
	readonly onEvent: (event: LiveEvent) => void;
}

/** The origin's one connection, through the worker that all its pages share; of this page where there is none. */
export function openCarrier(listener: CarrierListener): Carrier {
	if (typeof SharedWorker === 'undefined') return pageCarrier(listener);
	try {
		return workerCarrier(listener);
	} catch {
		return pageCarrier(listener);
	}
}

/** A multiplexer of this page alone. */
export function pageCarrier(listener: CarrierListener): Carrier {
	const multiplexer = openMultiplexer(location.origin, listener);
	const reconnect = () => multiplexer.reconnect();
	addEventListener('online', reconnect);
	return {
		fetch: (request, signal) => multiplexer.fetch(request, signal),
		watch: (watched) => multiplexer.watch(watched),
		actAs: (principal) => multiplexer.actAs(principal),
		close() {
			removeEventListener('online', reconnect);
			multiplexer.close();
		}
	};
}

export function openMultiplexer(origin: string, listener: CarrierListener): Multiplexer {
	return new Multiplexer({
		url: `${origin.replace(/^http/, 'ws')}/v1/live`,
		open: (url) => new WebSocket(url),
		direct: directSender(),
		...listener
	});
}

const aliveMs = 10_000;

function workerCarrier(listener: CarrierListener): Carrier {
	const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), {
		type: 'module',
		name: 'loam-live'
	});
	const { port } = worker;
	const open = new Map<number, { resolve(response: WireResponse): void; reject(error: unknown): void }>();
	let lastId = 0;
	let watched: readonly Watched[] = [];
	const post = (message: PageMessage) => port.postMessage(message);

	port.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
		switch (data.kind) {
			case 'response':
				take(data.id)?.resolve(data.response);
				break;
			case 'failed':
				take(data.id)?.reject(new TypeError(data.message));
				break;
			case 'event':
				listener.onEvent(data.event);
				break;
			case 'state':
				listener.onState(data.state);
				break;
		}
	};
	function take(id: number) {
		const found = open.get(id);
		open.delete(id);
		return found;
	}

	const alive = setInterval(() => post({ kind: 'alive' }), aliveMs);
	const bye = () => post({ kind: 'bye' });
	// A page that comes back out of the browser's cache is there again.
	const back = ({ persisted }: PageTransitionEvent) => persisted && post({ kind: 'watch', watched });
	addEventListener('pagehide', bye);
	addEventListener('pageshow', back);
	return {
		fetch(request, signal) {
			const id = ++lastId;
			return new Promise((resolve, reject) => {
				open.set(id, { resolve, reject });
				const abort = () => {
					if (!open.delete(id)) return;
					post({ kind: 'abort', id });
					reject(signal!.reason as Error);
				};
				if (signal?.aborted) return abort();
				signal?.addEventListener('abort', abort, { once: true });
				post({ kind: 'fetch', id, request });
			});
		},
		watch(list) {
			watched = list;
			post({ kind: 'watch', watched });
		},
		actAs: (id) => post({ kind: 'principal', id }),
		close() {
			clearInterval(alive);
			removeEventListener('pagehide', bye);
			removeEventListener('pageshow', back);
			bye();
			port.close();
		}
	};
}
