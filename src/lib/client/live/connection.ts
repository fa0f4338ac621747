import { writable, type Readable } from 'svelte/store';
import { openCarrier, type Carrier } from './carrier.ts';
import type { CarrierState, LiveEvent, Watched } from './wire.ts';

/** What a page shows of its connection. */
export type ConnectionStatus = 'live' | 'catching-up' | 'offline';

const status = writable<ConnectionStatus>('catching-up');
/** The status of this page's connection. */
export const connection: Readable<ConnectionStatus> = { subscribe: status.subscribe };

let carrier: Carrier | undefined;
let state: CarrierState = 'connecting';
const catchingUp = new Set<object>();
const eventListeners = new Set<(event: LiveEvent) => void>();
const stateListeners = new Set<(state: CarrierState) => void>();
const watches = new Set<Watched>();

/** The page's carrier, opened at the first use; in a browser only. */
export function carrierOf(): Carrier {
	carrier ??= openCarrier({
		onState(next) {
			state = next;
			show();
			for (const listener of stateListeners) listener(next);
		},
		onEvent: (event) => eventListeners.forEach((listener) => listener(event))
	});
	return carrier;
}

/** `fetch` over the one connection; for GET requests of `/v1/` alone. */
export const liveFetch: typeof fetch = async (input, init) => {
	const request = new Request(input, init);
	const headers = Object.fromEntries(request.headers);
	const signal = init?.signal ?? undefined;
	const response = await carrierOf().fetch({ url: request.url, headers }, signal);
	const bodiless = response.status === 204 || response.status === 304;
	return new Response(bodiless ? null : response.body, {
		status: response.status,
		headers: response.headers
	});
};

/** Marks a shape as not up to date, until it says that it is. */
export function markCatchingUp(shape: object, is: boolean): void {
	if (is) catchingUp.add(shape);
	else catchingUp.delete(shape);
	show();
}

export function onCarrierState(listener: (state: CarrierState) => void): () => void {
	stateListeners.add(listener);
	listener(state);
	return () => stateListeners.delete(listener);
}

/** Tells of the release of a module: at first the one that is served, then every new one. */
export function onRelease(
	project: string,
	module: string,
	listener: (release: string | null) => void
): () => void {
	const watched: Watched = { project, module };
	const leave = listen((event) => {
		if (event.type !== 'release' || event.project !== project || event.module !== module) return;
		listener(event.release);
	});
	watches.add(watched);
	carrierOf().watch([...watches]);
	return () => {
		leave();
		watches.delete(watched);
		carrierOf().watch([...watches]);
	};
}

/**
 * Says for whom the page was rendered. All pages of a browser share one connection, and it must be that of
 * whoever is signed in now: call it before the first subscription.
 */
export function actAs(principal: string | undefined): void {
	carrierOf().actAs(principal);
}

/** Tells that what the person may do has changed. */
export function onGrants(listener: () => void): () => void {
	carrierOf();
	return listen((event) => {
		if (event.type === 'grants') listener();
	});
}

function listen(listener: (event: LiveEvent) => void): () => void {
	eventListeners.add(listener);
	return () => eventListeners.delete(listener);
}

function show(): void {
	if (state === 'offline') status.set('offline');
	else status.set(state === 'connecting' || catchingUp.size > 0 ? 'catching-up' : 'live');
}
