import type { Logger } from '#kernel';
import type { Postgres } from '#platform/postgres';
import { tableId } from '#core/cdc';
import { Activity } from './activity.ts';
import { Asking } from './asking.ts';
import type { ViewWork } from './batch.ts';
import { Builds } from './builds.ts';
import { Catalog, isReadable, liveView } from './catalog.ts';
import { keepClocks } from './clock.ts';
import { ensureViews, retainViews, type AsOwner } from './ensure.ts';
import { Follower } from './follower.ts';
import { keepJournal, type Retention } from './journal-keeper.ts';
import { operations, readJournal } from './journal-read.ts';
import { JournalTail } from './journal-tail.ts';
import { KnownProgress } from './known-progress.ts';
import { openChannel, type ChannelName } from './node-channel.ts';
import { readBuilds } from './ranges.ts';
import { readMaintained, readThrough } from './snapshot-read.ts';
import { readLag, readStatus } from './status.ts';
import { Turns } from './turns.ts';
import type { JournalRow, LiveView, Position, Views, ViewsReport, ViewsStatus } from './types.ts';
import type { Progress } from './waiting.ts';
import { wakeOthers } from './wake-others.ts';
import { whenApplied } from './when-applied.ts';
import type { Outcome } from './write-batch.ts';

export interface ViewsOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly asOwner: AsOwner;
	readonly retention?: Retention;
	/** Hears what is wrong, and when it is right again. */
	readonly report?: ViewsReport;
}

export interface RunningViews extends Views, ViewsStatus {
	/** Whether this node maintains the views; otherwise another does, or soon this one. */
	maintains(): boolean;
	stop(): Promise<void>;
}

const defaultRetention: Retention = { bytes: 2 ** 30, ageMs: 7 * 24 * 3_600_000 };

/**
 * Serves the views that there are, and maintains them from when this node has the lease. Resolves as soon
 * as it can serve.
 */
export async function createViews(options: ViewsOptions): Promise<RunningViews> {
	const { postgres, log, asOwner, retention = defaultRetention, report = () => {} } = options;
	const catalog = new Catalog();
	const known = new KnownProgress();
	const listeners = new Set<(position: Position) => void>();
	const stopping = new AbortController();
	/** The newest batches, while this node maintains. */
	let tail: JournalTail | undefined;
	let hasLease = false;

	function announce(progress: Progress): void {
		if (known.advance(progress)) tellListeners();
	}

	function tellListeners(): void {
		const position = { seq: known.latest.seq };
		for (const listener of listeners) listener(position);
	}

	const activity = new Activity({ postgres, log, behind: () => turns.maintainer?.behind() });
	const builds = new Builds({ postgres, log, catalog });
	const follower = new Follower({
		postgres,
		catalog,
		isMaintaining: () => hasLease,
		onProgress: announce,
		onCatalog() {
			builds.look();
			tellListeners();
		}
	});
	const channel = openChannel(postgres.listener, hear, () => void follower.refresh().catch(() => {}));
	const others = wakeOthers(postgres, channel);
	const keeper = keepJournal({
		postgres,
		log,
		retention,
		newest: () => (hasLease ? known.latest.seq : undefined),
		onCheck: (error) => report('journal', told(error, 'The journal of changes cannot be tidied.'), error)
	});
	const clocks = keepClocks({ postgres, log, catalog, isKeeper: () => hasLease });
	const turns = new Turns({
		postgres,
		log,
		catalog,
		builds,
		onWaiting: () => report('maintenance', undefined),
		onLease() {
			hasLease = true;
		},
		onStart(progress) {
			tail = new JournalTail(progress.seq);
			announce(progress);
			log.info('this node maintains the views', { seq: progress.seq });
			others.look();
			void keeper.check();
			report('maintenance', undefined);
		},
		onAdvance(progress, outcome, work, ms) {
			tail?.push(journalRows(progress.seq, outcome, work));
			announce(progress);
			// whoever listens is served first
			setImmediate(() => activity.record(work, outcome, ms));
			keeper.advance(progress.seq);
			builds.settle();
			others.wake(progress.seq);
		},
		onRebuild: (reason) => log.error('all views are rebuilt, and their readers fetch them again', { reason }),
		onEnd(reason) {
			hasLease = false;
			tail = undefined;
			follower.reload();
			report('maintenance', 'Changes do not reach the views just now.', reason);
		}
	});
	const asking = new Asking(channel, () => turns.maintainer);

	function hear(about: ChannelName, payload: string): void {
		if (about === 'ask' || about === 'answer') asking.heard(about, payload);
		else if (about === 'node') others.look();
		else if (about === 'views' || !hasLease) void follower.refresh().catch(() => {});
	}

	await follower.start();
	turns.start();

	let building: Promise<unknown> = Promise.resolve();
	/** One after the other. */
	function inTurn<T>(work: () => Promise<T>): Promise<T> {
		const result = building.then(work, work);
		building = result.catch(() => {});
		return result;
	}
	const build = { postgres, log, catalog, builds, refresh: () => follower.refresh(), asOwner };
	const appliers = { turns, asking, known, stopped: stopping.signal };

	return {
		ensure: (place, tables, specs) => inTurn(() => ensureViews(build, place, tables, specs)),
		retain: (place, hashes) => inTurn(() => retainViews(build, place, hashes)),
		find(installation, hash) {
			const entry = catalog.find(installation.id, hash);
			return entry && isReadable(entry) ? liveView(entry) : undefined;
		},
		position: () => ({ seq: known.latest.seq }),
		oldest: () => ({ seq: follower.floor }),
		onAdvance(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async journal(after, limit, view) {
			const rows = tail?.after(after.seq, limit, view);
			if (rows) return rows;
			const page = await readJournal(postgres.app, after.seq, limit, view);
			// Rows of a view's next generation are not given out as those of the last.
			if (!hasLease && page.version > follower.version) await follower.refresh();
			return page.rows;
		},
		snapshot: (view, read) =>
			view.spec.kind === 'through'
				? readThrough(postgres, { turns, asking }, sourceIds(view), read)
				: readMaintained(postgres, read),
		builds: () => readBuilds(postgres.app),
		status: ({ id }) => readStatus(postgres, id),
		lag: async () => turns.maintainer?.behind() ?? readLag(postgres),
		whenApplied: (txid, timeoutMs) => whenApplied(appliers, txid, timeoutMs),
		maintains: () => turns.maintainer !== undefined,
		async stop() {
			stopping.abort();
			keeper.stop();
			others.stop();
			follower.stop();
			builds.stop();
			await clocks.stop();
			await turns.stop();
			await activity.stop();
			channel.stop();
			await building;
		}
	};
}

function sourceIds({ schema, spec }: LiveView): string[] {
	return spec.sources.map(({ table }) => tableId(schema, table));
}

function told(error: unknown, message: string): string | undefined {
	return error === undefined ? undefined : message;
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
