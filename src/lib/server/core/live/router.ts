import { columnType, routeKey, type Route } from '#engine/filter';
import type { ViewSpec } from '#engine/view';
import type { JournalRow } from '#core/views';
import type { Feed } from './feed.ts';

interface Keyed {
	readonly name: string;
	readonly key: (text: string) => string | undefined;
}

/** Feeds that fix the same columns, by the values that they fix them at. */
interface Index {
	readonly columns: readonly Keyed[];
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
		else for (const route of routes) this.#bucket(route, feed.shape.view.spec).add(feed);
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

	#bucket(route: Route, spec: ViewSpec): Set<Feed> {
		const names = [...route.keys()].sort();
		const index = inserted(this.#indexes, nameOf(names), () => ({
			columns: names.map((name) => keyed(name, spec)),
			feeds: new Map()
		}));
		return inserted(index.feeds, placeOf(route), () => new Set<Feed>());
	}

	#removeFrom(route: Route, feed: Feed): void {
		const names = [...route.keys()].sort();
		const index = this.#indexes.get(nameOf(names));
		const values = placeOf(route);
		const feeds = index?.feeds.get(values);
		if (!index || !feeds) return;
		feeds.delete(feed);
		if (feeds.size === 0) index.feeds.delete(values);
		if (index.feeds.size === 0) this.#indexes.delete(nameOf(names));
	}
}

function nameOf(columns: readonly string[]): string {
	return columns.length === 1 ? columns[0]! : JSON.stringify(columns);
}

function keyed(name: string, spec: ViewSpec): Keyed {
	const type = columnType(spec.columns.find((column) => column.name === name)!)!;
	return { name, key: routeKey(type)! };
}

/** One text for the values of these columns in a row; undefined where one is NULL, which equals nothing. */
function valuesOf(
	columns: readonly Keyed[],
	row: Readonly<Record<string, string | null>>
): string | undefined {
	const keys: string[] = [];
	for (const { name, key } of columns) {
		const text = row[name] ?? undefined;
		const found = text === undefined ? undefined : key(text);
		if (found === undefined) return undefined;
		keys.push(found);
	}
	return textOf(keys);
}

/** The same for a route. */
function placeOf(route: Route): string {
	return textOf([...route.keys()].sort().map((name) => route.get(name)!));
}

function textOf(keys: readonly string[]): string {
	return keys.length === 1 ? keys[0]! : JSON.stringify(keys);
}

function inserted<K, V>(map: Map<K, V>, key: K, make: () => V): V {
	const found = map.get(key);
	if (found !== undefined) return found;
	const made = make();
	map.set(key, made);
	return made;
}
