import type { Filter, FilterEnv, Route } from '#engine/filter';
import type { JournalOffset, KeyedRow, ShapeSchema, TextRow } from '#engine/shape';
import type { Installation } from '#core/tenancy';
import type { LiveView } from '#core/views';

/** What a reader asks for, with what the reader may be. */
export interface ShapeRequest {
	readonly installation: Installation;
	/** Short hash of the release that the reader is pinned to; absent: the current one. */
	readonly release?: string | undefined;
	readonly view: string;
	readonly roles: ReadonlySet<string>;
	/** The person's id; undefined for an anonymous visitor. */
	readonly principal: string | undefined;
	/** In the filter language, over readable columns. */
	readonly where?: string | undefined;
	/** `1` for `$1`, others for `param('name')`. */
	readonly params?: Readonly<Record<string, string>> | undefined;
	readonly columns?: readonly string[] | undefined;
	readonly replica?: 'default' | 'full' | undefined;
}

/**
 * A view as one reader may see it: filter and columns are decided. Readers whose shapes resolve to the
 * same hash share everything: snapshot, log, encoding.
 */
export interface ResolvedShape {
	/** 24 hex digits over all that decides what the log holds. */
	readonly hash: string;
	readonly request: ShapeRequest;
	readonly installation: Installation;
	readonly view: LiveView;
	/** `[module, view]` */
	readonly relation: readonly [string, string];
	/** Names of the shown columns, in the view's order. */
	readonly columns: readonly string[];
	/** Names of all columns that the reader may read, and so filter and order by. */
	readonly readable: readonly string[];
	/** Of those the key's; empty where the key is opaque. */
	readonly keyColumns: readonly string[];
	/** Whether the journal's key would tell what is not shown: readers see a hash of it. */
	readonly hidesKey: boolean;
	readonly schema: ShapeSchema;
	readonly replica: 'default' | 'full';
	/** What rows must pass, in this order: the access rules, and what the reader asked for. */
	readonly filters: readonly Filter[];
	readonly env: FilterEnv;
	/**
	 * Whether a row (every column of the view, as text) is in the shape. Throws FILTER_FAILS where Postgres
	 * would answer with an error.
	 */
	includes(row: TextRow): boolean;
	/** Values of which every row of the shape has one set: what the index of filters is keyed by. */
	readonly routes: readonly Route[] | undefined;
	/** Whether an anonymous visitor would be given the very same shape. */
	readonly isPublic: boolean;
}

/** Rows of a shape for a page that is rendered on the server, and where its reader goes on from. */
export interface ShapeRows {
	/** In the order asked for; at most `rowCap`. */
	readonly rows: readonly KeyedRow[];
	/** Of the shape under `replica=full`, which is what pages subscribe to. */
	readonly handle: string;
	readonly offset: string;
	readonly schema: ShapeSchema;
	/** Whether `rows` is the whole shape; otherwise the first rows in that order. */
	readonly complete: boolean;
}

export interface ReadOptions {
	/** Terms such as `opened_at desc`. */
	readonly order?: readonly string[];
	/** How many rows the page shows. More are given (all, or `rowCap`), so that others can move up. */
	readonly limit?: number;
}

/** Some rows of a shape, as of a position. */
export interface Subset {
	readonly position: bigint;
	/** The protocol's answer. */
	readonly body: Buffer;
}

/** A piece of a shape's log in the journal. Made once, then shared by every reader at that place. */
export interface LogPage {
	/** Messages as JSON text, without the closing up-to-date. */
	readonly messages: readonly string[];
	/** After the last message, or after the last batch looked at. */
	readonly offset: JournalOffset;
	/** Nothing more is there: the reader has all up to batch `seq`. */
	readonly upToDate: boolean;
	readonly seq: bigint;
	/** The answer's body: a JSON array, with the up-to-date message where it holds. */
	json(): Buffer;
	/** The same as server-sent events. */
	events(): Buffer;
}

/** The log cannot be read on from there: the journal was cut, or the view rebuilt. */
export type Gone = 'gone';

/** Someone who waits for a shape to change. */
export interface Waiter {
	/** Called once per change; `gone` ends the shape. May be called again, also after it has left. */
	wake(reason: 'changed' | 'gone'): void;
}
