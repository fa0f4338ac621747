import { describe, expect, it } from 'vitest';
import { backupOf, openDraft, step, unsaved } from './sync.ts';
import type { DraftEffect, DraftEvent, DraftState, Text } from './types.ts';

/** Runs events from a state; gives the last state and all effects. */
function run(state: DraftState, ...events: DraftEvent[]): { state: DraftState; effects: DraftEffect[] } {
	const effects: DraftEffect[] = [];
	for (const event of events) {
		const next = step(state, event);
		effects.push(...next.effects);
		state = next.state;
	}
	return { state, effects };
}

const opened = openDraft(
	3,
	new Map([
		['a', 'A'],
		['b', 'B']
	])
);
const edited = (path: string, text: Text): DraftEvent => ({
	type: 'edited',
	changes: new Map([[path, text]])
});
const timer: DraftEvent = { type: 'timer' };
const read = (id: number, revision: number, files: Record<string, string>): DraftEvent => ({
	type: 'read',
	id,
	revision,
	files: new Map(Object.entries(files))
});
const writes = (effects: DraftEffect[]) => effects.filter((effect) => effect.type === 'write');

describe('saving', () => {
	it('waits for a pause, then writes what changed against the revision it was made from', () => {
		const { state, effects } = run(opened, edited('a', 'A1'), edited('a', 'A2'), timer);
		expect(state.phase).toBe('saving');
		expect(writes(effects)).toEqual([{ type: 'write', id: 1, base: 3, changes: new Map([['a', 'A2']]) }]);
	});

	it('is saved when the answer came, and other tabs are told', () => {
		const { state, effects } = run(opened, edited('a', 'A1'), timer, { type: 'written', id: 1, revision: 4 });
		expect(state).toMatchObject({ phase: 'idle', revision: 4 });
		expect(unsaved(state)).toEqual(new Set());
		expect(effects).toContainEqual({ type: 'announce', revision: 4 });
	});

	it('writes later edits in the next request, never two at once', () => {
		const { state, effects } = run(opened, edited('a', 'A1'), timer, edited('a', 'A2'), timer, {
			type: 'saveAsked'
		});
		expect(writes(effects)).toHaveLength(1);
		const after = run(state, { type: 'written', id: 1, revision: 4 });
		expect(writes(after.effects)).toEqual([
			{ type: 'write', id: 2, base: 4, changes: new Map([['a', 'A2']]) }
		]);
	});

	it('deletes and renames in one write', () => {
		const rename: DraftEvent = {
			type: 'edited',
			changes: new Map([
				['a', null],
				['c', 'A']
			])
		};
		const { effects } = run(opened, rename, timer);
		expect(writes(effects)[0]).toMatchObject({
			changes: new Map([
				['a', null],
				['c', 'A']
			])
		});
	});

	it('an edit that is undone before the pause is not written', () => {
		const { state, effects } = run(opened, edited('a', 'A1'), edited('a', 'A'), timer);
		expect(writes(effects)).toEqual([]);
		expect(state.phase).toBe('idle');
	});
});

describe('failure', () => {
	const failedOnce = run(opened, edited('a', 'A1'), timer, { type: 'failed', id: 1 }).state;

	it('retries by itself, with everything that was typed meanwhile', () => {
		expect(failedOnce.phase).toBe('retrying');
		const { effects } = run(failedOnce, edited('a', 'A2'), timer);
		expect(writes(effects)).toEqual([{ type: 'write', id: 2, base: 3, changes: new Map([['a', 'A2']]) }]);
	});

	it('retries at once when the browser is online again', () => {
		expect(writes(run(failedOnce, { type: 'online' }).effects)).toHaveLength(1);
	});

	it('a write that landed without an answer is no conflict', () => {
		const { state } = run(
			failedOnce,
			edited('a', 'A2'),
			timer,
			{ type: 'stale', id: 2 },
			read(3, 4, { a: 'A1', b: 'B' })
		);
		expect(state.conflicts.size).toBe(0);
		expect(state.local.get('a')).toBe('A2');
		expect(unsaved(state)).toEqual(new Set(['a']));
	});

	it('undoing an edit whose write is in doubt is written too', () => {
		const { state, effects } = run(failedOnce, edited('a', 'A'), timer);
		expect(writes(effects)).toEqual([{ type: 'write', id: 2, base: 3, changes: new Map([['a', 'A']]) }]);
		const after = run(state, { type: 'stale', id: 2 }, read(3, 4, { a: 'A1', b: 'B' }));
		expect(after.state.local.get('a')).toBe('A');
		expect(unsaved(after.state)).toEqual(new Set(['a']));
	});

	it('a doubt outlives a read at the revision that it was sent to: the write may land yet', () => {
		const undone = run(failedOnce, edited('a', 'A'), { type: 'newsHeard', revision: undefined }).state;
		const { state, effects } = run(undone, read(2, 3, { a: 'A', b: 'B' }), timer);
		expect(writes(effects)).toEqual([{ type: 'write', id: 3, base: 3, changes: new Map([['a', 'A']]) }]);
		expect(run(state, { type: 'written', id: 3, revision: 4 }).state.doubts).toEqual([]);
	});

	it('a refusal says why and waits for the next edit', () => {
		const refusal = { code: 'permission_denied', message: 'You may not build here.' };
		const { state } = run(opened, edited('a', 'A1'), timer, { type: 'refused', id: 1, refusal }, timer);
		expect(state).toMatchObject({ phase: 'refused', refusal });
		expect(run(state, edited('a', 'A2')).state.phase).toBe('waiting');
	});

	it('an answer to a request that was given up says nothing', () => {
		const late = run(failedOnce, { type: 'written', id: 1, revision: 9 });
		expect(late.state).toEqual(failedOnce);
	});
});

