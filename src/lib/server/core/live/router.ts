import type { Route } from '#engine/filter';
import type { JournalRow } from '#core/views';
import type { Feed } from './feed.ts';

/** Feeds that fix the same columns, by the values that they fix them at. */
interface Index {
	readonly columns: readonly string[];
	readonly feeds: Map<string, Set<Feed>>;
}

/**
 * Finds the feeds that a changed row may concern. Feeds whose filter leaves a few columns no other values
 * than some are looked up by the row's old and new values, so a hundred thousand of them cost a change what
 * one does; the others each look at every row of the view.
 */
export class Router {
	readonly #all = new Set<Feed>();
	readonly #open = new Set<Feed>();
	/** By the names of their columns; there are as many as there are kinds of filters. */
	readonly #indexes = new Map<string, Index>();

	add(feed: Feed): void {
		this.#all.add(feed);
		const { routes } = feed.shape;
		if (!routes) this.#open.add(feed);
		else for (const route of routes) this.#bucket(route).add(feed);
	}

	remove(feed: Feed): void {
		this.#all.delete(feed);
		const { routes } = feed.shape;
		if (!routes) this.#open.delete(feed);
		else for (const route of routes) this.#removeFrom(route, feed);
	}

	/** Each feed at most once a row. */
	candidates(row: JournalRow): Iterable<Feed> {
		if (this.#indexes.size === 0) return this.#open;
		const found = new Set(this.#open);
		for (const { columns, feeds } of this.#indexes.values()) {
			for (const side of [row.old, row.new]) {
				const values = side && valuesOf(columns, side);
				if (values === undefined || values === null) continue;
				for (const feed of feeds.get(values) ?? []) found.add(feed);
			}
		}
		return found;
	}

	all(): Iterable<Feed> {
		return this.#all;
	}

	get size(): number {
		return this.#all.size;
	}

	#bucket(route: Route): Set<Feed> {
		const columns = [...route.keys()].sort();
		const index = inserted(this.#indexes, nameOf(columns), () => ({ columns, feeds: new Map() }));
		return inserted(index.feeds, valuesOf(columns, Object.fromEntries(route))!, () => new Set<Feed>());
	}

	#removeFrom(route: Route, feed: Feed): void {
		const columns = [...route.keys()].sort();
		const index = this.#indexes.get(nameOf(columns));
		const values = valuesOf(columns, Object.fromEntries(route))!;
		const feeds = index?.feeds.get(values);
		if (!index || !feeds) return;
		feeds.delete(feed);
		if (feeds.size === 0) index.feeds.delete(values);
		if (index.feeds.size === 0) this.#indexes.delete(nameOf(columns));
	}
}

function nameOf(columns: readonly string[]): string {
	return columns.length === 1 ? columns[0]! : JSON.stringify(columns);
}

/** One text for the values of these columns; undefined where one is NULL, which equals nothing. */
function valuesOf(
	columns: readonly string[],
	row: Readonly<Record<string, string | null>>
): string | undefined {
	if (columns.length === 1) return row[columns[0]!] ?? undefined;
	const values = columns.map((name) => row[name]);
	return values.includes(null) ? undefined : JSON.stringify(values);
}

function inserted<K, V>(map: Map<K, V>, key: K, make: () => V): V {
	const found = map.get(key);
	if (found !== undefined) return found;
	const made = make();
	map.set(key, made);
	return made;
}
