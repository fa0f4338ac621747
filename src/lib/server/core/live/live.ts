import { join } from 'node:path';
import type { Logger } from '#kernel';
import {
	parseHandle,
	snapshotEndMessage,
	type Handle,
	type JournalOffset,
	type Offset,
	type SubsetQuery
} from '#engine/shape';
import type { Postgres } from '#platform/postgres';
import type { Position, Views } from '#core/views';
import { feedLimits, type FeedLimits } from './feed.ts';
import { Feeds } from './feeds.ts';
import { isFilterFailure } from './filter-failure.ts';
import { PageRows } from './page-rows.ts';
import { appliedSnapshot } from './applied-snapshot.ts';
import { Deletions } from './deletions.ts';
import { resolveShape, type Origin } from './resolve.ts';
import { newHandle, Snapshots, snapshotLimits, type SnapshotLimits } from './snapshots.ts';
import { readSubset, subsetLimits, type SubsetLimits } from './subset.ts';
import { openTail, tailLimits, type Tail, type TailLimits } from './tail.ts';
import type {
	Gone,
	LogPage,
	ReadOptions,
	ResolvedShape,
	ShapeRequest,
	ShapeRows,
	Subset,
	Waiter
} from './types.ts';

export interface LiveLimits {
	readonly tail: TailLimits;
	readonly feed: FeedLimits;
	readonly snapshot: SnapshotLimits;
	readonly subset: SubsetLimits;
}

export const liveLimits: LiveLimits = {
	tail: tailLimits,
	feed: feedLimits,
	snapshot: snapshotLimits,
	subset: subsetLimits
};

/** A chunk of a shape's snapshot, under the handle that its reader goes on with. */
export interface SnapshotChunk {
	readonly handle: string;
	/** A JSON array. */
	readonly body: Buffer;
	readonly offset: Offset;
}

export interface Live {
	/** What a reader sees of a view. Throws the errors of `errors.ts`, as AppErrors. */
	resolve(request: ShapeRequest): ResolvedShape;
	/** Whether the view is still the one that the shape was resolved with. */
	isCurrent(shape: ResolvedShape): boolean;
	/** Rows for a page that is rendered on the server; its reader goes on from `handle` and `offset`. */
	read(shape: ResolvedShape, options?: ReadOptions): Promise<ShapeRows>;
	/** The first chunk of a snapshot whose handle is not `except`. */
	begin(shape: ResolvedShape, except?: string): Promise<SnapshotChunk>;
	/** The beginning of a reader who wants the changes alone. */
	beginEmpty(shape: ResolvedShape): Promise<SnapshotChunk>;
	/** The chunk that follows; `end` after the last, gone where this node does not hold that snapshot. */
	chunk(handle: string, after: number): Promise<SnapshotChunk | 'end' | Gone>;
	/** Some rows of the shape. Throws the errors of `readSubset`. */
	subset(shape: ResolvedShape, query: SubsetQuery): Promise<Subset>;
	/** Whether the handle is one of this shape's, and not deleted. */
	isOf(shape: ResolvedShape, handle: string): boolean;
	/** Deletes a shape by its hash, on this node: the handles that readers hold are dead. */
	remove(hash: string): void;
	/**
	 * Where the log of this shape goes on for a reader at `offset` of `handle`; gone where the handle is
	 * of another shape, or the journal does not reach back so far.
	 */
	place(shape: ResolvedShape, handle: string, offset: Offset): JournalOffset | Gone;
	/** What comes after a place that is not beyond the position. */
	log(shape: ResolvedShape, after: JournalOffset): Promise<LogPage | Gone>;
	/** The same where it is in memory. */
	logNow(shape: ResolvedShape, after: JournalOffset): LogPage | undefined;
	/** Wakes the waiter at every change of the shape. Returns the leave. */
	wait(shape: ResolvedShape, waiter: Waiter): () => void;
	/** A handle for a reader who begins at the position, without a snapshot. */
	handleAt(shape: ResolvedShape, position: bigint): string;
	/** Everything up to here can be read. */
	position(): bigint;
	/** Resolves once the position is at least `seq`; false after the time. */
	reached(seq: bigint, timeoutMs: number): Promise<boolean>;
	/** Resolves once everything that the transaction did can be read. Rejects as `Views.whenApplied` does. */
	whenApplied(txid: bigint, timeoutMs: number): Promise<Position>;
	/** Numbers for the operator. */
	stats(): { readonly feeds: number; readonly position: bigint };
	close(): Promise<void>;
}

export interface LiveParts {
	readonly views: Views;
	readonly postgres: Postgres;
	readonly log: Logger;
	/** Where large snapshots go; emptied at start and end. */
	readonly directory: string;
	readonly limits?: LiveLimits;
}

const sweepMs = 15_000;

