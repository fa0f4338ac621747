import { compareRows, type KeyedRow } from '#engine/shape';
import type { ShapeChange, ShapeWindow } from './types.ts';

/** Rows that are asked for at once. */
export const windowSize = 1_000;

/**
 * The rows of a shape up to a boundary in its order, all of them; what lies beyond is not known. Kept up by
 * the shape's changes.
 */
export class WindowRows {
	readonly #compare: (a: KeyedRow, b: KeyedRow) => number;
	readonly #limit: number;
	#rows = new Map<string, KeyedRow>();
	/** The last row that is known to have all others before it here; undefined: the shape ends here. */
	#boundary: KeyedRow | undefined;
	/** Changes up to this position are in the rows. */
	#seq = 0n;

	constructor({ order, schema, limit }: ShapeWindow) {
		this.#compare = compareRows(order, schema);
		this.#limit = limit;
	}

	/** The first rows as of a position, in order; `complete`: there are no others. */
	begin(rows: readonly KeyedRow[], complete: boolean, seq: bigint): void {
		this.#rows = new Map(rows.map((row) => [row.key, row]));
		this.#boundary = complete ? undefined : rows.at(-1);
		this.#seq = seq;
	}

	/** The changes as the window sees them. */
	apply(changes: readonly ShapeChange[]): ShapeChange[] {
		const seen = changes.filter(({ seq }) => seq > this.#seq).flatMap((change) => this.#applyOne(change));
		return this.#rows.size > 2 * windowSize ? [...seen, ...this.#cut()] : seen;
	}

	/** Whether more rows are needed, soon, to show as many as there are. */
	get isShort(): boolean {
		const spare = Math.min(100, Math.floor((windowSize - this.#limit) / 2));
		return this.#boundary !== undefined && this.#rows.size < this.#limit + Math.max(spare, 0);
	}

	get rows(): readonly KeyedRow[] {
		return [...this.#rows.values()].sort(this.#compare);
	}

	#applyOne(change: ShapeChange): ShapeChange[] {
		const { key, value, operation } = change;
		const held = this.#rows.has(key);
		if (operation === 'delete' || !this.#isWithin({ key, value })) {
			this.#rows.delete(key);
			return held ? [{ ...change, operation: 'delete' }] : [];
		}
		this.#rows.set(key, { key, value });
		return [held ? change : { ...change, operation: 'insert' }];
	}

	#isWithin(row: KeyedRow): boolean {
		return this.#boundary === undefined || this.#compare(row, this.#boundary) <= 0;
	}

	/** Lets go of the rows at the end, so that a shape that grows does not grow here. */
	#cut(): ShapeChange[] {
		const sorted = this.rows;
		const rest = sorted.slice(windowSize);
		this.begin(sorted.slice(0, windowSize), false, this.#seq);
		return rest.map(({ key, value }) => ({ operation: 'delete', key, value, seq: this.#seq }));
	}
}
