import {
	formatOffset,
	journalOffset,
	parseShapeQuery,
	type JournalOffset,
	type ShapeQuery
} from '#engine/shape';
import type { ResolvedShape } from '#core/live';
import type { Answer, Sink } from './answer.ts';
import type { Caller } from './caller.ts';
import { failure, invalidRequest } from './failures.ts';
import { logHeaders } from './headers.ts';
import { openShape } from './open-shape.ts';
import type { ShapeParts } from './readers.ts';
import { serveEvents } from './serve-events.ts';
import { serveLongPoll } from './serve-long-poll.ts';
import { answerSubset } from './serve-subset.ts';
import { chunkAnswer, pageAnswer, refetch, type ShapeRead } from './shape-answers.ts';

export interface ShapeCall {
	readonly search: URLSearchParams;
	/** Of a POST. */
	readonly body?: string | undefined;
	readonly caller: Caller;
	readonly ifNoneMatch?: string | undefined;
}

/** Answers `GET` and `POST /v1/shape`; every failure is an answer too. */
export async function serveShape(parts: ShapeParts, call: ShapeCall, sink: Sink): Promise<void> {
	const parsed = parseShapeQuery(call.search, call.body);
	if (!parsed.ok) return sink.send(invalidRequest(parsed.errors));
	try {
		await call.caller.becomeCurrent();
		const shape = await openShape(parts, parsed.query, call.caller);
		await serveOpened(parts, { ...call, query: parsed.query, shape }, sink);
	} catch (error) {
		sink.send(failure(error));
	}
}

async function serveOpened(
	parts: ShapeParts,
	call: ShapeCall & { query: ShapeQuery; shape: ResolvedShape },
	sink: Sink
): Promise<void> {
	const { query, shape } = call;
	if (query.subset) return sink.send(await answerSubset(parts, shape, query, query.subset));
	switch (query.offset.kind) {
		case 'before-all':
			return sink.send(await answerFirst(parts, call));
		case 'now':
			return sink.send(answerNow(parts, shape));
		case 'snapshot': {
			const answer = query.offset.chunk !== Infinity ? await answerChunk(parts, call) : undefined;
			if (answer) return sink.send(answer);
		}
	}
	const place = parts.live.place(shape, query.handle!, query.offset);
	if (place === 'gone') return sink.send(refetch(parts, shape));
	const read: ShapeRead = { ...call, handle: query.handle!, ifNoneMatch: call.ifNoneMatch };
	return serveLog(parts, read, place, sink);
}

async function answerFirst(
	parts: ShapeParts,
	{ query, shape, ifNoneMatch }: ShapeCall & { query: ShapeQuery; shape: ResolvedShape }
): Promise<Answer> {
	const isEmpty = query.log === 'changes_only';
	const chunk = isEmpty
		? await parts.live.beginEmpty(shape)
		: await parts.live.begin(shape, query.expiredHandle);
	return chunkAnswer(shape, chunk, '-1', 'initial', ifNoneMatch);
}

/** The next chunk; undefined where there is none more, and the log follows. */
async function answerChunk(
	parts: ShapeParts,
	{ query, shape, ifNoneMatch }: ShapeCall & { query: ShapeQuery; shape: ResolvedShape }
): Promise<Answer | undefined> {
	const { offset } = query;
	const place = parts.live.place(shape, query.handle!, offset);
	if (place === 'gone' || offset.kind !== 'snapshot') return refetch(parts, shape);
	const chunk = await parts.live.chunk(query.handle!, offset.chunk);
	if (chunk === 'gone') return refetch(parts, shape);
	if (chunk === 'end') return undefined;
	return chunkAnswer(shape, chunk, formatOffset(offset), 'catch-up', ifNoneMatch, parts.timers.ages);
}

/** `offset=now`: nothing but the place from which to follow. */
function answerNow({ live }: ShapeParts, shape: ResolvedShape): Answer {
	const position = live.position();
	const page = live.logNow(shape, { kind: 'journal', seq: position, op: 0 });
	const headers = logHeaders({
		handle: live.handleAt(shape, position),
		requestOffset: 'now',
		offset: formatOffset(journalOffset(position)),
		cache: 'uncached',
		isPublic: shape.isPublic,
		upToDate: true,
		hasData: false,
		schema: shape.schema
	});
	return { status: 200, headers, body: page!.json() };
}

async function serveLog(parts: ShapeParts, read: ShapeRead, place: JournalOffset, sink: Sink): Promise<void> {
	const { live, timers } = parts;
	if (place.seq > live.position() && !(await live.reached(place.seq, timers.longPollMs / 2))) {
		return sink.send(invalidRequest({ offset: ['out of bounds for this shape'] }));
	}
	if (read.query.live && read.query.sse) return serveEvents(parts, read, place, sink);
	const page = await live.log(read.shape, place);
	if (page === 'gone') return sink.send(refetch(parts, read.shape));
	const isNews = page.messages.length > 0 || !page.upToDate;
	if (isNews || !read.query.live) return sink.send(pageAnswer(parts, read, place, page));
	const known: JournalOffset = { kind: 'journal', seq: page.seq, op: 0 };
	return serveLongPoll(parts, read, { asked: place, known }, sink);
}
