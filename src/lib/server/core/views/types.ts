import type { Client } from '#platform/postgres';
import type { Installation, Place } from '#core/tenancy';
import type { ViewSpec } from '#engine/view';

/** A view of one installation as the maintainer knows it (a row of loam.view). */
export interface LiveView {
	/** loam.view.id: what journal rows name. */
	readonly id: number;
	readonly spec: ViewSpec;
	readonly schema: string;
	readonly stateSchema: string;
	/** Raised by a rebuild: old handles end. */
	readonly generation: number;
}

/** A place in the journal. Every offset, `lsn` and `global_last_seen_lsn` is one of these (rule 15). */
export interface Position {
	readonly seq: bigint;
}

/** How far a view is that is being filled (a row of loam.view_build). */
export interface BuildProgress {
	readonly view: number;
	readonly installation: string;
	readonly name: string;
	readonly phase: 'filling' | 'catching up';
	/** Of the rows that it is filled by; 0 until the end where it is filled in one piece. */
	readonly rowsDone: number;
	/** As Postgres's planner believes. */
	readonly rowsEstimated: number;
	/** It is read meanwhile as it was. */
	readonly renew: boolean;
	readonly startedAt: Date;
	readonly updatedAt: Date;
}

/** A view of an installation, or a part of one, as it stands. */
export interface ViewStatus {
	readonly hash: string;
	readonly name: string;
	readonly state: 'building' | 'ready' | 'failed';
	/** Why it failed. */
	readonly error: string | undefined;
	readonly createdAt: Date;
	/** Of its state on disk, indexes included; 0 where it is read through. */
	readonly bytes: number;
	/** As Postgres counts what is written, some seconds late; undefined: it knows of none. */
	readonly rows: number | undefined;
	/** Where it is being filled beside the others. */
	readonly build: Pick<BuildProgress, 'phase' | 'rowsDone' | 'rowsEstimated'> | undefined;
	/** Undefined where nothing changed since it is known. */
	readonly activity:
		| {
				/** In the last minute, to some seconds. */
				readonly batches: number;
				/** Rows of its tables that changed. */
				readonly changes: number;
				/** Its own rows that changed for them. */
				readonly rows: number;
				readonly lastAt: Date;
				/** How long the last batch was under way, from its oldest change's arrival into the views. */
				readonly lastMs: number;
		  }
		| undefined;
}

/** How far all views are behind what was written. */
export interface Lag {
	/** Of the write-ahead log. */
	readonly bytes: number;
	/** Since the oldest change was received that is not in the views. */
	readonly ms: number;
}

/** What administrators are told of views. */
export interface ViewsStatus {
	status(installation: Pick<Installation, 'id'>): Promise<ViewStatus[]>;
	/** Undefined: no node maintains the views. */
	lag(): Promise<Lag | undefined>;
}

/** One row of loam.journal. */
export interface JournalRow {
	/** Number of the batch, from the position row. */
	readonly seq: bigint;
	/** Within the batch, from 0. */
	readonly op: number;
	readonly view: number;
	readonly operation: 'insert' | 'update' | 'delete';
	/** Row key without the relation: parts joined by `/`, escaped as the protocol says. */
	readonly key: string;
	readonly old: Readonly<Record<string, string | null>> | null;
	readonly new: Readonly<Record<string, string | null>> | null;
	/** Source transactions of the batch that touched the view, 64 bit; past 1,000 the latest. */
	readonly txids: readonly bigint[];
}

export interface Views {
	/**
	 * Puts the tables into the publication and builds the views that are not there yet; resolves when all
	 * are ready to read. Idempotent, by hash. Throws VIEW_FAILED, TABLE_BUSY, TABLE_UNKNOWN.
	 */
	ensure(place: Place, tables: readonly TableRef[], views: readonly ViewSpec[]): Promise<void>;
	/** Drops the views of an installation whose hashes no release needs any more. */
	retain(place: Place, hashes: ReadonlySet<string>): Promise<void>;
	/** The view of that hash, if it is ready. */
	find(installation: Pick<Installation, 'id'>, hash: string): LiveView | undefined;
	/** The last position that is durable. */
	position(): Position;
	/**
	 * Called after every advance of the position, also when no row was written; and where it stands, when
	 * views were built, rebuilt or dropped. Returns the unsubscribe.
	 */
	onAdvance(listener: (position: Position) => void): () => void;
	/**
	 * Journal rows after `seq`, in order; of one view (its id) where it is given. About as many as `limit`:
	 * a batch is never cut, so reading on after the last row's `seq` misses nothing.
	 */
	journal(after: Position, limit: number, view?: number): Promise<JournalRow[]>;
	/** The journal holds every row after this position; what came before may have been dropped. */
	oldest(): Position;
	/**
	 * Runs `read` in a read-only transaction that sees the view exactly as of the position it is given.
	 * Keep it short, and never write to a client inside it (rule 20).
	 */
	snapshot<T>(view: LiveView, read: (client: Client, at: Position) => Promise<T>): Promise<T>;
	/** The views that are being filled beside the others, of all installations. */
	builds(): Promise<BuildProgress[]>;
	/** Resolves once every view holds what that transaction did (also where it changed nothing). */
	whenApplied(txid: bigint, timeoutMs: number): Promise<Position>;
}

/**
 * Something is wrong (a message for people, and the error), or right again (undefined). May be told again
 * and again; `name` stays the same.
 */
export type ViewsReport = (
	name: 'maintenance' | 'journal',
	problem: string | undefined,
	cause?: unknown
) => void;

export interface TableRef {
	readonly name: string;
	readonly key: readonly string[];
}
