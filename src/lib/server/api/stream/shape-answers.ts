import { etagMatches, formatOffset, journalOffset, type JournalOffset, type ShapeQuery } from '#engine/shape';
import type { LogPage, ResolvedShape, SnapshotChunk } from '#core/live';
import type { Answer } from './answer.ts';
import type { Caller } from './caller.ts';
import { mustRefetch } from './failures.ts';
import { logHeaders } from './headers.ts';
import type { ShapeSources } from './open-shape.ts';
import type { Timers } from './timers.ts';

/** One request for a shape's log: who asks, for what, from where. */
export interface ShapeRead {
	readonly caller: Caller;
	readonly query: ShapeQuery;
	readonly shape: ResolvedShape;
	/** The handle that the reader holds. */
	readonly handle: string;
	readonly ifNoneMatch: string | undefined;
}

/** A piece of a snapshot as an answer. */
export function chunkAnswer(
	shape: ResolvedShape,
	chunk: SnapshotChunk,
	requestOffset: string,
	cache: 'initial' | 'catch-up',
	ifNoneMatch: string | undefined,
	ages?: Timers['ages']
): Answer {
	const headers = logHeaders({
		handle: chunk.handle,
		requestOffset,
		offset: formatOffset(chunk.offset),
		cache,
		isPublic: shape.isPublic,
		upToDate: false,
		hasData: true,
		ages,
		schema: shape.schema
	});
	return revalidated({ status: 200, headers, body: chunk.body }, ifNoneMatch);
}

/** A piece of the journal as the answer to a request at `place`. */
export function pageAnswer(
	{ timers }: { readonly timers: Timers },
	{ query, shape, handle, ifNoneMatch }: ShapeRead,
	place: JournalOffset,
	page: LogPage
): Answer {
	const offset = formatOffset(journalOffset(page.offset.seq, page.offset.op));
	const headers = logHeaders({
		handle,
		requestOffset: formatOffset(journalOffset(place.seq, place.op)),
		offset,
		cache: query.live ? 'live' : 'catch-up',
		isPublic: shape.isPublic,
		upToDate: page.upToDate,
		hasData: page.messages.length > 0,
		seq: page.seq,
		ages: timers.ages,
		...(query.live
			? { live: { cursor: query.cursor, intervalSeconds: Math.max(1, Math.floor(timers.longPollMs / 1000)) } }
			: { schema: shape.schema })
	});
	return revalidated({ status: 200, headers, body: page.json() }, ifNoneMatch);
}

export function refetch({ live }: Pick<ShapeSources, 'live'>, shape: ResolvedShape): Answer {
	return mustRefetch(live.handleAt(shape, live.position()), shape.isPublic);
}

function revalidated(answer: Answer, ifNoneMatch: string | undefined): Answer {
	const { etag } = answer.headers;
	if (etag === undefined || !etagMatches(ifNoneMatch, etag)) return answer;
	return { status: 304, headers: answer.headers, body: '' };
}
