import { FetchError } from '@electric-sql/client';
import { collationOf, type KeyedRow, type OrderTerm, type ShapeSchema, type ValueRow } from '#engine/shape';
import { quoteName, type LiveStream } from './open-stream.ts';
import type { ShapeChange, ShapeListener, ShapeStart, ShapeWindow } from './types.ts';
import { WindowRows, windowSize } from './window-rows.ts';

const retryMs = { first: 250, most: 10_000 };

/**
 * Follows the first rows of a large shape: its changes keep them up, and where too many have left, the next
 * ones are asked for. The stream's messages go to `listener`, what becomes of them to the page's.
 */
export function followWindow(
	stream: LiveStream,
	start: ShapeStart,
	window: ShapeWindow,
	page: ShapeListener
): { readonly listener: ShapeListener; close(): void } {
	const held = new WindowRows(window);
	const begun = BigInt(start.offset.split('_')[0]!);
	held.begin(start.rows, false, begun);
	/** Changes that came while rows were asked for. */
	let later: ShapeChange[] | undefined;
	/** Changes up to here have come. */
	let seen = begun;
	/** The server does not give the next rows: those that are here must do. */
	let refused = false;
	let closed = false;
	let timer: ReturnType<typeof setTimeout> | undefined;

	function take(changes: readonly ShapeChange[]): void {
		for (const { seq } of changes) if (seq > seen) seen = seq;
		if (later) return void later.push(...changes);
		tell(changes);
		if (held.isShort && !refused) refill();
	}

	function tell(changes: readonly ShapeChange[]): void {
		const told = held.apply(changes);
		if (told.length > 0) page.onChange(told);
	}

	function refill(delay = 0): void {
		later ??= [];
		clearTimeout(timer);
		timer = setTimeout(() => void ask(delay), delay);
	}

	async function ask(delay: number): Promise<void> {
		try {
			const { metadata, data } = await stream.fetchSnapshot({
				orderBy: orderText(window.order, window.schema),
				limit: windowSize
			});
			if (closed) return;
			const seq = BigInt(metadata.database_lsn);
			// A node may be behind the one that sent the changes.
			if (seq < seen) return refill(retryMs.first);
			const rows = data.map(({ key, value }): KeyedRow => ({ key, value: value as ValueRow }));
			held.begin(rows, rows.length < windowSize, seq);
			held.apply(later ?? []);
			later = undefined;
			page.onReset(held.rows);
		} catch (error) {
			if (closed) return;
			refused = error instanceof FetchError && error.status < 500;
			if (!refused) return refill(Math.min(delay * 2 || retryMs.first, retryMs.most));
			const changes = later ?? [];
			later = undefined;
			tell(changes);
		}
	}

	return {
		listener: {
			onChange: take,
			// The shape begins anew, and so do its first rows and its positions.
			onReset() {
				seen = 0n;
				refused = false;
				refill();
			},
			...(page.onStatus ? { onStatus: (...told) => page.onStatus!(...told) } : {})
		},
		close() {
			closed = true;
			clearTimeout(timer);
		}
	};
}

/** The order in the words of the protocol, with text as the page orders it. */
function orderText(order: readonly OrderTerm[], schema: ShapeSchema): string {
	if (order.length === 0) return 'key()';
	const terms = order.map((term) => {
		const collation = collationOf(schema[term.column]);
		const collate = collation === undefined ? '' : ` COLLATE ${quoteName(collation)}`;
		const direction = term.descending ? 'DESC' : 'ASC';
		return `${quoteName(term.column)}${collate} ${direction} NULLS ${term.nullsFirst ? 'FIRST' : 'LAST'}`;
	});
	return terms.join(', ');
}
