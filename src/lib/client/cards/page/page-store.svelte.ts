import type { BindingData, PageData } from '#engine/card';
import { compareRows, parseOrderTerm, type OrderTerm } from '#engine/shape';
import { subscribeShape } from '#client/live';
import { LiveRows } from '../live-rows.svelte.ts';

/** Told when the server gives a shape no longer: the grants have changed, or the release has gone. */
export type Refused = () => void;

/**
 * The data of an open page: rows by binding, live after `follow`. A new release of the page is taken
 * over in place: rows that are the same stay the same objects.
 */
export class PageStore {
	#page: PageData = $state.raw(undefined as never);
	#now: string = $state('');
	readonly #rows = new Map<string, LiveRows>();

	constructor(page: PageData) {
		this.#page = page;
		this.#now = page.now;
		for (const [name, binding] of Object.entries(page.bindings)) this.#rows.set(name, open(binding));
	}

	/** `$root` of the page's card: each name is a getter over what is live. */
	get data(): Readonly<Record<string, unknown>> {
		const { params, query, principal, bindings } = this.#page;
		const root = { params, query, principal };
		Object.defineProperty(root, 'now', { enumerable: true, get: () => this.#now });
		for (const name of Object.keys(bindings)) {
			const rows = this.#rows.get(name);
			Object.defineProperty(root, name, { enumerable: true, get: () => rows?.rows ?? [] });
		}
		return root;
	}

	/** Another load of the same page: its rows, and its bindings where a new release has others. */
	take(page: PageData): void {
		if (page === this.#page) return;
		for (const [name, binding] of Object.entries(page.bindings)) {
			const rows = this.#rows.get(name);
			if (!rows) this.#rows.set(name, open(binding));
			else {
				rows.arrange(comparing(binding), binding.limit);
				rows.replace(binding.rows);
			}
		}
		for (const name of [...this.#rows.keys()]) if (!(name in page.bindings)) this.#rows.delete(name);
		this.#page = page;
		this.#now = page.now;
	}

	/** Subscribes to every live binding; returns the end of it. */
	follow(page: PageData, refused: Refused): () => void {
		const live = Object.entries(page.bindings).filter(([, binding]) => binding.live);
		const subscriptions = live.map(([name, binding]) => followOne(binding, this.#rows.get(name)!, refused));
		return () => subscriptions.forEach((subscription) => subscription.close());
	}

	/** The page's clock goes on. */
	tick(now: string): void {
		this.#now = now;
	}
}

function open(binding: BindingData): LiveRows {
	return new LiveRows(binding.rows, comparing(binding), binding.limit);
}

function comparing(binding: BindingData) {
	return compareRows(orderOf(binding), binding.schema);
}

function orderOf({ order, schema }: BindingData): OrderTerm[] {
	return order.flatMap((text) => parseOrderTerm(text) ?? []).filter(({ column }) => column in schema);
}

function followOne(binding: BindingData, rows: LiveRows, refused: Refused): { close(): void } {
	const { handle, offset, schema, limit } = binding;
	const window = binding.complete ? {} : { window: { order: orderOf(binding), schema, limit } };
	return subscribeShape(
		binding.shape,
		{ handle, offset, rows: binding.rows, ...window },
		{
			onChange: (changes) => rows.apply(changes),
			onReset: (all) => rows.replace([...all].sort(comparing(binding))),
			onStatus: (status) => {
				if (status === 'refused') refused();
			}
		}
	);
}
