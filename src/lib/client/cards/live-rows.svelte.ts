import type { KeyedRow } from '#engine/shape';
import { noteLiveChange } from './glow.ts';
import { onServer } from './on-server.ts';
import { setRowKey } from './row-keys.ts';

export type Row = Record<string, unknown>;
export type RowChange =
	| { readonly operation: 'insert' | 'update'; readonly key: string; readonly value: Readonly<Row> }
	| { readonly operation: 'delete'; readonly key: string };

interface Entry {
	readonly key: string;
	readonly value: Row;
}

/**
 * Rows of one binding with a signal for every field: a change of a field is seen only by what reads
 * that field, and a row that moves stays the same object, so its nodes move with it.
 */
export class LiveRows {
	#compare: ((a: KeyedRow, b: KeyedRow) => number) | undefined;
	#limit: number;
	readonly #entries = new Map<string, Entry>();
	#shown: readonly Row[] = $state.raw([]);

	/** `rows` in their order; `compare` keeps it when they change. At most `limit` are shown. */
	constructor(
		rows: readonly KeyedRow[],
		compare: ((a: KeyedRow, b: KeyedRow) => number) | undefined,
		limit: number
	) {
		this.#compare = compare;
		this.#limit = limit;
		// On the server they are taken as they are.
		if (onServer) {
			this.#shown = rows.slice(0, limit).map(({ value }) => value as Row);
			return;
		}
		for (const { key, value } of rows) this.#entries.set(key, entry(key, value));
		this.#shown = [...this.#entries.values()].slice(0, limit).map(({ value }) => value);
	}

	get rows(): readonly Row[] {
		return this.#shown;
	}

	/** Another order or limit, as a new release may have it. */
	arrange(compare: ((a: KeyedRow, b: KeyedRow) => number) | undefined, limit: number): void {
		this.#compare = compare;
		this.#limit = limit;
		this.#show();
	}

	/** Takes the whole state of a shape: rows that are the same stay untouched. */
	replace(rows: readonly KeyedRow[]): void {
		const kept = new Set(rows.map(({ key }) => key));
		for (const key of [...this.#entries.keys()]) if (!kept.has(key)) this.#entries.delete(key);
		for (const { key, value } of rows) this.#put(key, value);
		if (this.#compare) return this.#show();
		const entries = rows.map(({ key }) => this.#entries.get(key)!);
		this.#entries.clear();
		for (const one of entries) this.#entries.set(one.key, one);
		this.#show();
	}

	/** Applies changes together; an update may hold some of the fields only. */
	apply(changes: readonly RowChange[]): void {
		for (const change of changes) {
			if (change.operation === 'delete') this.#entries.delete(change.key);
			else this.#put(change.key, change.value);
		}
		this.#show();
	}

	#put(key: string, fields: Readonly<Row>): void {
		const found = this.#entries.get(key);
		if (!found) {
			noteLiveChange();
			this.#entries.set(key, entry(key, fields));
			return;
		}
		for (const [name, value] of Object.entries(fields)) {
			if (same(found.value[name], value)) continue;
			noteLiveChange();
			found.value[name] = value;
		}
	}

	#show(): void {
		const entries = [...this.#entries.values()];
		if (this.#compare) entries.sort(this.#compare as (a: Entry, b: Entry) => number);
		const shown = entries.slice(0, this.#limit).map(({ value }) => value);
		const unchanged = shown.length === this.#shown.length && shown.every((row, i) => row === this.#shown[i]);
		if (unchanged) return;
		noteLiveChange();
		this.#shown = shown;
	}
}

function entry(key: string, row: Readonly<Row>): Entry {
	const value = $state({ ...row });
	setRowKey(value, key);
	return { key, value };
}

/** Values of json columns are compared by what they say. */
function same(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	return JSON.stringify(a) === JSON.stringify(b);
}
