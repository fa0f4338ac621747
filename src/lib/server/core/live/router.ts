import type { JournalRow } from '#core/views';
import type { Feed } from './feed.ts';

/**
 * Finds the feeds that a changed row may concern. Feeds whose filter fixes a column at one value are
 * looked up by the row's old and new value, so a hundred thousand of them cost a change what one does;
 * the others each look at every row of the view.
 */
export class Router {
	readonly #open = new Set<Feed>();
	readonly #routed = new Map<string, Map<string, Set<Feed>>>();

	add(feed: Feed): void {
		this.#bucket(feed).add(feed);
	}

	remove(feed: Feed): void {
		const { route } = feed.shape;
		if (!route) {
			this.#open.delete(feed);
			return;
		}
		const values = this.#routed.get(route.column);
		const feeds = values?.get(route.value);
		if (!values || !feeds) return;
		feeds.delete(feed);
		if (feeds.size === 0) values.delete(route.value);
		if (values.size === 0) this.#routed.delete(route.column);
	}

	/** Each feed at most once a row. */
	candidates(row: JournalRow): Iterable<Feed> {
		if (this.#routed.size === 0) return this.#open;
		const found = new Set(this.#open);
		for (const [column, values] of this.#routed) {
			for (const side of [row.old, row.new]) {
				const value = side?.[column];
				if (typeof value !== 'string') continue;
				for (const feed of values.get(value) ?? []) found.add(feed);
			}
		}
		return found;
	}

	all(): Feed[] {
		const routed = [...this.#routed.values()].flatMap((values) => [...values.values()]);
		return [...this.#open, ...routed.flatMap((feeds) => [...feeds])];
	}

	get size(): number {
		let size = this.#open.size;
		for (const values of this.#routed.values()) for (const feeds of values.values()) size += feeds.size;
		return size;
	}

	#bucket(feed: Feed): Set<Feed> {
		const { route } = feed.shape;
		if (!route) return this.#open;
		const values = inserted(this.#routed, route.column, () => new Map<string, Set<Feed>>());
		return inserted(values, route.value, () => new Set<Feed>());
	}
}

function inserted<K, V>(map: Map<K, V>, key: K, make: () => V): V {
	const found = map.get(key);
	if (found !== undefined) return found;
	const made = make();
	map.set(key, made);
	return made;
}
