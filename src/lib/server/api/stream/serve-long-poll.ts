import type { JournalOffset } from '#engine/shape';
import type { LogPage } from '#core/live';
import type { Sink } from './answer.ts';
import { failure } from './failures.ts';
import type { Reader, ShapeParts } from './readers.ts';
import { pageAnswer, refetch, type ShapeRead } from './shape-answers.ts';

/** Where a waiting reader stands. */
export interface WaitingPlace {
	/** What it asked for. */
	readonly asked: JournalOffset;
	/** Nothing happened in between. */
	readonly known: JournalOffset;
}

/** Holds a reader who has everything until the shape changes, or the time is over. */
export function serveLongPoll(parts: ShapeParts, read: ShapeRead, place: WaitingPlace, sink: Sink): void {
	new LongPoll(parts, read, place, sink).begin();
}

/** One object a waiting reader: a node holds many thousands of them. */
class LongPoll implements Reader {
	readonly read: ShapeRead;
	readonly #parts: ShapeParts;
	readonly #place: WaitingPlace;
	readonly #sink: Sink;
	#timer: NodeJS.Timeout | undefined;
	#leaveFeed: (() => void) | undefined;
	#leaveReaders: (() => void) | undefined;
	#done = false;
	#timeIsOver = false;

	constructor(parts: ShapeParts, read: ShapeRead, place: WaitingPlace, sink: Sink) {
		this.#parts = parts;
		this.read = read;
		this.#place = place;
		this.#sink = sink;
	}

	begin(): void {
		const { live, readers, timers } = this.#parts;
		this.#leaveFeed = live.wait(this.read.shape, this);
		this.#leaveReaders = readers.add(this);
		this.#timer = setTimeout(() => this.#timeOver(), timers.longPollMs);
		this.#sink.onClose(() => this.#leave());
		// What changed since the reader's place was looked at wakes nobody.
		this.#answer();
	}

	wake(reason: 'changed' | 'gone'): void {
		if (reason === 'gone') this.end('must-refetch');
		else this.#answer();
	}

	end(reason: { readonly error: unknown } | 'must-refetch'): void {
		if (this.#done) return;
		this.#leave();
		this.#sink.send(
			reason === 'must-refetch' ? refetch(this.#parts, this.read.shape) : failure(reason.error)
		);
	}

	#timeOver(): void {
		this.#timeIsOver = true;
		this.#answer();
	}

	#answer(): void {
		if (this.#done) return;
		if (this.read.caller.isCurrent()) this.#answerNow();
		else void this.#parts.readers.check(this).then((may) => may && this.#answerNow());
	}

	#answerNow(): void {
		if (this.#done) return;
		const { live } = this.#parts;
		const { asked, known } = this.#place;
		const page = live.logNow(this.read.shape, asked) ?? live.logNow(this.read.shape, known);
		if (page) return this.#give(page);
		// So much came at once that it is in the database alone.
		live.log(this.read.shape, known).then(
			(later) => (later === 'gone' ? this.end('must-refetch') : this.#give(later)),
			(error: unknown) => this.end({ error })
		);
	}

	#give(page: LogPage): void {
		if (this.#done) return;
		const isNews = page.messages.length > 0 || !page.upToDate;
		if (!isNews && !this.#timeIsOver) return;
		this.#leave();
		this.#sink.send(pageAnswer(this.#parts, this.read, this.#place.asked, page));
	}

	#leave(): void {
		this.#done = true;
		clearTimeout(this.#timer);
		this.#leaveFeed?.();
		this.#leaveReaders?.();
	}
}
