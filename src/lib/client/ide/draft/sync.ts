/**
 * Keeps a draft in step with the server: one request at a time, nothing typed is ever lost. Pure; SPEC.md
 * has its invariants. `step` looks the pair of phase and event up in a table without gaps.
 */
import { recover, sentTexts, takeOver, textOf, withText } from './reconcile.ts';
import type { BackupEntry, Changes, DraftEffect, DraftEvent, DraftState, Phase, Text } from './types.ts';

export interface Step {
	readonly state: DraftState;
	readonly effects: readonly DraftEffect[];
}

/** A draft as it was just read from the server. */
export function openDraft(revision: number, files: ReadonlyMap<string, string>): DraftState {
	return {
		phase: 'idle',
		revision,
		base: new Map(files),
		local: new Map(files),
		conflicts: new Map(),
		doubts: [],
		flight: undefined,
		nextId: 1,
		behind: false,
		urgent: false,
		failures: 0,
		refusal: undefined
	};
}

/** Files that the server doesn't surely have as they are here. */
export function unsaved(state: DraftState): Set<string> {
	const paths = new Set(state.conflicts.keys());
	for (const path of new Set([...state.local.keys(), ...state.base.keys()])) {
		if (textOf(state.local, path) !== textOf(state.base, path)) paths.add(path);
	}
	for (const { changes } of state.doubts) for (const path of changes.keys()) paths.add(path);
	return paths;
}

/** What must outlive the tab. */
export function backupOf(state: DraftState): Map<string, BackupEntry> {
	const attempts = state.flight ? [...state.doubts, state.flight] : state.doubts;
	const paths = unsaved(state);
	for (const path of state.flight?.changes.keys() ?? []) paths.add(path);
	return new Map(
		[...paths].map((path) => {
			const other = state.conflicts.get(path);
			return [
				path,
				{
					base: textOf(state.base, path),
					mine: textOf(state.local, path),
					sent: sentTexts(attempts, path),
					...(other === undefined ? {} : { other })
				}
			];
		})
	);
}

export function step(state: DraftState, event: DraftEvent): Step {
	const handle = table[state.phase][event.type] as Handler<DraftEvent>;
	return handle(state, event);
}

type Handler<E> = (state: DraftState, event: E) => Step;
type EventOf<T extends DraftEvent['type']> = Extract<DraftEvent, { type: T }>;
type Row = { readonly [T in DraftEvent['type']]: Handler<EventOf<T>> };

const stay: Handler<unknown> = (state) => ({ state, effects: [] });

/* Edits: the author's text is taken in every phase; what follows depends on the phase. */

const edit: Handler<EventOf<'edited'>> = (state, { changes }) => {
	const local = new Map(state.local);
	const conflicts = new Map(state.conflicts);
	for (const [path, text] of changes) {
		withText(local, path, text);
		if (conflicts.get(path) === text) conflicts.delete(path);
	}
	return { state: { ...state, local, conflicts }, effects: [] };
};

const resolve: Handler<EventOf<'resolved'>> = (state, { path, text }) => {
	const conflicts = new Map(state.conflicts);
	conflicts.delete(path);
	const edited = edit(state, { type: 'edited', changes: new Map([[path, text]]) }).state;
	const isNew = textOf(state.local, path) !== text;
	return { state: { ...edited, conflicts }, effects: isNew ? [show(new Map([[path, text]]))] : [] };
};

const restore: Handler<EventOf<'recovered'>> = (state, { path, entry }) => {
	const recovered = recover(state, path, entry) ?? state;
	const before = textOf(state.local, path);
	const after = textOf(recovered.local, path);
	return { state: recovered, effects: before === after ? [] : [show(new Map([[path, after]]))] };
};

/* What comes next. */

/** Runs `first`, then `next` on what it made. */
function then<E>(first: Handler<E>, next: (state: DraftState) => Step): Handler<E> {
	return (state, event) => {
		const one = first(state, event);
		const two = next(one.state);
		return { state: two.state, effects: [...one.effects, ...two.effects] };
	};
}

/** Files to write: unsaved, and not waiting for the author's decision. */
function sendable(state: DraftState): Changes {
	const changes = new Map<string, Text>();
	for (const path of unsaved(state))
		if (!state.conflicts.has(path)) changes.set(path, textOf(state.local, path));
	return changes;
}

/** Waits for a pause in typing, where there is something to write. */
function pause(state: DraftState): Step {
	if (state.behind) return fetch(state);
	if (sendable(state).size === 0) return rest(state);
	if (state.urgent) return send(state);
	return { state: { ...state, phase: 'waiting', refusal: undefined }, effects: [timer('pause', 0)] };
}

function rest(state: DraftState): Step {
	return {
		state: { ...state, phase: 'idle', urgent: false, refusal: undefined },
		effects: [{ type: 'stopTimer' }]
	};
}

/** Reads or writes now, whichever is needed. */
function go(state: DraftState): Step {
	return state.behind ? fetch(state) : send(state);
}

