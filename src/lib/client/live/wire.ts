/** What passes between a page and whatever carries its requests: plain data, so that it can cross a port. */

export interface WireRequest {
	/** Absolute. */
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
}

export interface WireResponse {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

export interface Watched {
	/** `org/project` */
	readonly project: string;
	readonly module: string;
}

/** What the server tells of its own accord. */
export type LiveEvent =
	| {
			readonly type: 'release';
			readonly project: string;
			readonly module: string;
			/** Short hash; null where the module is not served any more. */
			readonly release: string | null;
	  }
	| { readonly type: 'grants' };

/**
 * `direct`: the one connection cannot be had (nobody is signed in, or a proxy forbids it), so requests go
 * out one by one.
 */
export type CarrierState = 'connecting' | 'open' | 'offline' | 'direct';

/** From a page to the shared worker. */
export type PageMessage =
	| { readonly kind: 'fetch'; readonly id: number; readonly request: WireRequest }
	| { readonly kind: 'abort'; readonly id: number }
	| { readonly kind: 'watch'; readonly watched: readonly Watched[] }
	/** Who the page was rendered for: the connection must be that person's. */
	| { readonly kind: 'principal'; readonly id: string | undefined }
	/** Sent now and then: a page that is silent for long is gone. */
	| { readonly kind: 'alive' }
	| { readonly kind: 'bye' };

/** From the shared worker to a page. */
export type WorkerMessage =
	| { readonly kind: 'response'; readonly id: number; readonly response: WireResponse }
	| { readonly kind: 'failed'; readonly id: number; readonly message: string }
	| { readonly kind: 'event'; readonly event: LiveEvent }
	| { readonly kind: 'state'; readonly state: CarrierState };
