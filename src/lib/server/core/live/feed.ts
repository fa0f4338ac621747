import {
	isAfter,
	messageEncoder,
	projectChange,
	type JournalOffset,
	type MessageEncoder
} from '#engine/shape';
import { isCut, type JournalRow } from '#core/views';
import { isFilterFailure } from './filter-failure.ts';
import { makePage } from './log-page.ts';
import { shownKey } from './row-key.ts';
import type { Tail } from './tail.ts';
import type { Gone, LogPage, ResolvedShape, Waiter } from './types.ts';

/** A message of a shape's log, encoded once for all its readers. */
interface Entry {
	readonly seq: bigint;
	/** From 1. */
	readonly op: number;
	readonly text: string;
}

export interface FeedLimits {
	/** Entries and characters that a feed keeps for readers who come back. */
	readonly entries: number;
	readonly size: number;
	/** Characters of one answer. */
	readonly page: number;
	/** Journal rows of one query for readers who were away. */
	readonly history: number;
}

export const feedLimits: FeedLimits = { entries: 500, size: 256 * 1024, page: 1024 * 1024, history: 2_000 };

/**
 * The live end of one shape. Its entries are all the shape's changes after `from`, up to the tail's
 * position; whoever stands before `from` is served out of the tail or the journal.
 */
export class Feed {
	readonly shape: ResolvedShape;
	readonly waiters = new Set<Waiter>();
	/** Time of the last use, for eviction. */
	usedAt = Date.now();
	readonly #tail: Tail;
	readonly #limits: FeedLimits;
	readonly #encoder: MessageEncoder;
	#from: JournalOffset;
	#entries: Entry[] = [];
	#size = 0;
	/** Pages by the offset that they begin after, as long as nothing new came. */
	#pages: Map<string, LogPage> | undefined;
	#pagesAt = -1n;

	constructor(shape: ResolvedShape, tail: Tail, limits: FeedLimits = feedLimits) {
		this.shape = shape;
		this.#tail = tail;
		this.#limits = limits;
		this.#encoder = encoderOf(shape.relation);
		this.#from = { kind: 'journal', seq: tail.position(), op: 0 };
	}

	/**
	 * Takes over new rows of its view. Whether any of them is a change of the shape. Throws FILTER_FAILS
	 * where its filter has no answer: then the shape has ended.
	 */
	append(rows: readonly JournalRow[]): boolean {
		const entries = this.#encode(rows);
		if (entries.length === 0) return false;
		this.#entries.push(...entries);
		for (const entry of entries) this.#size += entry.text.length;
		this.#trim();
		return true;
	}

	/** Thousands are woken some at a time: a command must not wait until all have their answers. */
	wake(reason: 'changed' | 'gone'): void {
		wakeSome([...this.waiters], 0, reason);
	}

	/** What comes after an offset that is not beyond the tail's position. Throws FILTER_FAILS. */
	async read(after: JournalOffset): Promise<LogPage | Gone> {
		this.usedAt = Date.now();
		return this.readNow(after) ?? this.#readHistory(after);
	}

