import { listingLimit, tableId, type KeyTuple, type RowChange, type SourceTransaction } from '#core/cdc';
import type { Catalog, ViewEntry } from './catalog.ts';

/** Keys by table, as a maintenance function takes them; `all` asks for a full difference. */
export type ChangedKeys = Map<string, Map<string, KeyTuple>> | 'all';

/** What a batch of transactions means for one view. */
export type ViewWork =
	| {
			readonly kind: 'keys';
			readonly entry: ViewEntry;
			readonly changed: ChangedKeys;
			readonly txids: readonly bigint[];
	  }
	| {
			readonly kind: 'rows';
			readonly entry: ViewEntry;
			readonly rows: readonly RowChange[];
			readonly txids: readonly bigint[];
	  }
	/** The rows of a read-through view can't be listed: its readers have to fetch it again. */
	| { readonly kind: 'reset'; readonly entry: ViewEntry };

interface Draft {
	readonly txids: bigint[];
	changed: ChangedKeys;
	rows: RowChange[] | undefined;
}

/** The most transaction ids that a batch carries for a view: the latest. */
const txidLimit = 1000;

/** The work of a batch, by view; `transactions` in commit order. Only of views that are ready or gather. */
export function planBatch(catalog: Catalog, transactions: readonly SourceTransaction[]): ViewWork[] {
	const drafts = new Map<ViewEntry, Draft>();
	for (const transaction of transactions) {
		const touched = new Set<Draft>();
		for (const [id, changes] of transaction.tables) {
			for (const entry of catalog.route(id)?.entries ?? []) {
				if (entry.state !== 'ready' && !entry.gathering) continue;
				const draft = drafts.get(entry) ?? { txids: [], changed: new Map(), rows: [] };
				drafts.set(entry, draft);
				touched.add(draft);
				if (entry.spec.kind === 'through') addRows(draft, changes.rows);
				else draft.changed = addKeys(draft.changed, changes.table, changes.keys);
			}
		}
		for (const draft of touched) draft.txids.push(transaction.xid);
	}
	return Array.from(drafts, ([entry, draft]) => finish(entry, draft));
}

/** The tables that the work reads, by id. */
export function sourcesOf(work: readonly ViewWork[]): Set<string> {
	const tables = new Set<string>();
	for (const { kind, entry } of work) if (kind === 'keys' && !entry.gathering) addSources(tables, entry);
	return tables;
}

export function addSources(tables: Set<string>, entry: ViewEntry): void {
	for (const { table } of entry.spec.sources) tables.add(tableId(entry.schema, table));
}

/** The argument of a maintenance function. */
export function changedJson(changed: ChangedKeys): string {
	if (changed === 'all') return '{"*":true}';
	return JSON.stringify(
		Object.fromEntries(Array.from(changed, ([table, keys]) => [table, [...keys.values()]]))
	);
}

function addRows(draft: Draft, rows: readonly RowChange[] | undefined): void {
	if (!rows || (draft.rows && draft.rows.length + rows.length > listingLimit)) draft.rows = undefined;
	else if (draft.rows) for (const row of rows) draft.rows.push(row);
}

function addKeys(
	into: ChangedKeys,
	table: string,
	keys: ReadonlyMap<string, KeyTuple> | undefined
): ChangedKeys {
	if (into === 'all' || !keys) return 'all';
	const known = into.get(table);
	if (!known) into.set(table, new Map(keys));
	else for (const [id, key] of keys) known.set(id, key);
	return into.get(table)!.size > listingLimit ? 'all' : into;
}

function finish(entry: ViewEntry, draft: Draft): ViewWork {
	const txids = draft.txids.slice(-txidLimit);
	if (entry.spec.kind === 'maintained') return { kind: 'keys', entry, changed: draft.changed, txids };
	return draft.rows ? { kind: 'rows', entry, rows: draft.rows, txids } : { kind: 'reset', entry };
}
