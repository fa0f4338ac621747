import { createHash } from 'node:crypto';
import pg from 'pg';
import type { KeyTuple } from '#core/cdc';
import { changedJson, type ViewWork } from './batch.ts';
import type { ViewEntry } from './catalog.ts';
import { mostJournalRows } from './journal-limit.ts';
import { orderBy } from './stage-order.ts';

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
 * only their own views' state, so no part reads what another part writes (rule 9), but for a stage's
 * readers: their argument is made of its difference, so that they are called after it, and the queries
 * of a function see what functions called before it wrote. A view's transaction ids stand in its first row
 * of the batch: in all of them they would grow with the square of a backlog. Few keys may make very many
 * differences; then it fails, and each view has to be written by itself (`emitStatement`).
 */
export function applyStatement(batch: readonly JournalledWork[], at: Numbering): Statement {
	const work = orderBy(batch, ({ entry }) => entry.spec);
	const read = new Set(work.flatMap((item) => readIn(work, item)));
	const stages = [...work.keys()].filter((i) => read.has(i) || work[i]!.entry.spec.hidden);
	const argument = (i: number) => `$${4 + 2 * i}::jsonb${differencesFor(work, i)}`;
	const ctes = stages.map((i) => `s${i} AS MATERIALIZED (\n${stageCall(work[i]!, argument(i))}\n), `);
	const calls = work.map((item, i) =>
		call(item, i, stages.includes(i) ? `s${i}` : called(item, argument(i)))
	);
	const txids = work.map((_, i) => `WHEN ${i} THEN $${5 + 2 * i}::bigint[]`);
	const text = `
WITH ${ctes.join('')}emitted AS MATERIALIZED (
${calls.join('\nUNION ALL\n')}
), written AS (
INSERT INTO loam.journal (seq, op, view_id, operation, key, old, new, txids)
SELECT $1::bigint, row_number() OVER ordered - 1, view_id, left(operation, 1)::"char", key, old, new,
  CASE WHEN lag(stage) OVER ordered IS DISTINCT FROM stage THEN CASE stage ${txids.join(' ')} END END
FROM emitted WINDOW ordered AS (ORDER BY stage, op)
RETURNING op, view_id, operation, key, old, new
), advanced AS (
UPDATE loam.position
SET snapshot = coalesce($2::pg_snapshot, pg_current_snapshot()), seq = CASE WHEN EXISTS (SELECT FROM emitted) THEN $1::bigint / (SELECT count(*) <= ${mostJournalRows} FROM emitted)::integer ELSE seq END, held = (epoch = $3::bigint)
)
SELECT op, view_id, operation, key, old, new FROM written`;
	const values = [at.seq.toString(), at.snapshot ?? null, at.epoch.toString(), ...work.flatMap(argumentsOf)];
	const names = work.map(({ entry }) => (entry.gathering ? `g${entry.id}` : entry.id));
	return { name: statementName(names.join('_')), text, values };
}

/** Postgres cuts names after 63 bytes, and would take two for one. */
function statementName(ids: string): string {
	return `apply_${ids.length <= 40 ? ids : createHash('sha256').update(ids).digest('hex').slice(0, 40)}`;
}

/** The places in `work` of the stages that an item reads. */
function readIn(work: readonly JournalledWork[], { entry }: JournalledWork): number[] {
	const { reads = [] } = entry.spec;
	if (reads.length === 0) return [];
	return [...work.keys()].filter((i) => {
		const other = work[i]!.entry;
		return other.installationId === entry.installationId && reads.includes(other.spec.hash);
	});
}

/** SQL that adds the differences of the stages that it reads to an argument. */
function differencesFor(work: readonly JournalledWork[], i: number): string {
	return readIn(work, work[i]!)
		.map((stage) => ` || (${differenceOf(`s${stage}`, work[stage]!.entry)})`)
		.join('');
}

/** More of a stage's rows than this are no list any more: its readers compare everything. */
const differenceLimit = 20_000;

/** What a stage's readers are told of it: `{"@<hash>": [[own, old, new], …]}`, out of what it returned. */
function differenceOf(rows: string, { spec }: ViewEntry): string {
	return `SELECT CASE WHEN count(*) = 0 THEN '{}' WHEN count(*) > ${differenceLimit} THEN '{"*": true}'
ELSE jsonb_build_object('@${spec.hash}', jsonb_agg(jsonb_build_array(own, old, new))) END::jsonb FROM ${rows}`;
}

/**
 * The same for one view on its own, from operation `firstOp` on; the position is advanced apart. Past
 * `limit` rows nothing is written: `total` tells, and the view's readers have to fetch it again. `stages` is
 * what the stages that it reads had to tell; `difference`, what it has to tell its own readers in the batch.
 */
export function emitStatement(
	work: JournalledWork,
	seq: bigint,
	firstOp: number,
	limit: number,
	stages: readonly string[],
	isRead: boolean
): Statement {
	// A through view takes an array of rows, and reads no stages.
	const readsStages = work.kind === 'keys';
	const merged = `(SELECT $4::jsonb || coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM unnest($6::jsonb[]) AS d(j), jsonb_each(d.j) AS e)`;
	const argument = readsStages ? merged : '$4::jsonb';
	const tells = isRead || work.entry.spec.hidden;
	const text = `
WITH called AS MATERIALIZED (
${tells ? stageCall(work, argument) : `SELECT op, operation, key, old, new, NULL::jsonb AS own FROM ${called(work, argument)}`}
), emitted AS MATERIALIZED (
${call(work, 0, 'called')}
), total AS (
SELECT count(*)::int AS total FROM emitted
), written AS (
INSERT INTO loam.journal (seq, op, view_id, operation, key, old, new, txids)
SELECT $1::bigint, $2::int + row_number() OVER ordered - 1, view_id, left(operation, 1)::"char", key, old, new,
  CASE WHEN row_number() OVER ordered = 1 THEN $5::bigint[] END
FROM emitted WHERE (SELECT total FROM total) <= $3::int WINDOW ordered AS (ORDER BY op)
RETURNING op, view_id, operation, key, old, new
)
SELECT (SELECT total FROM total) AS total, (${tells ? differenceOf('called', work.entry) : `SELECT '{}'`})::text AS difference, op, view_id, operation, key, old, new FROM (SELECT) AS once LEFT JOIN written ON true`;
	const values = [seq.toString(), firstOp, limit, ...argumentsOf(work), ...(readsStages ? [stages] : [])];
	const mode = (work.entry.gathering ? 'g' : '') + (isRead ? 'r' : '');
	return { name: `emit_${mode}${work.entry.id}`, text, values };
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

/** A part of other views is called, but has nothing to say to the journal. */
function call({ entry }: JournalledWork, stage: number, from: string): string {
	return `SELECT ${stage} AS stage, ${entry.id} AS view_id, op, operation, key, old, new
FROM ${from}${entry.spec.hidden ? ' WHERE own IS NULL' : ''}`;
}

/** A call whose difference others read on: see `own` of ViewProgram. */
function stageCall(work: JournalledWork, argument: string): string {
	const tells = work.kind === 'keys' && !work.entry.gathering;
	const asked = tells && !work.entry.spec.hidden ? `${argument} || '{"+": true}'` : argument;
	return `SELECT op, operation, key, old, new, ${tells ? 'own' : 'NULL::jsonb AS own'} FROM ${called(work, asked)}`;
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
