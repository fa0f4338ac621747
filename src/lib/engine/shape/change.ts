import type { ShapeChange } from './messages.ts';
import type { TextRow } from './values.ts';

/** A change of a view, before a shape's filter and columns are applied. */
export interface ViewChange {
	readonly operation: 'insert' | 'update' | 'delete';
	readonly key: string;
	readonly old: TextRow | null;
	readonly new: TextRow | null;
}

/** What of a view a shape shows. */
export interface Projection {
	/** In order; undefined rows are never shown. */
	readonly columns: readonly string[];
	/** Of those, the key's; empty where the key is opaque. */
	readonly keyColumns: readonly string[];
	readonly replica: 'default' | 'full';
	/** Whether a row passes the shape's filter. */
	readonly includes: (row: TextRow) => boolean;
}

/**
 * The change as a reader of the shape must see it; undefined where it sees none. Moving into the filter
 * is an insert, moving out a delete. An update that changes no shown column is none.
 */
export function projectChange(change: ViewChange, shape: Projection): ShapeChange | undefined {
	const was = change.old !== null && shape.includes(change.old);
	const is = change.new !== null && shape.includes(change.new);
	if (was && is) return update(change.key, change.old!, change.new!, shape);
	if (is) return { operation: 'insert', key: change.key, value: pick(change.new!, shape.columns) };
	if (was) return { operation: 'delete', key: change.key, value: deleted(change.old!, shape) };
	return undefined;
}

function update(key: string, before: TextRow, after: TextRow, shape: Projection): ShapeChange | undefined {
	const changed = shape.columns.filter((name) => before[name] !== after[name]);
	if (changed.length === 0) return undefined;
	if (shape.replica === 'full') {
		const value = pick(after, shape.columns);
		return { operation: 'update', key, value, oldValue: pick(before, changed) };
	}
	// A reader may find its row by the key's columns; where there are none it gets the whole row.
	const shown = shape.keyColumns.length === 0 ? shape.columns : [...shape.keyColumns, ...changed];
	return { operation: 'update', key, value: pick(after, shown) };
}

function deleted(row: TextRow, shape: Projection): TextRow {
	const whole = shape.replica === 'full' || shape.keyColumns.length === 0;
	return pick(row, whole ? shape.columns : shape.keyColumns);
}

export function pick(row: TextRow, columns: readonly string[]): TextRow {
	const picked: Record<string, string | null> = {};
	for (const name of columns) picked[name] = row[name] ?? null;
	return picked;
}
