import pg from 'pg';
import type { KeyTuple } from '#core/cdc';
import { changedJson, type ViewWork } from './batch.ts';
import type { ViewEntry } from './catalog.ts';

/** Work whose differences go into the journal. */
export type JournalledWork = Exclude<ViewWork, { kind: 'reset' }>;

export interface Statement {
	/** Names the prepared statement: equal texts have equal names. */
	readonly name: string;
	readonly text: string;
	readonly values: readonly unknown[];
}

/** Where a batch stands. */
export interface Numbering {
	readonly seq: bigint;
	/** Undefined: that of the transaction, whatever it is. */
	readonly snapshot: string | undefined;
	readonly epoch: bigint;
}

/** A row as the statements return it. */
export interface WrittenRow {
	readonly op: number;
	readonly view_id: number;
	readonly operation: 'i' | 'u' | 'd';
	readonly key: string;
	readonly old: Record<string, string | null> | null;
	readonly new: Record<string, string | null> | null;
}

/**
 * One statement for a whole batch: calls the views' functions, writes the journal, advances the
 * position. Fails on the constraint position_held where the lease is another's. The functions write
 * only their own views' state, so no part reads what another part writes (rule 9). A view's transaction
 * ids stand in its first row of the batch: in all of them they would grow with the square of a backlog.
 */
export function applyStatement(work: readonly JournalledWork[], at: Numbering): Statement {
	const calls = work.map((item, i) => call(item, i, 4 + 2 * i));
	const txids = work.map((_, i) => `WHEN ${i} THEN $${5 + 2 * i}::bigint[]`);
	const text = `
WITH emitted AS MATERIALIZED (
${calls.join('\nUNION ALL\n')}
), written AS (
INSERT INTO loam.journal (seq, op, view_id, operation, key, old, new, txids)
SELECT $1::bigint, row_number() OVER ordered - 1, view_id, left(operation, 1)::"char", key, old, new,
  CASE WHEN lag(stage) OVER ordered IS DISTINCT FROM stage THEN CASE stage ${txids.join(' ')} END END
FROM emitted WINDOW ordered AS (ORDER BY stage, op)
RETURNING op, view_id, operation, key, old, new
), advanced AS (
UPDATE loam.position
SET snapshot = coalesce($2::pg_snapshot, pg_current_snapshot()), seq = CASE WHEN EXISTS (SELECT FROM emitted) THEN $1::bigint ELSE seq END, held = (epoch = $3::bigint)
)
SELECT op, view_id, operation, key, old, new FROM written`;
	const values = [at.seq.toString(), at.snapshot ?? null, at.epoch.toString(), ...work.flatMap(argumentsOf)];
	const names = work.map(({ entry }) => (entry.gathering ? `g${entry.id}` : entry.id));
	return { name: `apply_${names.join('_')}`, text, values };
}

/**
 * The same for one view on its own, from operation `firstOp` on; the position is advanced apart. Past
 * `limit` rows nothing is written: `total` tells, and the view's readers have to fetch it again.
 */
export function emitStatement(work: JournalledWork, seq: bigint, firstOp: number, limit: number): Statement {
	const text = `
WITH emitted AS MATERIALIZED (
${call(work, 0, 4)}
), total AS (
SELECT count(*)::int AS total FROM emitted
), written AS (
INSERT INTO loam.journal (seq, op, view_id, operation, key, old, new, txids)
SELECT $1::bigint, $2::int + row_number() OVER ordered - 1, view_id, left(operation, 1)::"char", key, old, new,
  CASE WHEN row_number() OVER ordered = 1 THEN $5::bigint[] END
FROM emitted WHERE (SELECT total FROM total) <= $3::int WINDOW ordered AS (ORDER BY op)
RETURNING op, view_id, operation, key, old, new
)
SELECT (SELECT total FROM total) AS total, op, view_id, operation, key, old, new FROM (SELECT) AS once LEFT JOIN written ON true`;
	const values = [seq.toString(), firstOp, limit, ...argumentsOf(work)];
	return { name: `emit_${work.entry.gathering ? 'g' : ''}${work.entry.id}`, text, values };
}

/** Computes all of a view without a word to the journal: nobody reads it yet. */
export function fillStatement(entry: ViewEntry): Statement {
	const text = `SELECT count(*) FROM ${functionOf({ kind: 'keys', entry })}('{"*":"quiet"}')`;
	return { name: '', text, values: [] };
}

/** Brings a view that is being filled up to date with what up to so many batches gathered for it. */
export function catchUpStatement(entry: ViewEntry, batches: number): Statement {
	const text = `SELECT count(*) FROM ${functionOf({ kind: 'keys', entry })}(loam.take_gathered($1, $2))`;
	return { name: '', text, values: [entry.id, batches] };
}

/** The same for keys of one of its sources. */
export function keysStatement(entry: ViewEntry, table: string, keys: readonly KeyTuple[]): Statement {
	const text = `SELECT count(*) FROM ${functionOf({ kind: 'keys', entry })}($1::jsonb)`;
	return { name: '', text, values: [JSON.stringify({ [table]: keys })] };
}

export const advanceStatement = `
UPDATE loam.position SET snapshot = $2::pg_snapshot, seq = $1::bigint, held = (epoch = $3::bigint)`;

function call(work: JournalledWork, stage: number, parameter: number): string {
	return `SELECT ${stage} AS stage, ${work.entry.id} AS view_id, op, operation, key, old, new
FROM ${called(work, `$${parameter}::jsonb`)}`;
}

/** A view that is being filled takes no part in the batch yet: what changed is kept for it. */
function called(work: JournalledWork, argument: string): string {
	const { entry } = work;
	return entry.gathering ? `loam.gather(${entry.id}, ${argument})` : `${functionOf(work)}(${argument})`;
}

function functionOf({ kind, entry }: Pick<JournalledWork, 'kind' | 'entry'>): string {
	const name = `${kind === 'keys' ? 'm' : 't'}_${entry.spec.hash}`;
	return `${pg.escapeIdentifier(entry.stateSchema)}.${pg.escapeIdentifier(name)}`;
}

function argumentsOf(work: JournalledWork): string[] {
	const json = work.kind === 'keys' ? changedJson(work.changed) : JSON.stringify(work.rows);
	return [json, `{${work.txids.join(',')}}`];
}
