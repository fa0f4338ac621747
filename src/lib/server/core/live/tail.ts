import type { Logger } from '#kernel';
import { isCut, type JournalRow, type Views } from '#core/views';

export interface TailLimits {
	/** Rows kept in memory. */
	readonly rows: number;
	/** Their size in characters of values, roughly. */
	readonly size: number;
	/** Rows asked for at once. */
	readonly page: number;
}

export const tailLimits: TailLimits = { rows: 50_000, size: 32 * 1024 * 1024, page: 5_000 };

export interface Tail {
	/** Everything up to here has been read and given to the listeners. */
	position(): bigint;
	/** The rows after this position are in memory. */
	floor(): bigint;
	/** Changes of a view in batches after `after`, which is not below the floor. In order. */
	recent(view: number, after: bigint): readonly JournalRow[];
	/** The same out of the database, up to the tail's position; whole batches, about `limit` rows. */
	history(view: number, after: bigint, limit: number): Promise<{ rows: JournalRow[]; upTo: bigint }>;
	/** Resolves once the position is at least `seq`; false after the time. */
	reached(seq: bigint, timeoutMs: number): Promise<boolean>;
	close(): void;
}

/**
 * Rows of whole batches, and the position up to which they are all. Called before `position()` moves; also
 * without rows, as views may have been rebuilt.
 */
export type TailListener = (rows: readonly JournalRow[], position: bigint) => void;

type Source = Pick<Views, 'position' | 'onAdvance' | 'journal'>;

/**
 * Follows the journal and keeps its end in memory, so that readers who are up to date cost no query. The
 * listener is called with every row once, in order, also with none where the position moved alone. Only
 * where the journal was cut beyond this node's place are rows left out, and `onCut` is called.
 */
export function openTail(
	views: Source,
	listener: TailListener,
	log: Logger,
	limits: TailLimits = tailLimits,
	onCut: () => void = () => {}
): Tail {
	let position = views.position().seq;
	let floor = position;
	let wanted = position;
	let reading = false;
	let closed = false;
	let retry: NodeJS.Timeout | undefined;
	let rows: JournalRow[] = [];
	let size = 0;
	const byView = new Map<number, JournalRow[]>();
	const waiting = new Set<{ seq: bigint; resolve: (reached: boolean) => void }>();

	async function readOn(): Promise<void> {
		if (reading || closed) return;
		reading = true;
		try {
			while (position < wanted && !closed) {
				const target = wanted;
				const batch = await wholeBatches(views, position, limits.page);
				if (closed) return;
				keep(batch.rows);
				const upTo = endOf(batch, target);
				listener(batch.rows, upTo);
				position = upTo;
				for (const waiter of waiting) if (position >= waiter.seq) waiter.resolve(true);
			}
		} catch (error) {
			if (closed) return;
			if (isCut(error)) return skip();
			log.warn('the journal cannot be read, trying again', { error });
			retry = setTimeout(() => void readOn(), 250);
		} finally {
			reading = false;
		}
	}

	/** The journal does not reach back to where this node stands: it goes on at the end. */
	function skip(): void {
		rows = [];
		size = 0;
		byView.clear();
		position = wanted;
		floor = wanted;
		onCut();
	}

	function keep(more: readonly JournalRow[]): void {
		for (const row of more) {
			rows.push(row);
			size += sizeOf(row);
			const same = byView.get(row.view);
			if (same) same.push(row);
			else byView.set(row.view, [row]);
		}
		if (rows.length > limits.rows || size > limits.size) forget();
	}

	/** Cuts the older part away, at the end of a batch. */
	function forget(): void {
		let from = 0;
		while (from < rows.length && (rows.length - from > limits.rows * 0.75 || size > limits.size * 0.75)) {
			floor = rows[from]!.seq;
			for (; from < rows.length && rows[from]!.seq === floor; from++) size -= sizeOf(rows[from]!);
		}
		rows = rows.slice(from);
		for (const [view, kept] of byView) {
			const rest = kept.slice(firstAfter(kept, floor));
			if (rest.length === 0) byView.delete(view);
			else byView.set(view, rest);
		}
	}

	const unsubscribe = views.onAdvance(({ seq }) => {
		if (seq > wanted) wanted = seq;
		else if (!reading && wanted === position) listener([], position);
		void readOn();
	});
	// What advanced between the two lines above is not missed.
	wanted = views.position().seq;
	void readOn();

	return {
		position: () => position,
		floor: () => floor,
		recent(view, after) {
			const kept = byView.get(view);
			return kept ? kept.slice(firstAfter(kept, after)) : [];
		},
		async history(view, after, limit) {
			const upTo = position;
			const batch = await wholeBatches(views, after, limit, view);
			const found = batch.rows.filter((row) => row.view === view && row.seq <= upTo);
			const last = batch.rows.at(-1)?.seq ?? upTo;
			return { rows: found, upTo: batch.complete || last > upTo ? upTo : last };
		},
		reached(seq, timeoutMs) {
			if (position >= seq) return Promise.resolve(true);
			return new Promise((resolve) => {
				const waiter = { seq, resolve: done };
				const timer = setTimeout(() => done(false), timeoutMs);
				waiting.add(waiter);
				function done(reached: boolean) {
					clearTimeout(timer);
					waiting.delete(waiter);
					resolve(reached);
				}
			});
		},
		close() {
			closed = true;
			clearTimeout(retry);
			unsubscribe();
			for (const waiter of waiting) waiter.resolve(false);
		}
	};
}

interface Batches {
	readonly rows: readonly JournalRow[];
	/** Whether there was nothing more. */
	readonly complete: boolean;
}

/** A page of the journal, which never ends inside a batch: a position cannot name a place in one. */
async function wholeBatches(views: Source, after: bigint, limit: number, view?: number): Promise<Batches> {
	const rows = await views.journal({ seq: after }, limit, view);
	return { rows, complete: rows.length < limit };
}

/** Where the tail stands after a page: its last batch, and the target where there was nothing more. */
function endOf({ rows, complete }: Batches, target: bigint): bigint {
	const last = rows.at(-1)?.seq ?? 0n;
	return complete && target > last ? target : last;
}

/** Index of the first row of a batch after `seq`. */
function firstAfter(rows: readonly JournalRow[], seq: bigint): number {
	let [low, high] = [0, rows.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (rows[middle]!.seq <= seq) low = middle + 1;
		else high = middle;
	}
	return low;
}

function sizeOf(row: JournalRow): number {
	return 100 + row.key.length + recordSize(row.old) + recordSize(row.new);
}

function recordSize(record: Readonly<Record<string, string | null>> | null): number {
	let size = 0;
	if (record) for (const name in record) size += 16 + (record[name]?.length ?? 0);
	return size;
}
