import type { JournalRow, Views } from '#core/views';
import { Feed, type FeedLimits } from './feed.ts';
import { isFilterFailure } from './filter-failure.ts';
import { Router } from './router.ts';
import type { Tail } from './tail.ts';
import type { ResolvedShape } from './types.ts';

/** All feeds of a view, in the generation that they were opened in. */
interface ViewFeeds {
	readonly shape: ResolvedShape;
	readonly router: Router;
}

/** A feed that nobody waits for is kept so long for readers between two requests. */
const idleMs = 60_000;

/** The open feeds: one a resolved shape. */
export class Feeds {
	readonly #byHash = new Map<string, Feed>();
	readonly #byView = new Map<number, ViewFeeds>();
	readonly #views: Pick<Views, 'find'>;
	readonly #limits: FeedLimits;
	readonly #onRebuilt: (view: number) => void;
	readonly #onEnded: (hash: string) => void;

	constructor(
		views: Pick<Views, 'find'>,
		limits: FeedLimits,
		onRebuilt: (view: number) => void = () => {},
		onEnded: (hash: string) => void = () => {}
	) {
		this.#views = views;
		this.#limits = limits;
		this.#onRebuilt = onRebuilt;
		this.#onEnded = onEnded;
	}

	/** The shape's feed, opened at the tail's position where it was not. */
	open(shape: ResolvedShape, tail: Tail): Feed {
		const found = this.#byHash.get(shape.hash);
		if (found) return found;
		const feed = new Feed(shape, tail, this.#limits);
		this.#byHash.set(shape.hash, feed);
		const { id } = shape.view;
		const same = this.#byView.get(id) ?? { shape, router: new Router() };
		this.#byView.set(id, same);
		same.router.add(feed);
		return feed;
	}

	/** Gives new rows to the feeds that they concern, and says which of them changed. */
	append(rows: readonly JournalRow[]): Feed[] {
		const concerned = new Map<Feed, JournalRow[]>();
		for (const row of rows) {
			const same = this.#byView.get(row.view);
			if (!same) continue;
			for (const feed of same.router.candidates(row)) {
				const list = concerned.get(feed);
				if (list) list.push(row);
				else concerned.set(feed, [row]);
			}
		}
		return [...concerned].filter(([feed, list]) => this.#appendTo(feed, list)).map(([feed]) => feed);
	}

	#appendTo(feed: Feed, rows: readonly JournalRow[]): boolean {
		try {
			return feed.append(rows);
		} catch (error) {
			if (!isFilterFailure(error)) throw error;
			this.end(feed.shape.hash);
			return false;
		}
	}

	/** Ends one shape: its readers begin anew. */
	end(hash: string): void {
		const feed = this.#byHash.get(hash);
		this.#onEnded(hash);
		if (!feed) return;
		this.#remove(feed);
		feed.wake('gone');
	}

	#remove(feed: Feed): void {
		this.#byHash.delete(feed.shape.hash);
		const { id } = feed.shape.view;
		const same = this.#byView.get(id);
		same?.router.remove(feed);
		if (same?.router.size === 0) this.#byView.delete(id);
	}

	/** Ends the feeds of views that were rebuilt or dropped: their readers begin anew. */
	endRebuilt(): void {
		for (const [id, { shape, router }] of this.#byView) {
			const { installation, view } = shape;
			if (this.#views.find(installation, view.spec.hash)?.generation === view.generation) continue;
			this.#byView.delete(id);
			this.#onRebuilt(id);
			for (const feed of router.all()) {
				this.#byHash.delete(feed.shape.hash);
				feed.wake('gone');
			}
		}
	}

	evictIdle(now = Date.now()): void {
		for (const feed of this.#byHash.values()) {
			if (feed.waiters.size === 0 && now - feed.usedAt >= idleMs) this.#remove(feed);
		}
	}

	get size(): number {
		return this.#byHash.size;
	}

	/** Their readers begin anew. */
	endAll(): void {
		const feeds = [...this.#byHash.values()];
		this.#byHash.clear();
		this.#byView.clear();
		for (const feed of feeds) feed.wake('gone');
	}
}