describe('somebody else', () => {
	it('files that are not edited here are taken over silently', () => {
		const { state, effects } = run(
			opened,
			edited('a', 'A1'),
			timer,
			{ type: 'stale', id: 1 },
			read(2, 5, { a: 'A', b: 'B9', c: 'C' })
		);
		expect(state.conflicts.size).toBe(0);
		expect(effects).toContainEqual({
			type: 'show',
			changes: new Map([
				['b', 'B9'],
				['c', 'C']
			])
		});
		expect(writes(run(state, timer).effects)).toEqual([
			{ type: 'write', id: 3, base: 5, changes: new Map([['a', 'A1']]) }
		]);
	});

	const conflict = run(
		opened,
		edited('a', 'mine'),
		edited('b', 'B1'),
		timer,
		{ type: 'stale', id: 1 },
		read(2, 5, { a: 'theirs', b: 'B' })
	).state;

	it('a file edited on both sides keeps both, and only that one waits', () => {
		expect(conflict.conflicts).toEqual(new Map([['a', 'theirs']]));
		expect(conflict.local.get('a')).toBe('mine');
		expect(writes(run(conflict, timer).effects)[0]).toMatchObject({ changes: new Map([['b', 'B1']]) });
	});

	it.each([
		['mine', 'mine', ['a', 'b'], false],
		['theirs', 'theirs', ['b'], true],
		['both', 'both', ['a', 'b'], true]
	])('the choice of %s is what is saved', (_name, text, paths, shown) => {
		const { state, effects } = run(conflict, { type: 'resolved', path: 'a', text }, timer);
		expect(state.conflicts.size).toBe(0);
		expect([...writes(effects)[0]!.changes.keys()]).toEqual(paths);
		expect(effects.some((effect) => effect.type === 'show')).toBe(shown);
	});

	it('a file deleted there and edited here is a conflict', () => {
		const { state } = run(
			opened,
			edited('a', 'mine'),
			{ type: 'newsHeard', revision: 4 },
			read(1, 4, { b: 'B' })
		);
		expect(state.conflicts).toEqual(new Map([['a', null]]));
	});

	it('news of another tab is fetched, old news is not', () => {
		expect(run(opened, { type: 'newsHeard', revision: 4 }).state.phase).toBe('fetching');
		expect(run(opened, { type: 'newsHeard', revision: 3 }).state.phase).toBe('idle');
	});

	it('news during a write is fetched after it', () => {
		const { state } = run(
			opened,
			edited('a', 'A1'),
			timer,
			{ type: 'newsHeard', revision: 5 },
			{ type: 'written', id: 1, revision: 4 }
		);
		expect(state.phase).toBe('fetching');
	});
});

describe('a tab that died', () => {
	const reopen = (state: DraftState, revision: number, files: Record<string, string>) => {
		const events = [...backupOf(state)].map(([path, entry]): DraftEvent => ({
			type: 'recovered',
			path,
			entry
		}));
		return run(openDraft(revision, new Map(Object.entries(files))), ...events).state;
	};

	it('comes back with what it had not saved', () => {
		const state = reopen(run(opened, edited('a', 'A1')).state, 3, { a: 'A', b: 'B' });
		expect(state).toMatchObject({ phase: 'waiting' });
		expect(state.local.get('a')).toBe('A1');
	});

	it('whose write had landed finds nothing to do', () => {
		const state = reopen(run(opened, edited('a', 'A1'), timer).state, 4, { a: 'A1', b: 'B' });
		expect(state.conflicts.size).toBe(0);
		expect(state.local.get('a')).toBe('A1');
	});

	it('whose write had landed before more was typed keeps what was typed', () => {
		const state = reopen(run(opened, edited('a', 'A1'), timer, edited('a', 'A2')).state, 4, {
			a: 'A1',
			b: 'B'
		});
		expect(state.conflicts.size).toBe(0);
		expect(state.local.get('a')).toBe('A2');
	});

	it('finds a conflict where somebody wrote meanwhile', () => {
		const state = reopen(run(opened, edited('a', 'A1')).state, 4, { a: 'theirs', b: 'B' });
		expect(state.conflicts).toEqual(new Map([['a', 'theirs']]));
		expect(state.local.get('a')).toBe('A1');
	});

	it('with an open conflict has it open again', () => {
		const conflict = run(
			opened,
			edited('a', 'mine'),
			{ type: 'newsHeard', revision: 4 },
			read(1, 4, { a: 'theirs', b: 'B' })
		);
		const state = reopen(conflict.state, 4, { a: 'theirs', b: 'B' });
		expect(state.conflicts).toEqual(new Map([['a', 'theirs']]));
		expect(state.local.get('a')).toBe('mine');
	});
});
