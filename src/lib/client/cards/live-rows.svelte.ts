import { setRowKey } from './row-keys.ts';
import { noteLiveChange } from './glow.ts';

export type Row = Record<string, unknown>;
export interface KeyedRow {
	readonly key: string;
	readonly row: Row;
}

/**
 * Rows of one binding with a signal for every field: a change of a field is seen only by what reads
 * that field, and a row that moves stays the same object, so its nodes move with it.
 */
export class LiveRows {
	readonly #byKey = new Map<string, Row>();
	readonly #compare: ((a: Row, b: Row) => number) | undefined;
	readonly #limit: number;
	#shown: readonly Row[] = $state.raw([]);

	/** `rows` in their order; `compare` keeps it when they change. */
	constructor(rows: readonly KeyedRow[], compare: ((a: Row, b: Row) => number) | undefined, limit: number) {
		this.#compare = compare;
		this.#limit = limit;
		for (const { key, row } of rows) this.#byKey.set(key, reactive(key, row));
		this.#shown = [...this.#byKey.values()].slice(0, limit);
	}

	get rows(): readonly Row[] {
		return this.#shown;
	}

	/** Takes the whole state of a shape: rows that are the same stay untouched. */
	replace(rows: readonly KeyedRow[]): void {
		const kept = new Set(rows.map(({ key }) => key));
		for (const key of [...this.#byKey.keys()]) if (!kept.has(key)) this.#byKey.delete(key);
		for (const { key, row } of rows) this.#put(key, row);
		this.#arrange(rows.map(({ key }) => this.#byKey.get(key)!));
	}

	/** Sets the fields that are given; a row that isn't there is added. */
	upsert(key: string, fields: Row): void {
		this.#put(key, fields);
		this.#arrange([...this.#byKey.values()]);
	}

	remove(key: string): void {
		if (this.#byKey.delete(key)) this.#arrange([...this.#byKey.values()]);
	}

	#put(key: string, fields: Row): void {
		const row = this.#byKey.get(key);
		if (!row) {
			noteLiveChange();
			this.#byKey.set(key, reactive(key, fields));
			return;
		}
		for (const [name, value] of Object.entries(fields)) {
			if (same(row[name], value)) continue;
			noteLiveChange();
			row[name] = value;
		}
	}

	#arrange(rows: Row[]): void {
		const ordered = (this.#compare ? rows.sort(this.#compare) : rows).slice(0, this.#limit);
		const unchanged =
			ordered.length === this.#shown.length && ordered.every((row, i) => row === this.#shown[i]);
		if (!unchanged) {
			noteLiveChange();
			this.#shown = ordered;
		}
	}
}

function reactive(key: string, row: Row): Row {
	const proxied = $state({ ...row });
	setRowKey(proxied, key);
	return proxied;
}

/** Values of json columns are compared by what they say. */
function same(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	return JSON.stringify(a) === JSON.stringify(b);
}
