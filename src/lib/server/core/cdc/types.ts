import type { Lsn } from '#platform/wal';

/** A 64-bit transaction id, as `pg_current_xact_id()` gives it. */
export type Xid = bigint;

/** What a consumer wants to know of a table. */
export interface Interest {
	/** Columns of the primary key, in its order. */
	readonly key: readonly string[];
	/** Whole rows, old and new: needs REPLICA IDENTITY FULL. Otherwise only keys are kept. */
	readonly rows: boolean;
}

/** The text of a row's key columns, in the order of `Interest.key`. */
export type KeyTuple = readonly string[];

/** Columns by name, as text. */
export type RowText = Readonly<Record<string, string | null>>;

export interface RowChange {
	readonly old: RowText | null;
	readonly new: RowText | null;
}

/** What one transaction did to one table. */
export interface TableChanges {
	readonly schema: string;
	readonly table: string;
	/** Every key touched, a changed one with its old and its new value; undefined: too many to list. */
	readonly keys: ReadonlyMap<string, KeyTuple> | undefined;
	/** In order; undefined: not asked for, too many, truncated, or not all were whole. */
	readonly rows: readonly RowChange[] | undefined;
	/** Stops listing keys and rows: `keys` and `rows` are undefined from now on. */
	collapse(): void;
}

/** A committed transaction of somebody else than the maintainer. */
export interface SourceTransaction {
	readonly xid: Xid;
	readonly commitLsn: Lsn;
	readonly endLsn: Lsn;
	/** By `schema.table`; only tables of interest. Empty where nothing of interest changed. */
	readonly tables: ReadonlyMap<string, TableChanges>;
}
