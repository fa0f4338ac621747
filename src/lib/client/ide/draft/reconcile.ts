import type { Attempt, BackupEntry, DraftState, Text } from './types.ts';

export function textOf(files: ReadonlyMap<string, string>, path: string): Text {
	return files.get(path) ?? null;
}

export function withText(files: Map<string, string>, path: string, text: Text): void {
	if (text === null) files.delete(path);
	else files.set(path, text);
}

/** Texts of a path that were sent and not answered. */
export function sentTexts(attempts: readonly Attempt[], path: string): Text[] {
	return attempts.flatMap(({ changes }) => (changes.has(path) ? [changes.get(path)!] : []));
}

type Verdict = 'same' | 'keepMine' | 'takeTheirs' | 'conflict';

/**
 * What becomes of one file, edited from `base` here (`mine`) and found on the server as `theirs`. A text
 * that was sent from here without an answer is ours, whatever else was typed since: undoing an edit whose
 * write is in doubt is an edit too.
 */
export function judge(base: Text, mine: Text, theirs: Text, sent: readonly Text[]): Verdict {
	if (theirs === mine) return 'same';
	if (theirs === base) return 'keepMine';
	if (sent.includes(theirs)) return 'keepMine';
	return mine === base ? 'takeTheirs' : 'conflict';
}

/** The server's files have arrived: every file is judged; `shown` are texts taken over from there. */
export function takeOver(
	state: DraftState,
	revision: number,
	files: ReadonlyMap<string, string>
): { state: DraftState; shown: Map<string, Text> } {
	const local = new Map(state.local);
	const conflicts = new Map(state.conflicts);
	const shown = new Map<string, Text>();
	for (const path of new Set([...state.base.keys(), ...state.local.keys(), ...files.keys()])) {
		const theirs = textOf(files, path);
		const mine = textOf(state.local, path);
		const sent = sentTexts(state.doubts, path);
		switch (judge(textOf(state.base, path), mine, theirs, sent)) {
			case 'same':
				conflicts.delete(path);
				break;
			case 'keepMine':
				break;
			case 'takeTheirs':
				conflicts.delete(path);
				withText(local, path, theirs);
				shown.set(path, theirs);
				break;
			case 'conflict':
				conflicts.set(path, theirs);
		}
	}
	const doubts = state.doubts.filter((attempt) => attempt.base >= revision);
	return { state: { ...state, revision, base: new Map(files), local, conflicts, doubts }, shown };
}

/** Unsaved work of a tab that died joins the draft; undefined where it can't yet, and must stay kept. */
export function recover(state: DraftState, path: string, entry: BackupEntry): DraftState | undefined {
	const mine = textOf(state.local, path);
	const server = textOf(state.base, path);
	const doubts = [...state.doubts, ...doubtsOf(state.revision, path, entry.sent)];
	if (entry.mine === mine) return { ...state, doubts };
	if (mine !== server) {
		if (state.conflicts.has(path)) return undefined;
		return { ...state, doubts, conflicts: with1(state.conflicts, path, entry.mine) };
	}
	const local = new Map(state.local);
	withText(local, path, entry.mine);
	const other = otherText(entry, server);
	const conflicts = other === undefined ? state.conflicts : with1(state.conflicts, path, other);
	return { ...state, local, doubts, conflicts };
}

/** The text that the author has to decide about: what was open before, or what the server has by now. */
function otherText(entry: BackupEntry, server: Text): Text | undefined {
	if (judge(entry.base, entry.mine, server, entry.sent) === 'conflict') return server;
	return entry.other;
}

function doubtsOf(base: number, path: string, sent: readonly Text[]): Attempt[] {
	return sent.map((text) => ({ base, changes: new Map([[path, text]]) }));
}

function with1(map: ReadonlyMap<string, Text>, path: string, text: Text): Map<string, Text> {
	return new Map(map).set(path, text);
}
