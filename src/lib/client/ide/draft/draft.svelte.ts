import { AppError } from '#kernel';
import { failureOf, isStale } from './failure.ts';
import type { Keep, Orphan } from './keep.ts';
import { recover } from './reconcile.ts';
import { statusOf, type SaveStatus } from './status.ts';
import { backupOf, openDraft, step, unsaved } from './sync.ts';
import type { Changes, DraftEffect, DraftEvent, DraftState, Text } from './types.ts';

/** The server's side of a draft. Errors are AppErrors; `aborted` says that the draft is newer. */
export interface DraftServer {
	put(base: number, changes: Changes, signal: AbortSignal): Promise<number>;
	get(
		signal: AbortSignal
	): Promise<{ readonly revision: number; readonly files: ReadonlyMap<string, string> }>;
}

export interface DraftOptions {
	readonly server: DraftServer;
	readonly keep: Keep;
	readonly revision: number;
	readonly files: ReadonlyMap<string, string>;
	/** Tells the other tabs. */
	readonly announce: (revision: number) => void;
	/** Texts that didn't come from the editor. */
	readonly show: (changes: Changes) => void;
}

/** After the last keystroke, but never longer than `longestPauseMs` after the first. */
const pauseMs = 300;
const longestPauseMs = 2000;
const requestMs = 20_000;
const longestRetryMs = 15_000;

/** The draft as the screen uses it: reactive, saved as one types. */
export class Draft {
	#state = $state.raw<DraftState>(undefined as unknown as DraftState);
	readonly status: SaveStatus = $derived(statusOf(this.#state));
	readonly unsaved: ReadonlySet<string> = $derived(unsaved(this.#state));
	/** False: the browser has no room left; leaving the page before it is saved would lose work. */
	isKept = $state(true);
	readonly #options: DraftOptions;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#firstEdit: number | undefined;
	#waiters: { resolve: (revision: number) => void; reject: (error: AppError) => void }[] = [];
	#isClosed = false;

	constructor(options: DraftOptions) {
		this.#options = options;
		this.#state = openDraft(options.revision, options.files);
	}

	/** The author's files. */
	get files(): ReadonlyMap<string, string> {
		return this.#state.local;
	}

	get revision(): number {
		return this.#state.revision;
	}

	/** Path to the other's text. */
	get conflicts(): Changes {
		return this.#state.conflicts;
	}

	edit(changes: Changes): void {
		this.#send({ type: 'edited', changes });
	}

	rename(from: string, to: string): void {
		const text = this.files.get(from);
		if (text !== undefined)
			this.edit(
				new Map<string, Text>([
					[from, null],
					[to, text]
				])
			);
	}

	resolve(path: string, text: Text): void {
		this.#send({ type: 'resolved', path, text });
	}

	/** The server may have a newer revision; undefined: it is worth a look. */
	heard(revision?: number): void {
		this.#send({ type: 'newsHeard', revision });
	}

	online(): void {
		this.#send({ type: 'online' });
	}

	/** Saves now; resolves with the revision that has everything, rejects where that needs the author. */
	save(): Promise<number> {
		return new Promise((resolve, reject) => {
			this.#waiters.push({ resolve, reject });
			this.#send({ type: 'saveAsked' });
		});
	}

	/** Takes in what tabs that died had not saved; gives the paths that came back. */
	async recover(): Promise<string[]> {
		const orphans = await this.#options.keep.orphans();
		return this.#isClosed ? [] : orphans.flatMap((orphan) => this.#adopt(orphan));
	}

	close(): void {
		this.#isClosed = true;
		clearTimeout(this.#timer);
	}

	#adopt(orphan: Orphan): string[] {
		const recovered = recover(this.#state, orphan.path, orphan.entry);
		if (!recovered) return [];
		const isNews = recovered.local !== this.#state.local || recovered.conflicts !== this.#state.conflicts;
		this.#send({ type: 'recovered', path: orphan.path, entry: orphan.entry });
		this.#options.keep.forget(orphan);
		return isNews ? [orphan.path] : [];
	}

	#send(event: DraftEvent): void {
		if (this.#isClosed) return;
		const { state, effects } = step(this.#state, event);
		this.#state = state;
		this.isKept = this.#options.keep.put(backupOf(state));
		for (const effect of effects) this.#perform(effect);
		this.#settle();
	}

	#perform(effect: DraftEffect): void {
		switch (effect.type) {
			case 'write':
				void this.#write(effect.id, effect.base, effect.changes);
				break;
			case 'read':
				void this.#read(effect.id);
				break;
			case 'timer':
				this.#schedule(effect.for === 'pause' ? this.#pause() : retryMs(effect.failures));
				break;
			case 'stopTimer':
				clearTimeout(this.#timer);
				this.#firstEdit = undefined;
				break;
			case 'show':
				this.#options.show(effect.changes);
				break;
			case 'announce':
				this.#options.announce(effect.revision);
		}
	}

	async #write(id: number, base: number, changes: Changes): Promise<void> {
		try {
			const revision = await this.#options.server.put(base, changes, AbortSignal.timeout(requestMs));
			this.#send({ type: 'written', id, revision });
		} catch (error) {
			this.#send(isStale(error) ? { type: 'stale', id } : failureOf(id, error));
		}
	}

	async #read(id: number): Promise<void> {
		try {
			const { revision, files } = await this.#options.server.get(AbortSignal.timeout(requestMs));
			this.#send({ type: 'read', id, revision, files });
		} catch (error) {
			this.#send(failureOf(id, error));
		}
	}

	#pause(): number {
		const now = Date.now();
		this.#firstEdit ??= now;
		return Math.max(0, Math.min(pauseMs, this.#firstEdit + longestPauseMs - now));
	}

	#schedule(ms: number): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#send({ type: 'timer' }), ms);
	}

	#settle(): void {
		if (this.#waiters.length === 0) return;
		const status = this.status;
		if (status.kind === 'saving' || (status.kind === 'saved' && this.#state.phase !== 'idle')) return;
		const waiters = this.#waiters.splice(0);
		for (const { resolve, reject } of waiters) {
			if (status.kind === 'saved') resolve(this.revision);
			else reject(notSaved(status));
		}
	}
}

function retryMs(failures: number): number {
	return Math.min(longestRetryMs, 1000 * 2 ** (failures - 1)) * (0.75 + Math.random() / 2);
}

function notSaved(status: Exclude<SaveStatus, { kind: 'saved' | 'saving' }>): AppError {
	return new AppError({
		code: 'failed_precondition',
		reason: 'DRAFT_NOT_SAVED',
		message: notSavedText(status)
	});
}

function notSavedText(status: Exclude<SaveStatus, { kind: 'saved' | 'saving' }>): string {
	switch (status.kind) {
		case 'offline':
			return 'The server can’t be reached, so the draft is not saved yet. It is kept in this browser.';
		case 'conflict':
			return 'Somebody else changed a file too. Choose which version stays, then try again.';
		case 'refused':
			return status.message;
	}
}
