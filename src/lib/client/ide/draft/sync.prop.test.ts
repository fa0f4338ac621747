import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judge } from './reconcile.ts';
import { backupOf, openDraft, step, unsaved } from './sync.ts';
import type { BackupEntry, DraftEffect, DraftEvent, DraftState, Text } from './types.ts';

/**
 * Editors on one draft over a network that loses requests, loses answers and delivers late, with tabs that
 * die. A text is a set of tokens; typing adds one, a conflict is resolved by the union. So when all is
 * quiet again every token ever typed must be on the server, and every editor must show what it has.
 */
const paths = ['a', 'b'] as const;

class Server {
	revision = 1;
	files = new Map<string, string>(paths.map((path) => [path, '']));

	put(base: number, changes: ReadonlyMap<string, Text>): number | 'stale' {
		if (base !== this.revision) return 'stale';
		for (const [path, text] of changes) {
			if (text === null) this.files.delete(path);
			else this.files.set(path, text);
		}
		return ++this.revision;
	}
}

type Request = Extract<DraftEffect, { type: 'write' | 'read' }>;

class Editor {
	state: DraftState;
	kept = new Map<string, BackupEntry>();
	pending: Request | undefined;
	timer = false;
	readonly server: Server;

	constructor(server: Server) {
		this.server = server;
		this.state = openDraft(server.revision, server.files);
	}

	send(event: DraftEvent): void {
		const { state, effects } = step(this.state, event);
		this.state = state;
		for (const effect of effects) this.perform(effect);
		this.kept = backupOf(state);
	}

	perform(effect: DraftEffect): void {
		if (effect.type === 'write' || effect.type === 'read') {
			expect(this.pending, 'one request at a time').toBeUndefined();
			this.pending = effect;
		}
		if (effect.type === 'timer') this.timer = true;
		if (effect.type === 'stopTimer') this.timer = false;
	}

	type(path: string, token: string): void {
		const text = this.state.local.get(path) ?? '';
		this.send({ type: 'edited', changes: new Map([[path, union(text, token)]]) });
	}

	fire(): void {
		if (!this.timer) return;
		this.timer = false;
		this.send({ type: 'timer' });
	}

	/** The request arrives and the answer comes back. */
	answer(): void {
		const request = this.pending;
		if (!request) return;
		this.pending = undefined;
		this.send(this.outcome(request));
	}

	outcome(request: Request): DraftEvent {
		const { id } = request;
		if (request.type === 'read') {
			return { type: 'read', id, revision: this.server.revision, files: new Map(this.server.files) };
		}
		const revision = this.server.put(request.base, request.changes);
		return revision === 'stale' ? { type: 'stale', id } : { type: 'written', id, revision };
	}

	/** Gives up on the request; gives it back, since it may still arrive. */
	lose(): Request | undefined {
		const request = this.pending;
		if (!request) return undefined;
		this.pending = undefined;
		this.send({ type: 'failed', id: request.id });
		return request;
	}

	/** The tab dies and is opened again: only what was kept in the browser is left. */
	crash(): Request | undefined {
		const [request, kept] = [this.pending, this.kept];
		this.pending = undefined;
		this.timer = false;
		this.state = openDraft(this.server.revision, this.server.files);
		for (const [path, entry] of kept) this.send({ type: 'recovered', path, entry });
		return request;
	}

	resolve(): void {
		for (const [path, other] of this.state.conflicts) {
			this.send({ type: 'resolved', path, text: union(this.state.local.get(path) ?? '', other ?? '') });
		}
	}
}

function union(a: string, b: string): string {
	return [...new Set([...a.split(' '), ...b.split(' ')].filter(Boolean))].sort().join(' ');
}

const editors = fc.nat({ max: 2 });
const action = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.record({
			do: fc.constant('type' as const),
			editor: editors,
			path: fc.constantFrom(...paths)
		})
	},
	{ weight: 4, arbitrary: fc.record({ do: fc.constant('fire' as const), editor: editors }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), editor: editors }) },
	fc.record({ do: fc.constantFrom('loseRequest', 'loseAnswer', 'deliverLate'), editor: editors }),
	fc.record({
		do: fc.constantFrom('crash', 'crashLate', 'resolve', 'news', 'saveAsked', 'online'),
		editor: editors
	})
);

