import type { QueryResult } from 'pg';
import type { Client } from '#platform/postgres';
import {
	advanceStatement,
	applyStatement,
	catchUpStatement,
	emitStatement,
	fillStatement,
	type JournalledWork,
	type Numbering,
	type Statement,
	type WrittenRow
} from './apply-statement.ts';
import type { ViewWork } from './batch.ts';
import type { ViewEntry } from './catalog.ts';
import { journalLimit } from './journal-limit.ts';
import { isDisconnect, isTransient } from './pg-errors.ts';
import { orderBy } from './stage-order.ts';

/** What happens to a view other than by a transaction. */
export interface ViewChange {
	readonly entry: ViewEntry;
	/**
	 * `ready`: it is complete as it stands (read-through). `fill`: compute all of it here and now.
	 * `catch-up`: another session filled it; apply what is still gathered.
	 */
	readonly kind: 'ready' | 'fill' | 'catch-up';
	/** Former readers have to fetch it again. */
	readonly renew: boolean;
}

/** What a committed batch did. */
export interface Outcome {
	readonly rows: readonly WrittenRow[];
	readonly ready: readonly ViewEntry[];
	/** Their generation is one higher. */
	readonly renewed: readonly ViewEntry[];
	readonly failed: readonly { readonly entry: ViewEntry; readonly error: string }[];
}

/** Work up to this many keys or rows takes the short way: one statement, one round trip with its commit. */
const shortLimit = 5_000;
const allBatches = 2 ** 31 - 1;

export const nothing: Outcome = { rows: [], ready: [], renewed: [], failed: [] };

/**
 * Writes a batch and commits, in the open fence's transaction. On an error nothing is written and the
 * transaction is over or broken: the caller rolls back. `careful` finds the views whose functions fail.
 */
export async function writeBatch(
	client: Client,
	work: readonly ViewWork[],
	changes: readonly ViewChange[],
	at: Numbering,
	careful: boolean
): Promise<Outcome> {
	if (work.length === 0 && changes.length === 0) {
		await client.query('COMMIT');
		return nothing;
	}
	if (careful || changes.length > 0 || !work.every(isShort)) return writeCarefully(client, work, changes, at);
	return { ...nothing, rows: await writeAtOnce(client, work.filter(isJournalled), at) };
}

async function writeAtOnce(
	client: Client,
	work: readonly JournalledWork[],
	at: Numbering
): Promise<WrittenRow[]> {
	const [applied, committed] = await Promise.allSettled([
		run<WrittenRow>(client, applyStatement(work, at)),
		client.query('COMMIT')
	]);
	// After an error Postgres answers the COMMIT with a ROLLBACK.
	if (applied.status === 'rejected') throw applied.reason;
	if (committed.status === 'rejected') throw committed.reason;
	return applied.value.rows.sort((a, b) => a.op - b.op);
}

/** One view after the other, each behind a savepoint: what fails is marked and the rest goes on. */
async function writeCarefully(
	client: Client,
	work: readonly ViewWork[],
	changes: readonly ViewChange[],
	at: Numbering
): Promise<Outcome> {
	const rows: WrittenRow[] = [];
	const renewed = new Set<ViewEntry>();
	const ready: ViewEntry[] = [];
	const failed: { entry: ViewEntry; error: string }[] = [];
	/** What each stage that was brought up to date has to tell its readers. */
	const told = new Map<string, string>();
	for (const item of orderBy(work, ({ entry }) => entry.spec)) {
		const { entry } = item;
		const broken = failed.find((other) => reads(entry, other.entry));
		const stages = (entry.spec.reads ?? []).flatMap((hash) => told.get(stageId(entry, hash)) ?? []);
		const error =
			broken !== undefined
				? `its part "${broken.entry.spec.name}" failed: ${broken.error}`
				: await behindSavepoint(client, async () => {
						if (item.kind === 'reset') return void renewed.add(entry);
						const isRead = work.some((other) => reads(other.entry, entry));
						const emitted = await emit(client, item, at.seq, rows.length, stages, isRead);
						told.set(stageId(entry, entry.spec.hash), emitted.difference);
						if (emitted.rows) rows.push(...emitted.rows);
						else renewed.add(entry);
					});
		if (error) failed.push({ entry, error });
	}
	for (const { entry, kind, renew } of changes) {
		const error = await behindSavepoint(client, async () => {
			if (kind === 'fill') await run(client, fillStatement(entry));
			if (kind === 'catch-up') await run(client, catchUpStatement(entry, allBatches));
		});
		if (error) failed.push({ entry, error });
		else ready.push(entry);
		if (renew) renewed.add(entry);
	}
	await markViews(client, ready, renewed, failed);
	const seq = rows.length > 0 ? at.seq : at.seq - 1n;
	await client.query(advanceStatement, [seq.toString(), at.snapshot, at.epoch.toString()]);
	await client.query('COMMIT');
	return { rows, ready, renewed: [...renewed], failed };
}

