import { rowKey } from '#engine/shape';
import type { RowChange, RowText } from '#core/cdc';
import type { JournalledWork, WrittenRow } from './apply-statement.ts';
import type { ViewEntry } from './catalog.ts';

/** What the journal says of a row that came straight from the log. */
export interface DirectRow extends WrittenRow {
	/** In the first row of a view: the batch's transactions for it. */
	readonly txids?: readonly string[];
}

type DirectWork = Extract<JournalledWork, { kind: 'rows' }>;

/**
 * Whether a view's changes can be told from the rows of the log alone: a table's implicit view, whose
 * columns are the table's own, in the same text. Then its function `t_…` would say the same as `directRows`.
 */
export function isDirect(work: JournalledWork): work is DirectWork {
	return work.kind === 'rows' && work.entry.spec.implicit && !work.entry.spec.opaqueKey;
}

/** The journal's rows of a batch, in order. */
export function directRows(work: readonly DirectWork[]): DirectRow[] {
	const rows: DirectRow[] = [];
	for (const { entry, rows: changes, txids } of work) {
		const first = rows.length;
		for (const change of changes) addChange(rows, entry, change);
		if (rows[first]) rows[first] = { ...rows[first], txids: txids.map(String) };
	}
	return rows;
}

function addChange(rows: DirectRow[], { id, spec }: ViewEntry, change: RowChange): void {
	const [before, after] = [pick(spec.columns, change.old), pick(spec.columns, change.new)];
	const add = (operation: WrittenRow['operation'], key: string, old: RowText | null, now: RowText | null) =>
		rows.push({ op: rows.length, view_id: id, operation, key, old, new: now });
	const was = before && keyOf(spec.columns, before);
	const is = after && keyOf(spec.columns, after);
	if (was !== null && was === is) {
		if (differ(before!, after!)) add('u', is, before, after);
		return;
	}
	if (was !== null) add('d', was, before, null);
	if (is !== null) add('i', is, null, after);
}

type Columns = ViewEntry['spec']['columns'];

/** The view's columns of a table's row. */
function pick(columns: Columns, row: RowText | null): RowText | null {
	return row && Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]));
}

function keyOf(columns: Columns, row: RowText): string {
	const parts: (string | null)[] = [];
	for (const { name, keyIndex } of columns) if (keyIndex !== undefined) parts[keyIndex] = row[name]!;
	return rowKey(parts);
}

function differ(one: RowText, other: RowText): boolean {
	return Object.keys(one).some((name) => one[name] !== other[name]);
}
