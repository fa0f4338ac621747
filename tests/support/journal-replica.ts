import type { JournalRow } from '#core/views';

type Row = Readonly<Record<string, string | null>>;

/** What a reader of the journal holds; any row that does not follow from what came before is an error. */
export class JournalReplica {
	readonly rows = new Map<string, Row>();
	#seq: bigint | undefined;
	#op = -1;

	constructor(initial: Iterable<readonly [string, Row]> = []) {
		for (const [key, row] of initial) this.rows.set(key, row);
	}

	apply(row: JournalRow): void {
		if (row.seq === this.#seq ? row.op <= this.#op : this.#seq !== undefined && row.seq < this.#seq) {
			throw new Error(`out of order: ${row.seq}_${row.op} after ${this.#seq}_${this.#op}`);
		}
		this.#seq = row.seq;
		this.#op = row.op;
		const held = this.rows.get(row.key);
		const expected = row.operation === 'insert' ? undefined : row.old;
		if (!equal(held, expected)) {
			throw new Error(
				`${row.operation} of ${row.key} at ${row.seq}_${row.op} expects ${JSON.stringify(expected)}, held ${JSON.stringify(held)}`
			);
		}
		if (row.operation === 'delete') this.rows.delete(row.key);
		else this.rows.set(row.key, row.new!);
	}

	/** Sorted by key, for comparisons. */
	contents(): (readonly [string, Row])[] {
		return [...this.rows].sort(([a], [b]) => (a < b ? -1 : 1));
	}
}

function equal(a: Row | null | undefined, b: Row | null | undefined): boolean {
	if (!a || !b) return !a === !b;
	const names = Object.keys(a);
	return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
