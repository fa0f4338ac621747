/** The text of a file; null: the file isn't there. */
export type Text = string | null;

/** Path to text, null to delete. */
export type Changes = ReadonlyMap<string, Text>;

/** A write whose answer never came: it may have landed, or may land yet while the server is at `base`. */
export interface Attempt {
	readonly base: number;
	readonly changes: Changes;
}

export interface Flight extends Attempt {
	readonly id: number;
}

/** Why the server won't take the draft, in words for the author. Asking again by itself would not help. */
export interface Refusal {
	readonly code: string;
	readonly message: string;
}

/**
 * - `idle`: nothing to do.
 * - `waiting`: changes wait for the author to pause.
 * - `saving`: a write is on its way.
 * - `fetching`: the server's files are on their way, since somebody else wrote.
 * - `retrying`: the server couldn't be reached; a timer runs.
 * - `refused`: the server said no; the next edit or a save by hand tries again.
 */
export type Phase = 'idle' | 'waiting' | 'saving' | 'fetching' | 'retrying' | 'refused';

export interface DraftState {
	readonly phase: Phase;
	/** Of `base`. */
	readonly revision: number;
	/** The server's files at `revision`. */
	readonly base: ReadonlyMap<string, string>;
	/** The author's files: what the editor shows. */
	readonly local: ReadonlyMap<string, string>;
	/** Edited on both sides: path to the other's text. Not written until the author has decided. */
	readonly conflicts: Changes;
	readonly doubts: readonly Attempt[];
	/** The request on its way; a read has no changes. */
	readonly flight: Flight | undefined;
	readonly nextId: number;
	/** The server has another revision than `revision`. */
	readonly behind: boolean;
	/** The author asked to save: no pause before the next write. */
	readonly urgent: boolean;
	/** Failures in a row. */
	readonly failures: number;
	readonly refusal: Refusal | undefined;
}

export type DraftEvent =
	/** The author changed files; all of one event are written together. */
	| { readonly type: 'edited'; readonly changes: Changes }
	/** The author chose the text of a file in conflict. */
	| { readonly type: 'resolved'; readonly path: string; readonly text: Text }
	/** Unsaved work of a tab that died, found in this browser. */
	| { readonly type: 'recovered'; readonly path: string; readonly entry: BackupEntry }
	| { readonly type: 'timer' }
	| { readonly type: 'saveAsked' }
	/** Somebody else may have written: another tab said so, or the window got the focus. */
	| { readonly type: 'newsHeard'; readonly revision: number | undefined }
	| { readonly type: 'online' }
	| { readonly type: 'written'; readonly id: number; readonly revision: number }
	/** The write was not applied: the draft is newer than its base. */
	| { readonly type: 'stale'; readonly id: number }
	| {
			readonly type: 'read';
			readonly id: number;
			readonly revision: number;
			readonly files: ReadonlyMap<string, string>;
	  }
	/** No answer: the request may have been applied. */
	| { readonly type: 'failed'; readonly id: number }
	/** Not applied, and asking again would not help. */
	| { readonly type: 'refused'; readonly id: number; readonly refusal: Refusal };

export type DraftEffect =
	| { readonly type: 'write'; readonly id: number; readonly base: number; readonly changes: Changes }
	| { readonly type: 'read'; readonly id: number }
	/** One timer; a new one replaces it. */
	| { readonly type: 'timer'; readonly for: 'pause' | 'retry'; readonly failures: number }
	| { readonly type: 'stopTimer' }
	/** Show these texts: they didn't come from the editor. */
	| { readonly type: 'show'; readonly changes: Changes }
	/** Tell this browser's other tabs. */
	| { readonly type: 'announce'; readonly revision: number };

/** What is kept in the browser for one file until the server has it. */
export interface BackupEntry {
	/** What the work began from. */
	readonly base: Text;
	readonly mine: Text;
	/** Texts that were sent and not answered: finding one on the server is no conflict. */
	readonly sent: readonly Text[];
	/** The other's text, where a conflict was open. */
	readonly other?: Text;
}
