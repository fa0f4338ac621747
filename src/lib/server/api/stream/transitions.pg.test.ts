import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liveLimits } from '#core/live';
import { liveHouse, type LiveHouse } from '#support/live';

/**
 * SPEC.md's two tables of a reader's states, cell by cell. Both are total: a state or a request without its
 * answers is an error of types.
 */

/** Where a reader stands, as the server sees it by the reader's handle and offset. */
type State =
	/** No handle yet. */
	| 'fresh'
	/** After a chunk of the snapshot that is not the last. */
	| 'inside'
	/** After the last. */
	| 'complete'
	/** In the journal, and there is more for it. */
	| 'behind'
	/** In the journal, with everything. */
	| 'current'
	/** Beyond the journal. */
	| 'ahead'
	/** With a handle that is none of this shape any more. */
	| 'dead'
	/** Without the right to read. */
	| 'refused';

type Ask = 'first' | 'now' | 'read' | 'live' | 'events' | 'subset' | 'delete';

/** What is answered: rows of the snapshot or of a subset, changes, or neither. */
type Body = 'rows' | 'changes' | 'nothing' | 'error';
type Answer = readonly [status: number, body: Body, next: State];

const begins: Pick<Record<Ask, Answer>, 'first' | 'now'> = {
	first: [200, 'rows', 'inside'],
	now: [200, 'nothing', 'current']
};
const wrong: Answer = [400, 'error', 'fresh'];
const beyond: Answer = [400, 'error', 'ahead'];
const again: Answer = [409, 'error', 'fresh'];
const refused: Answer = [403, 'error', 'refused'];
const deleted: Answer = [202, 'nothing', 'dead'];

const table: Record<State, Record<Ask, Answer>> = {
	fresh: {
		...begins,
		read: wrong,
		live: wrong,
		events: wrong,
		subset: [200, 'rows', 'current'],
		delete: [202, 'nothing', 'fresh']
	},
	inside: {
		...begins,
		read: [200, 'rows', 'complete'],
		live: [200, 'rows', 'complete'],
		events: [200, 'rows', 'complete'],
		subset: [200, 'rows', 'inside'],
		delete: deleted
	},
	complete: {
		...begins,
		read: [200, 'nothing', 'current'],
		live: [200, 'nothing', 'current'],
		events: [200, 'nothing', 'complete'],
		subset: [200, 'rows', 'complete'],
		delete: deleted
	},
	behind: {
		...begins,
		read: [200, 'changes', 'current'],
		live: [200, 'changes', 'current'],
		events: [200, 'changes', 'current'],
		subset: [200, 'rows', 'behind'],
		delete: deleted
	},
	current: {
		...begins,
		read: [200, 'nothing', 'current'],
		live: [200, 'nothing', 'current'],
		events: [200, 'nothing', 'current'],
		subset: [200, 'rows', 'current'],
		delete: deleted
	},
	ahead: {
		...begins,
		read: beyond,
		live: beyond,
		events: beyond,
		subset: [200, 'rows', 'ahead'],
		delete: deleted
	},
	dead: { ...begins, read: again, live: again, events: again, subset: again, delete: deleted },
	refused: {
		first: refused,
		now: refused,
		read: refused,
		live: refused,
		events: refused,
		subset: refused,
		delete: refused
	}
};

/** What may happen while a reader who has everything waits. */
type Happening =
	| 'its rows change'
	| 'others change'
	| 'time is over'
	| 'its view is rebuilt'
	| 'the shape is deleted'
	| 'another is granted'
	| 'it may read other columns'
	| 'it may not read it any more'
	| 'its session ends'
	| 'the server stops';
type Wait = 'live' | 'events';
/** `ends`: the headers of a stream are out, so that it ends; the next request is told the status. */
type Outcome = readonly [end: number | 'ends' | 'goes on', body: Body];

const waits: Record<Happening, Record<Wait, Outcome>> = {
	'its rows change': { live: [200, 'changes'], events: ['goes on', 'changes'] },
	'others change': { live: ['goes on', 'nothing'], events: ['goes on', 'nothing'] },
	'time is over': { live: [200, 'nothing'], events: ['ends', 'nothing'] },
	'its view is rebuilt': { live: [409, 'error'], events: ['ends', 'nothing'] },
	'the shape is deleted': { live: [409, 'error'], events: ['ends', 'nothing'] },
	'another is granted': { live: ['goes on', 'nothing'], events: ['goes on', 'nothing'] },
	'it may read other columns': { live: [409, 'error'], events: ['ends', 'nothing'] },
	'it may not read it any more': { live: [403, 'error'], events: ['ends', 'nothing'] },
	'its session ends': { live: [401, 'error'], events: ['ends', 'nothing'] },
	'the server stops': { live: [503, 'error'], events: ['ends', 'nothing'] }
};