	/** The same where it is in memory. */
	readNow(after: JournalOffset): LogPage | undefined {
		if (this.#covers(after)) return this.#readEntries(after);
		if (after.seq < this.#tail.floor()) return undefined;
		const from = after.op === 0 ? after.seq : after.seq - 1n;
		if (from < this.#tail.floor()) return undefined;
		const entries = this.#encodeRecent(from);
		return entries && this.#page(entries, after, this.#tail.position());
	}

	#encodeRecent(from: bigint): Entry[] | undefined {
		try {
			return this.#encode(this.#tail.recent(this.shape.view.id, from));
		} catch (error) {
			if (isFilterFailure(error)) return undefined;
			throw error;
		}
	}

	#covers(after: JournalOffset): boolean {
		return !isBefore(after, this.#from);
	}

	/** Readers at one place share the page, so that a change is put together once. */
	#readEntries(after: JournalOffset): LogPage {
		const position = this.#tail.position();
		if (this.#pagesAt !== position) this.#pages = undefined;
		this.#pagesAt = position;
		this.#pages ??= new Map();
		const place = `${after.seq}_${after.op}`;
		const kept = this.#pages.get(place);
		if (kept) return kept;
		const page = this.#page(this.#entries, after, position);
		if (this.#pages.size < 16) this.#pages.set(place, page);
		return page;
	}

	async #readHistory(after: JournalOffset): Promise<LogPage | Gone> {
		const from = after.op === 0 ? after.seq : after.seq - 1n;
		try {
			const { rows, upTo } = await this.#tail.history(this.shape.view.id, from, this.#limits.history);
			return this.#page(this.#encode(rows), after, upTo);
		} catch (error) {
			if (isCut(error)) return 'gone';
			throw error;
		}
	}

	/** Entries after the offset, as many as a page takes; they are all up to position `upTo`. */
	#page(entries: readonly Entry[], after: JournalOffset, upTo: bigint): LogPage {
		const messages: string[] = [];
		let last: Entry | undefined;
		let size = 0;
		for (const entry of entries) {
			if (!isAfter(after, entry.seq, entry.op)) continue;
			if (size > 0 && size + entry.text.length > this.#limits.page) return cut(messages, last!);
			messages.push(entry.text);
			size += entry.text.length;
			last = entry;
		}
		const upToDate = upTo >= this.#tail.position();
		return makePage({ messages, offset: endOffset(after, last, upTo, upToDate), upToDate, seq: upTo });
	}

	#encode(rows: readonly JournalRow[]): Entry[] {
		const shown = rows.flatMap((row) => {
			const change = projectChange(row, this.shape);
			return change ? [{ row, change: { ...change, key: shownKey(this.shape, change.key) } }] : [];
		});
		return shown.map(({ row, change }, index) => {
			const last = shown[index + 1]?.row.seq !== row.seq;
			const place = { seq: row.seq, op: row.op + 1, txids: row.txids, last };
			return { seq: row.seq, op: place.op, text: this.#encoder.change(change, place) };
		});
	}

	#trim(): void {
		let cutAt = 0;
		let { length } = this.#entries;
		while (length > this.#limits.entries || (this.#size > this.#limits.size && length > 1)) {
			this.#size -= this.#entries[cutAt++]!.text.length;
			length--;
		}
		if (cutAt === 0) return;
		const { seq, op } = this.#entries[cutAt - 1]!;
		this.#from = { kind: 'journal', seq, op };
		this.#entries = this.#entries.slice(cutAt);
	}
}

const wokenAtOnce = 250;

function wakeSome(waiters: readonly Waiter[], from: number, reason: 'changed' | 'gone'): void {
	const next = from + wokenAtOnce;
	for (const waiter of waiters.slice(from, next)) waiter.wake(reason);
	if (next < waiters.length) setImmediate(wakeSome, waiters, next, reason);
}

const encoders = new WeakMap<readonly [string, string], MessageEncoder>();

/** Shapes of one view share their relation, and so their encoder. */
function encoderOf(relation: readonly [string, string]): MessageEncoder {
	const known = encoders.get(relation) ?? messageEncoder(relation);
	encoders.set(relation, known);
	return known;
}

function cut(messages: readonly string[], { seq, op }: Entry): LogPage {
	return makePage({ messages, offset: { kind: 'journal', seq, op }, upToDate: false, seq });
}

/** Positions that a reader who sees nothing new is moved on by, so that readers keep asking for one URL. */
const stride = 1000n;

/**
 * Where a page ends that holds all up to `upTo`. With messages it is the last of them, the same for every
 * reader whatever passed since. Without, the reader stays, or is moved on in strides, or to the end of
 * what was searched for it in vain.
 */
function endOffset(
	after: JournalOffset,
	last: Entry | undefined,
	upTo: bigint,
	upToDate: boolean
): JournalOffset {
	if (!upToDate) return { kind: 'journal', seq: upTo, op: 0 };
	if (last) return { kind: 'journal', seq: last.seq, op: last.op };
	const moved = (upTo / stride) * stride;
	return moved > after.seq ? { kind: 'journal', seq: moved, op: 0 } : after;
}

/** Whether `a` stands before `b`; op 0 is the end of a batch. */
function isBefore(a: JournalOffset, b: JournalOffset): boolean {
	if (a.seq !== b.seq) return a.seq < b.seq;
	if (a.op === 0) return false;
	return b.op === 0 || a.op < b.op;
}
