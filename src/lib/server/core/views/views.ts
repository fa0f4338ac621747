import type { Logger } from '#kernel';
import type { Postgres } from '#platform/postgres';
import type { ViewWork } from './batch.ts';
import { Catalog, liveView } from './catalog.ts';
import { ensureViews, retainViews, type AsOwner } from './ensure.ts';
import { errors } from './errors.ts';
import { operations, readJournal } from './journal-read.ts';
import { JournalTail } from './journal-tail.ts';
import type { Progress } from './waiting.ts';
import { keepJournal } from './journal-keeper.ts';
import { readMaintained, readThrough } from './snapshot-read.ts';
import { Turns } from './turns.ts';
import type { JournalRow, Position, Views } from './types.ts';
import { wakeOthers } from './wake-others.ts';
import type { Outcome } from './write-batch.ts';

export interface ViewsOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly asOwner: AsOwner;
	/** Past it the oldest part of the journal is dropped. */
	readonly journalLimitBytes?: number;
}

export interface RunningViews extends Views {
	stop(): Promise<void>;
}

/** Starts maintaining; resolves when this node has the lease and stands where the last holder ended. */
export async function createViews(options: ViewsOptions): Promise<RunningViews> {
	const { postgres, log, asOwner, journalLimitBytes = 2 ** 30 } = options;
	const catalog = new Catalog();
	const listeners = new Set<(position: Position) => void>();
	const others = wakeOthers(postgres);
	let tail = new JournalTail(0n);
	let position: Position = { seq: 0n };

	const keeper = await keepJournal(postgres, log, journalLimitBytes, () => position.seq);

	function announce({ seq }: Progress): void {
		position = { seq };
		keeper.advance(seq);
		for (const listener of listeners) listener(position);
	}

	const turns = new Turns({
		postgres,
		log,
		catalog,
		onStart(progress) {
			// A batch may have been committed whose answer never came.
			if (progress.seq !== position.seq) tail = new JournalTail(progress.seq);
			announce(progress);
		},
		onAdvance(progress, outcome, work) {
			tail.push(journalRows(progress.seq, outcome, work));
			announce(progress);
			if (outcome.rows.length > 0) others.wake(progress.seq);
		}
	});
	await turns.start();

	let building: Promise<unknown> = Promise.resolve();
	/** Builds one after the other. */
	function inTurn<T>(work: () => Promise<T>): Promise<T> {
		const result = building.then(work, work);
		building = result.catch(() => {});
		return result;
	}
	const build = { postgres, log, catalog, turns, asOwner };

	return {
		ensure: (place, tables, specs) => inTurn(() => ensureViews(build, place, tables, specs)),
		retain: (place, hashes) => inTurn(() => retainViews(build, place, hashes)),
		find(installation, hash) {
			const entry = catalog.find(installation.id, hash);
			return entry?.state === 'ready' ? liveView(entry) : undefined;
		},
		position: () => position,
		oldest: () => ({ seq: keeper.oldest - 1n }),
		onAdvance(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async journal(after, limit, view) {
			const rows = tail.after(after.seq, limit, view);
			return rows ?? readJournal(postgres.app, after.seq, limit, view);
		},
		snapshot: (view, read) =>
			view.spec.kind === 'through' ? readThrough(postgres, turns, read) : readMaintained(postgres, read),
		whenApplied: (txid, timeoutMs) =>
			turns.with(async (maintainer) => {
				const waiting = maintainer.whenApplied(txid);
				const { seq } = await inTime(waiting.promise, timeoutMs).finally(waiting.forget);
				return { seq };
			}),
		async stop() {
			keeper.stop();
			others.stop();
			await turns.stop();
			await building;
		}
	};
}

function journalRows(seq: bigint, outcome: Outcome, work: readonly ViewWork[]): JournalRow[] {
	const txids = new Map(work.map((item) => [item.entry.id, item.kind === 'reset' ? [] : item.txids]));
	return outcome.rows.map((row) => ({
		seq,
		op: row.op,
		view: row.view_id,
		operation: operations[row.operation],
		key: row.key,
		old: row.old,
		new: row.new,
		txids: txids.get(row.view_id) ?? []
	}));
}

async function inTime<T>(promise: Promise<T>, ms: number): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		const error = errors.NOT_APPLIED_YET(
			'The change is saved, but is not in all views yet. They will show it soon.'
		);
		timer = setTimeout(() => reject(error), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