const waitMs = 700;
const column = (name: string, type: string, keyIndex?: number) => ({
	name,
	type,
	dims: 0,
	notNull: keyIndex !== undefined,
	...(keyIndex === undefined ? {} : { keyIndex })
});

async function openHouse(): Promise<LiveHouse> {
	const opened = await liveHouse({
		views: [
			{
				name: 'items',
				columns: [column('id', 'integer', 0), column('title', 'text'), column('cost', 'integer')]
			},
			{ name: 'noise', columns: [column('id', 'integer', 0)] }
		],
		access: {
			views: { items: { read: [{ roles: ['project-user'] }], columns: { cost: ['project-admin'] } } },
			commands: {}
		},
		deletion: true,
		timers: { longPollMs: waitMs, eventsMs: waitMs, keepAliveMs: 100 },
		limits: { ...liveLimits, snapshot: { ...liveLimits.snapshot, chunk: 20_000 } }
	});
	// Two chunks.
	await opened.write(`INSERT INTO i1.items SELECT n, 'title ' || n FROM generate_series(1, 200) n`);
	return opened;
}

let house: LiveHouse;
beforeAll(async () => void (house = await openHouse()));
afterAll(() => house?.stop());

/** A reader of a shape of its own. */
class Reader {
	static #made = 0;
	readonly name = `reader${++Reader.#made}`;
	readonly #house: LiveHouse;
	readonly #where = `id <> ${-Reader.#made}`;
	#handle: string | undefined;
	#offset = '-1';

	constructor(of: LiveHouse) {
		this.#house = of;
		of.grant(this.name, 'project-user');
	}

