import type { CarrierState, LiveEvent, Watched, WireRequest, WireResponse } from './wire.ts';

export interface MultiplexerParts {
	/** `wss://…/v1/live` */
	readonly url: string;
	readonly open: (url: string) => WebSocket;
	/** Sends a request by itself, where the connection cannot be had. */
	readonly direct: (request: WireRequest, signal: AbortSignal) => Promise<WireResponse>;
	readonly onState: (state: CarrierState) => void;
	readonly onEvent: (event: LiveEvent) => void;
	/** Milliseconds before the first, and at most before any new attempt to connect. */
	readonly delay?: { readonly first: number; readonly most: number };
}

/** One request that may answer several askers. */
interface Exchange {
	readonly id: number;
	readonly request: WireRequest;
	readonly key: string;
	readonly askers: Set<Asker>;
	/** Of the direct request, where it goes alone. */
	readonly aborter: AbortController;
}

interface Asker {
	resolve(response: WireResponse): void;
	reject(error: unknown): void;
}

type ServerFrame = LiveEvent | (WireResponse & { readonly id: number });

/** Attempts without success after which requests are tried by themselves. */
const attemptsBeforeDirect = 2;

/**
 * Carries any number of GET requests over one WebSocket. Requests outlive the connection: they are sent
 * again over the next one. Equal requests that are open at the same time are one.
 */
export class Multiplexer {
	readonly #parts: MultiplexerParts;
	readonly #exchanges = new Map<number, Exchange>();
	readonly #byKey = new Map<string, Exchange>();
	#socket: WebSocket | undefined;
	#state: CarrierState = 'connecting';
	#watched: readonly Watched[] = [];
	#failures = 0;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#lastId = 0;
	#principal: { readonly id: string | undefined } | undefined;
	#closed = false;

	constructor(parts: MultiplexerParts) {
		this.#parts = parts;
		this.#connect();
	}

	get state(): CarrierState {
		return this.#state;
	}

	fetch(request: WireRequest, signal?: AbortSignal): Promise<WireResponse> {
		const exchange = this.#exchangeFor(request);
		return new Promise((resolve, reject) => {
			const asker: Asker = { resolve, reject };
			exchange.askers.add(asker);
			const abort = () => {
				exchange.askers.delete(asker);
				if (exchange.askers.size === 0) this.#cancel(exchange);
				reject(signal?.reason ?? new DOMException('The request was aborted.', 'AbortError'));
			};
			if (signal?.aborted) abort();
			else signal?.addEventListener('abort', abort, { once: true });
		});
	}

	watch(watched: readonly Watched[]): void {
		this.#watched = watched;
		if (this.#state === 'open') this.#send({ watch: watched });
	}

	/** The connection is for this person: one that was made for another is made anew, with the cookie of now. */
	actAs(principal: string | undefined): void {
		const before = this.#principal;
		this.#principal = { id: principal };
		if (!before || before.id === principal) return;
		this.#drop();
		this.reconnect();
	}

	/** Tries to connect at once: the network came back, or somebody signed in. */
	reconnect(): void {
		if (this.#closed || this.#socket) return;
		clearTimeout(this.#retry);
		this.#connect();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#retry);
		this.#socket?.close();
		for (const exchange of [...this.#exchanges.values()]) {
			this.#settle(exchange, (asker) => asker.reject(new TypeError('The connection was closed.')));
		}
	}

	/** Lets go of the connection at once: nothing that it still brings is heard. */
	#drop(): void {
		const socket = this.#socket;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		this.#socket = undefined;
		socket.close();
		this.#enter('connecting');
	}

	#exchangeFor(request: WireRequest): Exchange {
		const key = `${request.url} ${JSON.stringify(request.headers)}`;
		const open = this.#byKey.get(key);
		if (open) return open;
		const exchange: Exchange = {
			id: ++this.#lastId,
			request,
			key,
			askers: new Set(),
			aborter: new AbortController()
		};
		this.#exchanges.set(exchange.id, exchange);
		this.#byKey.set(key, exchange);
		if (this.#state === 'open') this.#sendRequest(exchange);
		else if (this.#state === 'direct') this.#sendDirect(exchange);
		return exchange;
	}

	#sendRequest({ id, request }: Exchange): void {
		const { pathname, search } = new URL(request.url);
		this.#send({ id, method: 'GET', url: pathname + search, headers: request.headers });
	}

	#sendDirect(exchange: Exchange): void {
		this.#parts.direct(exchange.request, exchange.aborter.signal).then(
			(response) => this.#settle(exchange, (asker) => asker.resolve(response)),
			(error: unknown) => this.#settle(exchange, (asker) => asker.reject(error))
		);
	}

	#cancel(exchange: Exchange): void {
		this.#forget(exchange);
		exchange.aborter.abort();
		if (this.#state === 'open') this.#send({ cancel: exchange.id });
	}

	#settle(exchange: Exchange, settle: (asker: Asker) => void): void {
		this.#forget(exchange);
		for (const asker of exchange.askers) settle(asker);
	}