export async function createLive(parts: LiveParts): Promise<Live> {
	const { views, postgres, log, limits = liveLimits } = parts;
	const origin = await readOrigin(postgres);
	const opened: { tail?: Tail } = {};
	const tail = () => opened.tail!;
	const snapshots = new Snapshots(views, tail, join(parts.directory, 'snapshots'), limits.snapshot);
	await snapshots.clear();
	const pages = new PageRows(views, tail);
	const deletions = new Deletions();
	const feeds = new Feeds(
		views,
		limits.feed,
		(view) => snapshots.forgetView(view),
		(hash) => snapshots.forgetShape(hash)
	);
	opened.tail = openTail(
		views,
		(rows) => {
			const changed = feeds.append(rows);
			feeds.endRebuilt();
			// After the position has moved, so that a woken reader finds what it was woken for.
			if (changed.length > 0) queueMicrotask(() => changed.forEach((feed) => feed.wake('changed')));
		},
		log,
		limits.tail,
		() => feeds.endAll()
	);
	const sweep = setInterval(() => {
		feeds.evictIdle();
		snapshots.evictIdle();
	}, sweepMs);
	sweep.unref();

	return {
		resolve: (request) => resolveShape(request, views, origin),
		isCurrent: ({ installation, view }) =>
			views.find(installation, view.spec.hash)?.generation === view.generation,
		read: (shape, options = {}) => pages.read(asFull(shape, views, origin), options),
		async begin(shape, except) {
			const { handle, chunks } = await snapshots.begin(shape, except);
			deletions.given(handle);
			return { handle, body: await chunks.read(0), offset: { kind: 'snapshot', chunk: 0 } };
		},
		async chunk(handle, after) {
			if (after + 1 >= (parseHandle(handle)?.chunks ?? 0)) return 'end';
			const body = await snapshots
				.find(handle)
				?.chunks.read(after + 1)
				.catch(() => undefined);
			return body ? { handle, body, offset: { kind: 'snapshot', chunk: after + 1 } } : 'gone';
		},
		async beginEmpty(shape) {
			return views.snapshot(shape.view, async (client, { seq }) => {
				const handle = newHandle(shape, seq);
				deletions.given(handle);
				const body = `[${snapshotEndMessage(await appliedSnapshot(client, shape.view))}]`;
				return { handle, body: Buffer.from(body), offset: { kind: 'snapshot', chunk: Infinity } };
			});
		},
		subset: (shape, query) => readSubset(shape, query, views, limits.subset),
		isOf: (shape, handle) => parseHandle(handle)?.shape === shape.hash && !deletions.isDead(handle),
		remove(hash) {
			deletions.add(hash, tail().position());
			feeds.end(hash);
		},
		place(shape, handle, offset) {
			if (deletions.isDead(handle)) return 'gone';
			return placeOf(shape, parseHandle(handle), offset, oldestOf(tail(), views));
		},
		async log(shape, after) {
			try {
				return await feeds.open(shape, tail()).read(after);
			} catch (error) {
				if (!isFilterFailure(error)) throw error;
				// A snapshot of before would lead to the same place again.
				snapshots.forgetShape(shape.hash);
				return 'gone';
			}
		},
		logNow: (shape, after) => feeds.open(shape, tail()).readNow(after),
		wait(shape, waiter) {
			const feed = feeds.open(shape, tail());
			feed.waiters.add(waiter);
			return () => {
				feed.waiters.delete(waiter);
				feed.usedAt = Date.now();
			};
		},
		handleAt(shape, position) {
			const handle = newHandle(shape, position);
			deletions.given(handle);
			return handle;
		},
		position: () => tail().position(),
		reached: (seq, timeoutMs) => tail().reached(seq, timeoutMs),
		async whenApplied(txid, timeoutMs) {
			const position = await views.whenApplied(txid, timeoutMs);
			await tail().reached(position.seq, timeoutMs);
			return position;
		},
		stats: () => ({ feeds: feeds.size, position: tail().position() }),
		async close() {
			clearInterval(sweep);
			tail().close();
			feeds.endAll();
			await snapshots.clear();
		}
	};
}

/** The shape that pages subscribe to: whole rows in every update. */
function asFull(shape: ResolvedShape, views: Views, origin: Origin): ResolvedShape {
	if (shape.replica === 'full') return shape;
	return resolveShape({ ...shape.request, replica: 'full' }, views, origin);
}

function placeOf(
	shape: ResolvedShape,
	handle: Handle | undefined,
	offset: Offset,
	oldest: bigint
): JournalOffset | Gone {
	if (handle?.shape !== shape.hash) return 'gone';
	// Beside a handle that begins without a snapshot a chunk is of some other.
	const isForeign = offset.kind === 'snapshot' && offset.chunk !== Infinity && offset.chunk >= handle.chunks;
	if (isForeign) return 'gone';
	const place: JournalOffset =
		offset.kind === 'journal' ? offset : { kind: 'journal', seq: handle.position, op: 0 };
	if (place.seq < handle.position) return 'gone';
	return place.seq < oldest ? 'gone' : place;
}

/** Changes after this position can still be read: from memory, or from what the journal has kept. */
function oldestOf(tail: Tail, views: Views): bigint {
	const kept = views.oldest().seq;
	return kept < tail.floor() ? kept : tail.floor();
}

/** A database that was restored to an earlier time goes on under another timeline. */
async function readOrigin(postgres: Postgres): Promise<Origin> {
	const { rows } = await postgres.app.query<{ timeline: string }>(
		'SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline'
	);
	return { instance: postgres.instance.id, timeline: rows[0]!.timeline };
}
