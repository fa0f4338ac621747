import type { Lsn } from './lsn.ts';

/** What pgoutput says, protocol version 1 (PostgreSQL documentation, "Logical Replication Message Formats"). */
export type WalMessage =
	Begin | Commit | Origin | Relation | Type | Insert | Update | Delete | Truncate | Message;

/** Begins a transaction; transactions come whole, in the order of their commits. */
export interface Begin {
	readonly kind: 'begin';
	/** Start of the commit record. A slot that is acknowledged at or below it sends the transaction again. */
	readonly commitLsn: Lsn;
	/** Microseconds since 2000-01-01 UTC. */
	readonly committedAt: bigint;
	/** Top-level transaction id: the low 32 bits only. */
	readonly xid: number;
}

export interface Commit {
	readonly kind: 'commit';
	readonly commitLsn: Lsn;
	/** End of the commit record: acknowledging it skips the transaction for good. */
	readonly endLsn: Lsn;
	readonly committedAt: bigint;
}

export interface Origin {
	readonly kind: 'origin';
	readonly commitLsn: Lsn;
	readonly name: string;
}

export interface RelationColumn {
	readonly name: string;
	/** Part of the replica identity; with REPLICA IDENTITY FULL every column is. */
	readonly identity: boolean;
	readonly typeOid: number;
	readonly typeModifier: number;
}

/** Describes a table before its first row, and again after its shape changed. */
export interface Relation {
	readonly kind: 'relation';
	readonly id: number;
	readonly schema: string;
	readonly name: string;
	/** `pg_class.relreplident`: d, n, f or i. */
	readonly replicaIdentity: string;
	readonly columns: readonly RelationColumn[];
}

export interface Type {
	readonly kind: 'type';
	readonly id: number;
	readonly schema: string;
	readonly name: string;
}

/** Text of each column in the order of the relation's; null for NULL, undefined for TOAST that did not change. */
export type Tuple = readonly (string | null | undefined)[];

/** The row before the change: whole with REPLICA IDENTITY FULL, otherwise only its key is filled. */
export interface OldTuple {
	readonly whole: boolean;
	readonly values: Tuple;
}

export interface Insert {
	readonly kind: 'insert';
	readonly relation: Relation;
	readonly new: Tuple;
}

export interface Update {
	readonly kind: 'update';
	readonly relation: Relation;
	/** Absent where the identity did not change and is not FULL. */
	readonly old: OldTuple | undefined;
	readonly new: Tuple;
}

export interface Delete {
	readonly kind: 'delete';
	readonly relation: Relation;
	readonly old: OldTuple;
}

export interface Truncate {
	readonly kind: 'truncate';
	readonly relations: readonly Relation[];
	readonly cascade: boolean;
	readonly restartIdentity: boolean;
}

/** Emitted by pg_logical_emit_message; one outside of a transaction comes at its place in the WAL. */
export interface Message {
	readonly kind: 'message';
	readonly transactional: boolean;
	readonly lsn: Lsn;
	readonly prefix: string;
	readonly content: string;
}