	#forget(exchange: Exchange): void {
		this.#exchanges.delete(exchange.id);
		if (this.#byKey.get(exchange.key) === exchange) this.#byKey.delete(exchange.key);
	}

	#connect(): void {
		const socket = this.#parts.open(this.#parts.url);
		this.#socket = socket;
		socket.onopen = () => {
			this.#failures = 0;
			this.#enter('open');
			if (this.#watched.length > 0) this.#send({ watch: this.#watched });
			for (const exchange of this.#exchanges.values()) this.#sendRequest(exchange);
		};
		socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as ServerFrame);
		socket.onclose = () => {
			this.#socket = undefined;
			if (!this.#closed) this.#disconnected();
		};
	}

	#receive(frame: ServerFrame): void {
		if ('type' in frame) return this.#parts.onEvent(frame);
		const exchange = this.#exchanges.get(frame.id);
		const { status, headers, body } = frame;
		if (exchange) this.#settle(exchange, (asker) => asker.resolve({ status, headers, body }));
	}

	#disconnected(): void {
		this.#failures++;
		if (this.#state !== 'direct') this.#enter('offline');
		const { first, most } = this.#parts.delay ?? { first: 250, most: 10_000 };
		const delay = Math.min(most, first * 2 ** (this.#failures - 1)) * (0.5 + Math.random() / 2);
		this.#retry = setTimeout(() => this.#connect(), this.#state === 'direct' ? most * 3 : delay);
		if (this.#state === 'offline' && this.#failures >= attemptsBeforeDirect) void this.#probe();
	}

	/**
	 * Finds out why there is no connection by sending one request alone. An answer of any kind means that
	 * the server can be reached, but not in this way: the others go alone, too.
	 */
	async #probe(): Promise<void> {
		const [exchange] = this.#exchanges.values();
		if (!exchange) return;
		try {
			const response = await this.#parts.direct(withoutWaiting(exchange.request), exchange.aborter.signal);
			// What asks to wait is asked again in its own way, unless it was refused.
			if (response.status >= 400) this.#settle(exchange, (asker) => asker.resolve(response));
		} catch {
			return;
		}
		if (this.#state !== 'offline') return;
		this.#enter('direct');
		for (const waiting of this.#exchanges.values()) this.#sendDirect(waiting);
	}

	#enter(state: CarrierState): void {
		if (this.#state === state) return;
		this.#state = state;
		this.#parts.onState(state);
	}

	#send(frame: unknown): void {
		this.#socket?.send(JSON.stringify(frame));
	}
}

/** The same request, answered at once. */
export function withoutWaiting(request: WireRequest): WireRequest {
	const url = new URL(request.url);
	url.searchParams.delete('live');
	return { ...request, url: url.toString() };
}
