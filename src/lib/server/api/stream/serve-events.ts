import { formatOffset, journalOffset, type JournalOffset } from '#engine/shape';
import type { EventStream, Sink } from './answer.ts';
import { invalidRequest } from './failures.ts';
import { logHeaders } from './headers.ts';
import type { Reader, ShapeParts } from './readers.ts';
import type { ShapeRead } from './shape-answers.ts';

/** Sends a shape's changes as server-sent events until the time is over, the reader leaves or must begin anew. */
export function serveEvents(parts: ShapeParts, read: ShapeRead, place: JournalOffset, sink: Sink): void {
	const { timers } = parts;
	const headers = logHeaders({
		handle: read.handle,
		requestOffset: formatOffset(journalOffset(place.seq, place.op)),
		offset: formatOffset(journalOffset(place.seq, place.op)),
		cache: 'sse',
		isPublic: read.shape.isPublic,
		upToDate: false,
		hasData: true,
		live: { cursor: read.query.cursor, intervalSeconds: Math.max(1, Math.floor(timers.longPollMs / 1000)) },
		contentType: 'text/event-stream'
	});
	const stream = sink.stream?.(200, { ...headers, 'x-accel-buffering': 'no' });
	if (!stream) return sink.send(invalidRequest({ live_sse: ['is not possible on this connection'] }));
	new EventReader(parts, read, place, stream).begin(sink);
}

/**
 * Holds nothing but the reader's place: what a slow reader has not taken is read again once it has, so
 * its backlog is the socket's buffer and no more.
 */
class EventReader implements Reader {
	readonly read: ShapeRead;
	readonly #parts: ShapeParts;
	readonly #stream: EventStream;
	#place: JournalOffset;
	#writing = false;
	/** There may be more than was last read. */
	#woken = false;
	#full = false;
	#done = false;
	#leave: (() => void)[] = [];

	constructor(parts: ShapeParts, read: ShapeRead, place: JournalOffset, stream: EventStream) {
		this.#parts = parts;
		this.read = read;
		this.#place = place;
		this.#stream = stream;
	}

	begin(sink: Sink): void {
		const { live, readers, timers } = this.#parts;
		const end = setTimeout(() => this.#end(), timers.eventsMs);
		const keepAlive = setInterval(() => this.#keepAlive(), timers.keepAliveMs);
		this.#leave = [
			live.wait(this.read.shape, this),
			readers.add(this),
			() => clearTimeout(end),
			() => clearInterval(keepAlive)
		];
		sink.onClose(() => this.#stop());
		this.#stream.onDrain(() => {
			this.#full = false;
			this.wake('changed');
		});
		this.wake('changed');
	}

	wake(reason: 'changed' | 'gone'): void {
		// The next request is told to begin anew.
		if (reason === 'gone') this.#end();
		else {
			this.#woken = true;
			if (!this.#writing) void this.#write();
		}
	}

	buffered(): number {
		return this.#stream.buffered();
	}

	/** The headers are out, so the stream just ends; the reader's next request gets the status. */
	end(): void {
		this.#end();
	}

	async #write(): Promise<void> {
		this.#writing = true;
		try {
			while (this.#woken && !this.#full && !this.#done) {
				this.#woken = false;
				if (await this.#writePage()) this.#woken = true;
			}
		} catch {
			this.#end();
		} finally {
			this.#writing = false;
		}
	}

	/** Whether a page was written, so that there may be more. */
	async #writePage(): Promise<boolean> {
		const { live, readers } = this.#parts;
		if (!this.read.caller.isCurrent() && !(await readers.check(this))) return false;
		const page = live.logNow(this.read.shape, this.#place) ?? (await live.log(this.read.shape, this.#place));
		if (this.#done) return false;
		if (page === 'gone') {
			this.#end();
			return false;
		}
		if (page.upToDate && page.messages.length === 0) return false;
		this.#place = page.upToDate ? { kind: 'journal', seq: page.seq, op: 0 } : page.offset;
		this.#full = !this.#stream.write(page.events());
		return true;
	}

	#keepAlive(): void {
		if (!this.#full) this.#full = !this.#stream.write(': keep-alive\n\n');
	}

	#end(): void {
		if (this.#done) return;
		this.#stop();
		this.#stream.end();
	}

	#stop(): void {
		this.#done = true;
		for (const leave of this.#leave) leave();
	}
}