	ask(ask: Ask, signal?: AbortSignal): Promise<Response> {
		const place = {
			offset: this.#offset === '-1' ? '0_0' : this.#offset,
			...(this.#handle ? { handle: this.#handle } : {})
		};
		const params: Record<Ask, Record<string, string>> = {
			first: { offset: '-1' },
			now: { offset: 'now' },
			read: place,
			live: { ...place, live: 'true', cursor: '' },
			events: { ...place, live: 'true', live_sse: 'true', cursor: '' },
			subset: {
				...(this.#handle ? place : { offset: '-1' }),
				subset__order_by: 'id',
				subset__limit: '3'
			},
			delete: this.#handle ? { handle: this.#handle } : {}
		};
		const url = this.#house.shapeUrl({ table: 'tickets.items', where: this.#where, ...params[ask] });
		const headers = { authorization: `Bearer ${this.name}` };
		return fetch(url, {
			method: ask === 'delete' ? 'DELETE' : 'GET',
			headers,
			...(signal ? { signal } : {})
		});
	}

	async move(ask: Ask): Promise<void> {
		const { headers } = await this.ask(ask);
		this.#handle = headers.get('electric-handle') ?? this.#handle;
		this.#offset = headers.get('electric-offset') ?? this.#offset;
	}

	async reach(state: State): Promise<void> {
		const steps: Record<State, () => Promise<unknown>> = {
			fresh: async () => {},
			inside: () => this.move('first'),
			complete: async () => {
				await this.reach('inside');
				await this.move('read');
			},
			behind: async () => {
				await this.reach('current');
				await this.change();
			},
			// Not by the snapshot alone: its end may be the end of the journal.
			current: async () => {
				await this.move('first');
				await this.change();
				for (const _ of [1, 2, 3]) await this.move('read');
			},
			ahead: async () => {
				await this.reach('current');
				this.#offset = '1000000_0';
			},
			dead: async () => {
				await this.reach('current');
				await this.ask('delete');
			},
			refused: async () => {
				await this.reach('current');
				this.#house.grant(this.name);
			}
		};
		await steps[state]();
	}

	change(): Promise<bigint> {
		return this.#house.write(`UPDATE i1.items SET title = title || '.' WHERE id = 7`);
	}
}

interface Message {
	readonly key?: string;
	readonly headers: { readonly control?: string; readonly lsn?: string };
}

/** The messages of an answer of any form. */
function messagesOf(text: string, type: string | null): readonly Message[] {
	if (type?.startsWith('text/event-stream')) {
		return text
			.split('\n')
			.flatMap((line) => (line.startsWith('data: ') ? (JSON.parse(line.slice(6)) as Message) : []));
	}
	const json = JSON.parse(text) as Message[] | { data?: Message[] };
	return Array.isArray(json) ? json : (json.data ?? []);
}

function bodyOf(status: number, messages: readonly Message[]): Body {
	if (status >= 400) return 'error';
	const first = messages.find(({ key }) => key !== undefined);
	if (!first) return 'nothing';
	return first.headers.lsn === undefined ? 'rows' : 'changes';
}

/** The state that an answer leaves its reader in. */
function nextOf(before: State, ask: Ask, response: Response, messages: readonly Message[]): State {
	const { status, headers } = response;
	if (status === 403) return 'refused';
	if (status === 409) return 'fresh';
	if (status === 202) return before === 'fresh' ? 'fresh' : 'dead';
	if (status !== 200) return before;
	if (ask === 'subset') return before === 'fresh' ? 'current' : before;
	if (headers.has('electric-up-to-date')) return 'current';
	if (messages.some((message) => message.headers.control === 'up-to-date')) return 'current';
	if (messages.some((message) => message.headers.control === 'snapshot-end')) return 'complete';
	return headers.get('electric-offset') === '0_0' && ask !== 'events' ? 'inside' : before;
}

const cells = Object.entries(table).flatMap(([state, row]) =>
	Object.entries(row).map(([ask, answer]) => [state, ask, ...answer] as [State, Ask, ...Answer])
);

describe('a reader who is', () => {
	test.each(cells)(
		'%s and asks for %s is answered %d with %s, and is %s',
		async (state, ask, status, body, next) => {
			const reader = new Reader(house);
			await reader.reach(state);
			const response = await reader.ask(ask);
			const text = await response.text();
			const messages =
				response.status < 400 && text !== '{}' ? messagesOf(text, response.headers.get('content-type')) : [];
			expect([
				response.status,
				bodyOf(response.status, messages),
				nextOf(state, ask, response, messages)
			]).toEqual([status, body, next]);
			if (status === 409) expect(response.headers.get('electric-handle')).toBeTruthy();
		}
	);
});

/** Makes it happen to a reader that waits. */
const happen: Record<Happening, (reader: Reader, to: LiveHouse) => unknown> = {
	'its rows change': (reader) => reader.change(),
	'others change': (_reader, to) =>
		to.write(`INSERT INTO i1.noise SELECT coalesce(max(id), 0) + 1 FROM i1.noise`),
	'time is over': () => new Promise((resolve) => setTimeout(resolve, waitMs)),
	'its view is rebuilt': (_reader, to) => {
		to.rebuild('items');
		to.advance();
	},
	'the shape is deleted': (reader) => reader.ask('delete'),
	'another is granted': (_reader, to) => to.grant('another', 'project-user'),
	'it may read other columns': ({ name }, to) => to.grant(name, 'project-admin', 'project-user'),
	'it may not read it any more': ({ name }, to) => to.grant(name),
	'its session ends': ({ name }, to) => to.signOut(name),
	'the server stops': (_reader, to) => to.stream.close()
};

const waitCells = Object.entries(waits).flatMap(([happening, row]) =>
	Object.entries(row).map(([wait, outcome]) => [wait, happening, ...outcome] as [Wait, Happening, ...Outcome])
);

describe('a reader who waits by', () => {
	test.each(waitCells)('%s while %s: %s, with %s', async (wait, happening, end, body) => {
		const own = happening === 'the server stops' ? await openHouse() : house;
		const reader = new Reader(own);
		await reader.reach('current');
		const before = own.stream.stats().readers;
		const leave = new AbortController();
		const asked = performance.now();
		const asking = reader.ask(wait, leave.signal);
		while (own.stream.stats().readers === before) await new Promise((resolve) => setTimeout(resolve, 2));
		await happen[happening](reader, own);
		const response = await asking;
		const text = await response.text();
		const took = performance.now() - asked;
		const messages = response.status < 400 ? messagesOf(text, response.headers.get('content-type')) : [];
		expect(bodyOf(response.status, messages)).toBe(body);
		// What goes on ends by its time alone; everything else does so at once.
		const isBySelf = end === 'goes on' || happening === 'time is over';
		if (isBySelf) expect(took).toBeGreaterThan(waitMs * 0.9);
		else expect(took).toBeLessThan(waitMs * 0.9);
		expect(response.status).toBe(typeof end === 'number' ? end : 200);
		if (own !== house) await own.stop();
	});
});