function reads(entry: ViewEntry, stage: ViewEntry): boolean {
	return entry.installationId === stage.installationId && !!entry.spec.reads?.includes(stage.spec.hash);
}

function stageId({ installationId }: ViewEntry, hash: string): string {
	return `${installationId} ${hash}`;
}

interface Emitted {
	/** Undefined where the difference is too large for the journal. */
	readonly rows: WrittenRow[] | undefined;
	/** What the view's readers among the views are told. */
	readonly difference: string;
}

async function emit(
	client: Client,
	item: JournalledWork,
	seq: bigint,
	firstOp: number,
	stages: readonly string[],
	isRead: boolean
): Promise<Emitted> {
	const limit = await journalLimit(client, item.entry);
	const { rows } = await run<WrittenRow & { total: number; difference: string }>(
		client,
		emitStatement(item, seq, firstOp, limit, stages, isRead)
	);
	const { total, difference } = rows[0]!;
	if (total > limit) return { rows: undefined, difference };
	return { rows: rows.filter(({ op }) => op !== null).sort((a, b) => a.op - b.op), difference };
}

/** The error of the view, if it has one; an error of the moment is thrown, for the whole batch to be tried again. */
async function behindSavepoint(client: Client, work: () => Promise<void>): Promise<string | undefined> {
	await client.query('SAVEPOINT view');
	try {
		await work();
		await client.query('RELEASE SAVEPOINT view');
		return undefined;
	} catch (error) {
		if (isTransient(error) || isDisconnect(error)) throw error;
		await client.query('ROLLBACK TO SAVEPOINT view');
		return (error as Error).message;
	}
}

async function markViews(
	client: Client,
	ready: readonly ViewEntry[],
	renewed: ReadonlySet<ViewEntry>,
	failed: Outcome['failed']
): Promise<void> {
	const ids = (entries: Iterable<ViewEntry>) => Array.from(entries, ({ id }) => id);
	if (renewed.size > 0) {
		await client.query('UPDATE loam.view SET generation = generation + 1 WHERE id = ANY ($1)', [
			ids(renewed)
		]);
	}
	if (ready.length > 0) {
		await client.query(`UPDATE loam.view SET state = 'ready', error = NULL WHERE id = ANY ($1)`, [
			ids(ready)
		]);
	}
	for (const { entry, error } of failed) {
		await client.query(`UPDATE loam.view SET state = 'failed', error = $2 WHERE id = $1`, [entry.id, error]);
	}
}

function run<Row extends object>(
	client: Client,
	{ name, text, values }: Statement
): Promise<QueryResult<Row>> {
	return client.query<Row>({ ...(name && { name }), text, values: [...values] });
}

export function isJournalled(work: ViewWork): work is JournalledWork {
	return work.kind !== 'reset';
}

/** Few enough for one statement with the rest of its batch. */
export function isShort(work: ViewWork): boolean {
	switch (work.kind) {
		case 'reset':
			return false;
		case 'rows':
			return work.rows.length <= shortLimit;
		case 'keys':
			return work.changed !== 'all' && [...work.changed.values()].every((keys) => keys.size <= shortLimit);
	}
}