function send(state: DraftState): Step {
	const changes = sendable(state);
	if (changes.size === 0) return rest(state);
	const id = state.nextId;
	const flight = { id, base: state.revision, changes };
	return {
		state: { ...state, phase: 'saving', flight, nextId: id + 1, urgent: false, refusal: undefined },
		effects: [{ type: 'stopTimer' }, { type: 'write', ...flight }]
	};
}

function fetch(state: DraftState): Step {
	const id = state.nextId;
	const flight = { id, base: state.revision, changes: new Map() };
	return {
		state: { ...state, phase: 'fetching', flight, nextId: id + 1, behind: false, refusal: undefined },
		effects: [{ type: 'stopTimer' }, { type: 'read', id }]
	};
}

/* Answers. One to a request that is no longer awaited says nothing. */

const isRead = (state: DraftState) => state.flight?.changes.size === 0;

function awaited<E extends { id: number }>(handler: Handler<E>): Handler<E> {
	return (state, event) => (event.id === state.flight?.id ? handler(state, event) : { state, effects: [] });
}

const written = awaited<EventOf<'written'>>((state, { revision }) => {
	const base = new Map(state.base);
	for (const [path, text] of state.flight!.changes) withText(base, path, text);
	const doubts = state.doubts.filter((attempt) => attempt.base >= revision);
	const next = pause({ ...state, revision, base, doubts, flight: undefined, failures: 0 });
	return { state: next.state, effects: [{ type: 'announce', revision }, ...next.effects] };
});

const stale = awaited<EventOf<'stale'>>((state) => fetch({ ...state, flight: undefined, failures: 0 }));

const read = awaited<EventOf<'read'>>((state, { revision, files }) => {
	const answered = { ...state, flight: undefined, failures: 0 };
	// An older state than the one we know of, from a cache on the way: nothing is learned from it.
	if (revision < state.revision) return pause(answered);
	const { state: merged, shown } = takeOver(answered, revision, files);
	const next = pause(merged);
	return { state: next.state, effects: [...(shown.size > 0 ? [show(shown)] : []), ...next.effects] };
});

const failed = awaited<EventOf<'failed'>>((state) => {
	const doubts = isRead(state) ? state.doubts : [...state.doubts, state.flight!];
	const failures = state.failures + 1;
	const behind = state.behind || isRead(state);
	return {
		state: { ...state, phase: 'retrying', flight: undefined, doubts, failures, behind },
		effects: [timer('retry', failures)]
	};
});

const refused = awaited<EventOf<'refused'>>((state, { refusal }) => ({
	state: {
		...state,
		phase: 'refused',
		flight: undefined,
		urgent: false,
		refusal,
		behind: state.behind || isRead(state)
	},
	effects: [{ type: 'stopTimer' }]
}));

/* News and haste. */

const isNews = (state: DraftState, revision: number | undefined) =>
	revision === undefined || revision > state.revision;

const news: Handler<EventOf<'newsHeard'>> = (state, { revision }) =>
	isNews(state, revision) ? fetch(state) : { state, effects: [] };

/** While a request is on its way. A bare suspicion is dropped: the answer tells. */
const newsLater: Handler<EventOf<'newsHeard'>> = (state, { revision }) => ({
	state: revision !== undefined && isNews(state, revision) ? { ...state, behind: true } : state,
	effects: []
});

const hurry: Handler<unknown> = (state) => ({ state: { ...state, urgent: true }, effects: [] });

function timer(kind: 'pause' | 'retry', failures: number): DraftEffect {
	return { type: 'timer', for: kind, failures };
}

function show(changes: Changes): DraftEffect {
	return { type: 'show', changes };
}

/** No request is on its way in these phases. */
const unasked = { written: stay, stale: stay, read: stay, failed: stay, refused: stay } as const;

const table: { readonly [P in Phase]: Row } = {
	idle: {
		...unasked,
		edited: then(edit, pause),
		resolved: then(resolve, pause),
		recovered: then(restore, pause),
		timer: stay,
		saveAsked: stay,
		newsHeard: news,
		online: stay
	},
	waiting: {
		...unasked,
		edited: then(edit, pause),
		resolved: then(resolve, pause),
		recovered: then(restore, pause),
		timer: go,
		saveAsked: go,
		newsHeard: news,
		online: stay
	},
	saving: {
		edited: edit,
		resolved: resolve,
		recovered: restore,
		timer: stay,
		saveAsked: hurry,
		newsHeard: newsLater,
		online: stay,
		written,
		stale,
		read: stay,
		failed,
		refused
	},
	fetching: {
		edited: edit,
		resolved: resolve,
		recovered: restore,
		timer: stay,
		saveAsked: hurry,
		newsHeard: newsLater,
		online: stay,
		written: stay,
		stale: stay,
		read,
		failed,
		refused
	},
	retrying: {
		...unasked,
		edited: edit,
		resolved: resolve,
		recovered: restore,
		timer: go,
		saveAsked: go,
		newsHeard: news,
		online: go
	},
	refused: {
		...unasked,
		edited: then(edit, pause),
		resolved: then(resolve, pause),
		recovered: then(restore, pause),
		timer: stay,
		saveAsked: go,
		newsHeard: news,
		online: stay
	}
};
