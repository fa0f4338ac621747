/** A view after planning: everything that the server needs to build, keep and serve it. Plain JSON. */

export interface ViewColumn {
	readonly name: string;
	/** As `format_type` prints it without brackets or modifiers: `uuid`, `text`, `bigint`, `numeric` … */
	readonly type: string;
	/** Dimensions of an array, 0 for a scalar. */
	readonly dims: number;
	readonly notNull: boolean;
	/** Position in the row key where the column is part of it. */
	readonly keyIndex?: number;
}

/** A table that a view reads, with its primary key's columns. */
export interface ViewSource {
	readonly table: string;
	readonly key: readonly string[];
}

/**
 * `through`: journal rows are made of WAL rows of one table, nothing is stored.
 * `maintained`: a table of state in the sister schema, kept by a function.
 */
export type ViewKind = 'through' | 'maintained';

export interface ViewSpec {
	/** The file's name without `.sql`, or the table's for an implicit view. */
	readonly name: string;
	readonly implicit: boolean;
	readonly kind: ViewKind;
	/** Hash of the definition and all it depends on: equal hashes share one state. Hex, 16 digits. */
	readonly hash: string;
	/** The SELECT as the author wrote it. */
	readonly sql: string;
	readonly columns: readonly ViewColumn[];
	/**
	 * Whether the row key is made of readable columns (`keyIndex`); otherwise the key is opaque and
	 * stands in no column.
	 */
	readonly opaqueKey: boolean;
	/** Every table that it depends on, also by the stages that it reads. */
	readonly sources: readonly ViewSource[];
	readonly program: ViewProgram;
	/** A part of other views: it has no readers of its own, and its differences go into no journal. */
	readonly hidden?: boolean;
	/** Hashes of the stages (hidden ones and views) that it reads itself. Their differences are handed to it. */
	readonly reads?: readonly string[];
	/**
	 * All stages below it, each after those that it reads: they have to be kept for it to be kept, and are
	 * shared by hash. None of them repeats its own.
	 */
	readonly stages?: readonly ViewSpec[];
}

/**
 * SQL made for one installation's schemas. In every statement `{data}` stands for the quoted schema of
 * tables, `{state}` for the quoted sister schema (`renderProgram` fills them in). All of it runs as the
 * installation's own role, never as a privileged one (rule 30 of the data rules); the functions are
 * SECURITY DEFINER with `search_path = ''`, carry the output settings of the shape protocol themselves,
 * and EXECUTE on them is revoked from PUBLIC: grant it to the maintainer after `create`.
 *
 * A maintained view has `{state}.m_<hash>`:
 *   `(changed jsonb) RETURNS TABLE (op int, operation text, key text, old jsonb, new jsonb, own jsonb)`
 * `changed` maps a source table to an array of key tuples as text: `{"tickets": [["0192…"], …]}`, parts in
 * the order of `ViewSource.key`; a key that changed is there with its old and its new value; doubles do no
 * harm, nor do tables that the view does not read. `{"*": true}` asks for a full difference;
 * `{"*": "quiet"}` for the same without returning rows (a first build). It brings the state up to date for
 * those keys inside the caller's snapshot and returns the exact difference of visible rows, each key at
 * most once; `operation` is insert, update or delete; `old` and `new` hold every column as text (null for
 * NULL), as Postgres's output functions print them (`t` and `f` for booleans): what a text-format
 * connection or pgoutput would deliver. `op` counts from 0.
 *
 * A view that reads stages takes their differences beside the keys of tables, under `@<hash>`: an array of
 * `[own, old, new]` as their functions returned them. `own` is asked for by `{"+": true}` (a hidden stage
 * always gives it, and no `key`). A stage's function runs before those that read the stage, in the same transaction.
 *
 * A through view has `{state}.t_<hash>`:
 *   `(rows jsonb) RETURNS TABLE (op int, operation text, key text, old jsonb, new jsonb)`
 * `rows` is an array of `{"old": {...}|null, "new": {...}|null}` of the source's columns as text, in the
 * order of the log; it returns what each of them changes, in that order. A changed key gives a delete and
 * an insert.
 *
 * `key` is what follows `"module"."view"/` in the protocol's row key: parts in double quotes with `/` in a
 * value doubled, NULL as a bare `_`, joined by `/`: `"0192…"/_/"a//b"`. Of an opaque key it is one part,
 * a hash salted per installation.
 */
export interface ViewProgram {
	/** Makes state tables and functions, in order. */
	readonly create: readonly string[];
	/** Removes them. */
	readonly drop: readonly string[];
	/**
	 * Source tables whose keys, given to `m_<hash>` range by range and table by table, make every row of a
	 * new view at a cost that grows with the ranges alone. Absent: it is filled in one piece.
	 */
	readonly ranges?: readonly string[];
	/**
	 * SELECT of the visible rows: `_key text` first, then every column under its own name and type (in the
	 * order of `columns`); without ORDER BY. Reads `{state}` for a maintained view, `{data}` for a through
	 * view (and `{state}`, where its key is opaque).
	 */
	readonly read: string;
}
