import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Client } from '#platform/postgres';
import { markerPrefix, parseSnapshot, type PgSnapshot } from '#core/cdc';

/** An open fence: a transaction whose snapshot is known, and the marker that ends the drain. */
export interface Fence {
	readonly snapshot: PgSnapshot;
	/** For `SET TRANSACTION SNAPSHOT` by others while the fence is open. */
	readonly exported: string | undefined;
}

export interface FenceOptions {
	/** Content of the marker. */
	readonly nonce: string;
	/** Ids of the tables to lock. */
	readonly tables: Iterable<string>;
	/** Whether others want to read in the fence's snapshot. */
	readonly exporting: boolean;
	/** Name of the session's origin. */
	readonly origin: string;
}

export function newNonce(): string {
	return randomBytes(12).toString('base64url');
}

/**
 * Opens a fence in one round trip (rules 1 and 2): the source tables are locked against TRUNCATE and
 * rewrites first, which takes no snapshot; then snapshot and marker come from one statement. The marker
 * is emitted without the session's origin, for the slot leaves out what has one.
 */
export async function openFence(
	client: Client,
	{ nonce, tables, exporting, origin }: FenceOptions
): Promise<Fence> {
	const names = Array.from(tables, quoteTable);
	const lock = names.length > 0 ? `LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE; ` : '';
	const results = (await client.query(
		`BEGIN ISOLATION LEVEL REPEATABLE READ; ${lock}SELECT pg_current_snapshot()::text AS snapshot, pg_replication_origin_session_reset(), pg_logical_emit_message(false, '${markerPrefix}', '${nonce}', true), pg_replication_origin_session_setup('${origin}')${exporting ? ', pg_export_snapshot() AS exported' : ''}`
	)) as unknown as pg.QueryResult<{ snapshot: string; exported?: string }>[];
	const row = results.at(-1)!.rows[0]!;
	return { snapshot: parseSnapshot(row.snapshot), exported: row.exported };
}

/** Of a table id of core/cdc. */
function quoteTable(id: string): string {
	const dot = id.indexOf('.');
	return `${pg.escapeIdentifier(id.slice(0, dot))}.${pg.escapeIdentifier(id.slice(dot + 1))}`;
}
