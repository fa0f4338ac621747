import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Client } from '#platform/postgres';
import { parseLsn, type Lsn } from '#platform/wal';
import { markerPrefix, parseSnapshot, type PgSnapshot } from '#core/cdc';

/** An open fence: a transaction whose snapshot is known, and where the drain ends. */
export interface Fence {
	readonly snapshot: PgSnapshot;
	/** End of WAL after the snapshot was taken: what the snapshot sees was committed before. */
	readonly end: Lsn;
	/** For `SET TRANSACTION SNAPSHOT` by others while the fence is open. */
	readonly exported: string | undefined;
}

/**
 * Opens a fence in one round trip: the source tables are locked against TRUNCATE and rewrites first,
 * which takes no snapshot (rule 2); then come the snapshot and, read after it, the end of WAL.
 */
export async function openFence(
	client: Client,
	tables: Iterable<string>,
	exporting: boolean
): Promise<Fence> {
	const results = (await client.query(
		`BEGIN ISOLATION LEVEL REPEATABLE READ; ${lockTables(tables)}SELECT pg_current_snapshot()::text AS snapshot, pg_current_wal_insert_lsn()::text AS "end"${exporting ? ', pg_export_snapshot() AS exported' : ''}`
	)) as unknown as pg.QueryResult<{ snapshot: string; end: string; exported?: string }>[];
	const row = results.at(-1)!.rows[0]!;
	return { snapshot: parseSnapshot(row.snapshot), end: parseLsn(row.end), exported: row.exported };
}

/** A statement, or nothing. */
export function lockTables(tables: Iterable<string>): string {
	const names = Array.from(tables, quoteTable);
	return names.length > 0 ? `LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE; ` : '';
}

export function newNonce(): string {
	return randomBytes(12).toString('base64url');
}

/**
 * Puts a marker into the WAL, flushed, so that it comes down the stream behind everything that the
 * fence's snapshot sees (rule 1). Without the session's origin, for the slot leaves out what has one.
 */
export async function emitMarker(client: Client, nonce: string, origin: string): Promise<void> {
	await client.query({
		name: 'marker',
		text: `SELECT pg_replication_origin_session_reset(), pg_logical_emit_message(false, '${markerPrefix}', $1, true), pg_replication_origin_session_setup($2)`,
		values: [nonce, origin]
	});
}

/** Of a table id of core/cdc. */
function quoteTable(id: string): string {
	const dot = id.indexOf('.');
	return `${pg.escapeIdentifier(id.slice(0, dot))}.${pg.escapeIdentifier(id.slice(dot + 1))}`;
}