it('nothing that was typed is ever lost, and all editors end with the same files', () => {
	fc.assert(
		fc.property(fc.array(action, { maxLength: 80, size: 'max' }), (actions) => {
			const server = new Server();
			const tabs = [0, 1, 2].map(() => new Editor(server));
			const late: Request[] = [];
			const typed = new Map<string, Set<string>>(paths.map((path) => [path, new Set()]));
			for (const [i, act] of actions.entries()) {
				const tab = tabs[act.editor]!;
				switch (act.do) {
					case 'type':
						typed.get(act.path)!.add(`t${i}`);
						tab.type(act.path, `t${i}`);
						break;
					case 'loseRequest':
						tab.lose();
						break;
					case 'loseAnswer': {
						if (tab.pending) tab.outcome(tab.pending);
						tab.lose();
						break;
					}
					case 'deliverLate':
					case 'crashLate': {
						const request = act.do === 'crashLate' ? tab.crash() : tab.lose();
						if (request) late.push(request);
						const arriving = late.length > 1 ? late.shift() : undefined;
						if (arriving) tab.outcome(arriving);
						break;
					}
					case 'news':
						tab.send({ type: 'newsHeard', revision: server.revision });
						break;
					case 'saveAsked':
					case 'online':
						tab.send({ type: act.do });
						break;
					default:
						tab[act.do]();
				}
			}
			for (const request of late) tabs[0]!.outcome(request);
			settle(tabs);
			for (const path of paths) {
				expect(server.files.get(path)).toBe(union('', [...typed.get(path)!].join(' ')));
				for (const tab of tabs) expect(tab.state.local.get(path)).toBe(server.files.get(path));
			}
			for (const tab of tabs) {
				expect(unsaved(tab.state)).toEqual(new Set());
				expect(tab.kept.size).toBe(0);
			}
		}),
		{ numRuns: 2000 }
	);
});

/** A calm network: everything is answered, every conflict decided, until nothing moves. */
function settle(tabs: readonly Editor[]): void {
	for (let round = 0; round < 60; round++) {
		for (const tab of tabs) {
			tab.resolve();
			tab.fire();
			tab.answer();
		}
	}
	for (const tab of tabs) tab.send({ type: 'newsHeard', revision: undefined });
	for (let round = 0; round < 60; round++) {
		for (const tab of tabs) {
			tab.resolve();
			tab.fire();
			tab.answer();
		}
	}
	for (const tab of tabs) {
		tab.send({ type: 'newsHeard', revision: undefined });
		tab.answer();
		expect(tab.state.phase).toBe('idle');
	}
}

const texts = fc.constantFrom('', 'x', 'y', 'z');
const alone = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), text: texts }) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constantFrom('fire', 'answer') }) },
	fc.record({
		do: fc.constantFrom('loseRequest', 'loseAnswer', 'loseLate', 'arrive', 'crash', 'crashLate', 'news')
	})
);

it('an author alone never meets a conflict, and ends with the text typed last, undone edits included', () => {
	fc.assert(
		fc.property(fc.array(alone, { maxLength: 60, size: 'max' }), (actions) => {
			const server = new Server();
			const tab = new Editor(server);
			let late: Request | undefined;
			let last = '';
			for (const act of actions) {
				switch (act.do) {
					case 'write':
						last = act.text;
						tab.send({ type: 'edited', changes: new Map([['a', last]]) });
						break;
					case 'fire':
						tab.fire();
						break;
					case 'answer':
						tab.answer();
						break;
					case 'loseRequest':
						tab.lose();
						break;
					case 'loseAnswer':
						if (tab.pending) tab.outcome(tab.pending);
						tab.lose();
						break;
					case 'loseLate':
						late = tab.lose() ?? late;
						break;
					case 'arrive':
						if (late) tab.outcome(late);
						late = undefined;
						break;
					case 'crash':
						if (tab.pending) tab.outcome(tab.pending);
						tab.crash();
						break;
					case 'crashLate':
						late = tab.crash() ?? late;
						break;
					case 'news':
						tab.send({ type: 'newsHeard', revision: undefined });
				}
				expect(tab.state.conflicts.size).toBe(0);
				expect(tab.state.local.get('a')).toBe(last);
			}
			settle([tab]);
			if (late) tab.outcome(late);
			expect(server.files.get('a')).toBe(last);
		}),
		{ numRuns: 2000 }
	);
});

it('the verdict on a file never drops a text that is only here', () => {
	const text = fc.constantFrom(null, 'x', 'y', 'z');
	fc.assert(
		fc.property(text, text, text, fc.array(text, { maxLength: 2 }), (base, mine, theirs, sent) => {
			const verdict = judge(base, mine, theirs, sent);
			if (verdict === 'takeTheirs') expect(mine).toBe(base);
			if (verdict === 'same') expect(mine).toBe(theirs);
			if (verdict === 'keepMine') expect(theirs === base || sent.includes(theirs)).toBe(true);
		})
	);
});
