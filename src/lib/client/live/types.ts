import type { KeyedRow, OrderTerm, ShapeSchema, ValueRow } from '#engine/shape';

/** What a page binds to. */
export interface LiveShape {
	/** `org/project` */
	readonly project: string;
	/** `module.view` */
	readonly table: string;
	/** Short hash of the release that the page is of. */
	readonly release?: string | undefined;
	/** In the filter language. */
	readonly where?: string | undefined;
	/** `1` for `$1`, others for `param('name')`. */
	readonly params?: Readonly<Record<string, string>> | undefined;
	readonly columns?: readonly string[] | undefined;
}

/** Where the server's rendering left off. */
export interface ShapeStart {
	readonly handle: string;
	readonly offset: string;
	readonly rows: readonly KeyedRow[];
	/** Given where the rows are not the whole shape but its first ones. */
	readonly window?: ShapeWindow;
}

/** The first rows of a shape that is too large to be held. */
export interface ShapeWindow {
	readonly order: readonly OrderTerm[];
	readonly schema: ShapeSchema;
	/** Rows that are shown. More are held, so that others can move up. */
	readonly limit: number;
}

export interface ShapeChange {
	readonly operation: 'insert' | 'update' | 'delete';
	readonly key: string;
	/** The whole row; of a delete, what it was. */
	readonly value: ValueRow;
	/** Of an update: what the changed columns held before. */
	readonly old?: ValueRow;
	/** Position of the journal. */
	readonly seq: bigint;
}

/** `refused`: the server does not give this shape (any more); `problem` says why. */
export type ShapeStatus = 'catching-up' | 'live' | 'offline' | 'refused';

export interface ShapeProblem {
	/** HTTP status: 400, 401, 403 … */
	readonly status: number;
	readonly message: string;
}

export interface ShapeListener {
	/** Whole transactions, in order. */
	onChange(changes: readonly ShapeChange[]): void;
	/** The shape begins anew with these rows, all of them. */
	onReset(rows: readonly KeyedRow[]): void;
	onStatus?(status: ShapeStatus, problem?: ShapeProblem): void;
}
