import type { CarrierListener } from './carrier.ts';
import type { Multiplexer } from './multiplexer.ts';
import type { CarrierState, LiveEvent, PageMessage, Watched, WorkerMessage } from './wire.ts';

type Port = Pick<MessagePort, 'postMessage' | 'close'> & {
	onmessage: ((event: MessageEvent<PageMessage>) => void) | null;
};

interface Page {
	readonly port: Port;
	readonly requests: Map<number, AbortController>;
	watched: readonly Watched[];
	heardAt: number;
}

/** Timers of a page in the background run once a minute. */
const silentMs = 150_000;

/** Serves the pages of one origin, each behind its port, with one multiplexer. */
export class PageDesk {
	readonly #multiplexer: Multiplexer;
	readonly #pages = new Set<Page>();
	/** The release of each watched module, for pages that begin to watch it later. */
	readonly #releases = new Map<string, LiveEvent>();
	#state: CarrierState = 'connecting';

	constructor(open: (listener: CarrierListener) => Multiplexer) {
		this.#multiplexer = open({
			onState: (state) => {
				this.#state = state;
				if (state !== 'open') this.#releases.clear();
				this.#tellAll({ kind: 'state', state });
			},
			onEvent: (event) => this.#announce(event)
		});
	}

	join(port: Port): void {
		const page: Page = { port, requests: new Map(), watched: [], heardAt: Date.now() };
		this.#pages.add(page);
		port.onmessage = ({ data }) => this.#receive(page, data);
		tell(page, { kind: 'state', state: this.#state });
	}

	reconnect(): void {
		this.#multiplexer.reconnect();
	}

	/** Frees what pages hold that went away without a word. */
	dismissSilent(now = Date.now()): void {
		for (const page of this.#pages) if (now - page.heardAt > silentMs) this.#dismiss(page);
	}

	get size(): number {
		return this.#pages.size;
	}

	#receive(page: Page, message: PageMessage): void {
		page.heardAt = Date.now();
		switch (message.kind) {
			case 'fetch':
				return void this.#fetch(page, message);
			case 'abort':
				return page.requests.get(message.id)?.abort();
			case 'watch':
				this.#pages.add(page);
				return this.#watch(page, message.watched);
			case 'principal':
				return this.#multiplexer.actAs(message.id);
			case 'alive':
				return void this.#pages.add(page);
			case 'bye':
				return this.#dismiss(page);
		}
	}

	async #fetch(page: Page, { id, request }: Extract<PageMessage, { kind: 'fetch' }>): Promise<void> {
		const aborter = new AbortController();
		page.requests.set(id, aborter);
		try {
			const response = await this.#multiplexer.fetch(request, aborter.signal);
			tell(page, { kind: 'response', id, response });
		} catch (error) {
			tell(page, { kind: 'failed', id, message: error instanceof Error ? error.message : 'failed' });
		} finally {
			page.requests.delete(id);
		}
	}

	#watch(page: Page, watched: readonly Watched[]): void {
		page.watched = watched;
		this.#watchAll();
		for (const item of watched) {
			const known = this.#releases.get(placeOf(item));
			if (known) tell(page, { kind: 'event', event: known });
		}
	}

	/** All that any page watches, each once. */
	#watchAll(): void {
		const all = new Map(
			[...this.#pages].flatMap(({ watched }) => watched.map((item) => [placeOf(item), item]))
		);
		for (const place of this.#releases.keys()) if (!all.has(place)) this.#releases.delete(place);
		this.#multiplexer.watch([...all.values()]);
	}

	#announce(event: LiveEvent): void {
		if (event.type === 'grants') return this.#tellAll({ kind: 'event', event });
		const place = placeOf(event);
		this.#releases.set(place, event);
		for (const page of this.#pages) {
			if (page.watched.some((item) => placeOf(item) === place)) tell(page, { kind: 'event', event });
		}
	}

	#dismiss(page: Page): void {
		this.#pages.delete(page);
		for (const aborter of page.requests.values()) aborter.abort();
		page.watched = [];
		this.#watchAll();
	}

	#tellAll(message: WorkerMessage): void {
		for (const page of this.#pages) tell(page, message);
	}
}

function tell(page: Page, message: WorkerMessage): void {
	page.port.postMessage(message);
}

function placeOf({ project, module }: Watched): string {
	return `${project} ${module}`;
}
