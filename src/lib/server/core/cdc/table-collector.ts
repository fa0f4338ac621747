import type { Delete, Insert, OldTuple, Relation, Tuple, Update } from '#platform/wal';
import type { Interest, KeyTuple, RowChange, RowText, TableChanges } from './types.ts';

/** Past so many keys or rows of one table in a transaction they are no longer listed (rule 8). */
export const listingLimit = 10_000;

/** Gathers what one transaction does to one table, in bounded memory. */
export class TableCollector implements TableChanges {
	readonly schema: string;
	readonly table: string;
	keys: Map<string, KeyTuple> | undefined = new Map();
	rows: RowChange[] | undefined;
	readonly #interest: Interest;

	constructor(relation: Relation, interest: Interest) {
		this.schema = relation.schema;
		this.table = relation.name;
		this.rows = interest.rows ? [] : undefined;
		this.#interest = interest;
	}

	add(change: Insert | Update | Delete): void {
		switch (change.kind) {
			case 'insert':
				this.#addKey(change.relation, change.new);
				this.#addRow(null, toRow(change.relation, change.new));
				return;
			case 'update':
				if (change.old) this.#addKey(change.relation, change.old.values);
				this.#addKey(change.relation, change.new, change.old?.values);
				this.#addRow(
					wholeRow(change.relation, change.old),
					toRow(change.relation, change.new, change.old?.values)
				);
				return;
			case 'delete':
				this.#addKey(change.relation, change.old.values);
				this.#addRow(wholeRow(change.relation, change.old), null);
		}
	}

	collapse(): void {
		this.keys = undefined;
		this.rows = undefined;
	}

	#addKey(relation: Relation, tuple: Tuple, before?: Tuple): void {
		if (!this.keys) return;
		const key = keyOf(relation, this.#interest.key, tuple, before);
		if (key) this.keys.set(key.length === 1 ? key[0]! : JSON.stringify(key), key);
		if (!key || this.keys.size > listingLimit) this.keys = undefined;
	}

	/** `undefined` stands for a row that is not known whole. */
	#addRow(before: RowText | null | undefined, after: RowText | null | undefined): void {
		if (!this.rows) return;
		if (before === undefined || after === undefined || this.rows.length >= listingLimit)
			this.rows = undefined;
		else this.rows.push({ old: before, new: after });
	}
}

/** The key of a row; undefined where a part of it was not sent. */
function keyOf(
	relation: Relation,
	columns: readonly string[],
	tuple: Tuple,
	before?: Tuple
): KeyTuple | undefined {
	const key: string[] = [];
	for (const name of columns) {
		const index = relation.columns.findIndex((column) => column.name === name);
		const value = tuple[index] ?? before?.[index];
		if (value === undefined || value === null) return undefined;
		key.push(value);
	}
	return key;
}

function wholeRow(relation: Relation, old: OldTuple | undefined): RowText | undefined {
	return old?.whole ? toRow(relation, old.values) : undefined;
}

/** Unchanged TOAST is taken from the row before; undefined where that is not known. */
function toRow(relation: Relation, tuple: Tuple, before?: Tuple): RowText | undefined {
	const row: Record<string, string | null> = {};
	for (let i = 0; i < relation.columns.length; i++) {
		const value = tuple[i] === undefined ? before?.[i] : tuple[i];
		if (value === undefined) return undefined;
		row[relation.columns[i]!.name] = value;
	}
	return row;
}
