import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '#kernel';
import type { JournalOffset } from '#engine/shape';
import type { ViewColumn, ViewSpec } from '#engine/view';
import type { Installation } from '#core/tenancy';
import type { JournalRow, LiveView, Position } from '#core/views';
import { Feeds } from './feeds.ts';
import { resolveShape } from './resolve.ts';
import { openTail, type Tail } from './tail.ts';
import type { ResolvedShape } from './types.ts';

type Row = Record<string, string | null>;

const column = (name: string, type: string): ViewColumn => ({ name, type, dims: 0, notNull: false });
const columns = [{ ...column('id', 'integer'), keyIndex: 0 }, column('a', 'text'), column('n', 'integer')];
const specs = ['one', 'two'].map(
	(name) => ({ name, hash: name, columns, opaqueKey: false }) as unknown as ViewSpec
);
const installation = {
	id: 'n1',
	module: 'm',
	release: {
		hash: 'r',
		artifact: { manifest: { name: 'm', access: { views: {}, commands: {} } }, views: specs }
	}
} as unknown as Installation;

/** Two views in memory, with the journal of their changes. */
class Model {
	readonly journal: JournalRow[] = [];
	/** The state of both views after every batch. */
	readonly states: Map<string, Row>[][] = [[new Map(), new Map()]];
	readonly generations = [1, 1];
	readonly #listeners = new Set<(position: Position) => void>();

	get seq(): bigint {
		return BigInt(this.states.length - 1);
	}

	commit(writes: readonly { view: number; id: number; row: Row | null }[]): void {
		const state = this.states.at(-1)!.map((rows) => new Map(rows));
		const seq = this.seq + 1n;
		let op = 0;
		const touched = new Map(writes.map((write) => [`${write.view} ${write.id}`, write]));
		for (const { view, id, row } of touched.values()) {
			const key = `"${id}"`;
			const old = state[view]!.get(key) ?? null;
			if (row) state[view]!.set(key, { id: String(id), ...row });
			else state[view]!.delete(key);
			const after = state[view]!.get(key) ?? null;
			if (JSON.stringify(old) === JSON.stringify(after)) continue;
			const operation = old === null ? 'insert' : after === null ? 'delete' : 'update';
			this.journal.push({ seq, op: op++, view, operation, key, old, new: after, txids: [seq] });
		}
		this.states.push(state);
		for (const listener of this.#listeners) listener({ seq });
	}

	readonly views = {
		position: () => ({ seq: this.seq }),
		onAdvance: (listener: (position: Position) => void) => {
			this.#listeners.add(listener);
			return () => this.#listeners.delete(listener);
		},
		journal: async (after: Position, limit: number, view?: number) => {
			const rows = this.journal.filter(
				(row) => row.seq > after.seq && (view === undefined || row.view === view)
			);
			return rows.filter((row) => row.seq <= (rows[limit - 1]?.seq ?? row.seq));
		},
		find: (_installation: unknown, hash: string): LiveView => {
			const id = specs.findIndex((spec) => spec.hash === hash);
			return { id, spec: specs[id]!, schema: 's', stateSchema: 's', generation: this.generations[id]! };
		}
	};

	shape(view: number, where: string | undefined, replica: 'default' | 'full'): ResolvedShape {
		const origin = { instance: 'i', timeline: '1' };
		const request = {
			installation,
			view: specs[view]!.name,
			roles: new Set(['project-admin']),
			principal: 'p'
		};
		return resolveShape({ ...request, where, replica }, this.views, origin);
	}

	/** The rows of a shape as of a batch. */
	rows(shape: ResolvedShape, seq: bigint): Map<string, Row> {
		const rows = this.states[Number(seq)]![shape.view.id]!;
		return new Map([...rows].filter(([, row]) => shape.includes(row)));
	}
}

/** A client: replays messages and checks that each fits what it holds. */
class Reader {
	readonly #model: Model;
	readonly #rows: Map<string, Row>;
	readonly shape: ResolvedShape;
	place: JournalOffset;

	constructor(model: Model, shape: ResolvedShape, seq: bigint) {
		this.#model = model;
		this.shape = shape;
		this.#rows = model.rows(shape, seq);
		this.place = { kind: 'journal', seq, op: 0 };
	}

	async read(feeds: Feeds, tail: Tail, viaEvents: boolean): Promise<void> {
		const page = await feeds.open(this.shape, tail).read(this.place);
		if (page === 'gone') throw new Error('the journal keeps everything here');
		for (const text of page.messages) this.#apply(JSON.parse(text));
		// Under SSE the client makes its offset of the up-to-date message.
		this.place = viaEvents && page.upToDate ? { kind: 'journal', seq: page.seq, op: 0 } : page.offset;
		if (page.upToDate) expect(this.#rows).toEqual(this.#model.rows(this.shape, page.seq));
	}

	#apply(message: { key: string; value: Row; headers: { operation: string } }): void {
		const key = message.key.slice(message.key.indexOf('/') + 1);
		const held = this.#rows.get(key);
		switch (message.headers.operation) {
			case 'insert':
				expect(held, `a second insert of ${key}`).toBeUndefined();
				this.#rows.set(key, message.value);
				break;
			case 'update':
				expect(held, `an update of ${key}, which is not held`).toBeDefined();
				this.#rows.set(key, { ...held, ...message.value });
				break;
			default:
				expect(this.#rows.delete(key), `a delete of ${key}, which is not held`).toBe(true);
		}
	}
}

const text = fc.constantFrom('x', 'y', 'z', null);
const number = fc.option(fc.integer({ min: 0, max: 4 }).map(String), { nil: null });
const write = fc.record({
	view: fc.integer({ min: 0, max: 1 }),
	id: fc.integer({ min: 1, max: 6 }),
	row: fc.option(fc.record({ a: text, n: number }), { nil: null })
});
const where = fc.constantFrom(
	undefined,
	`a = 'x'`,
	`a = 'y' AND n > 1`,
	`n = 2`,
	`n IN (1, 3) OR a IS NULL`,
	`NOT (a = 'z')`,
	`a LIKE '%y%' OR n < 1`,
	`a = 'x' AND n = 2`,
	`id = 3`
);
const step = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({ kind: fc.constant('commit' as const), writes: fc.array(write, { maxLength: 8 }) })
	},
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant('join' as const),
			view: fc.integer({ min: 0, max: 1 }),
			where,
			replica: fc.constantFrom('default' as const, 'full' as const)
		})
	},
	{
		weight: 4,
		arbitrary: fc.record({ kind: fc.constant('read' as const), reader: fc.nat(), events: fc.boolean() })
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('evict' as const) }) }
);

describe('readers of random shapes over a random journal', () => {
	test('hold the filtered view whenever they are up to date, and are told nothing twice', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(step, { maxLength: 60 }),
				fc.record({ ring: fc.integer({ min: 1, max: 20 }), entries: fc.integer({ min: 1, max: 10 }) }),
				async (steps, { ring, entries }) => {
					const model = new Model();
					const feeds = new Feeds(model.views, { entries, size: 2_000, page: 400, history: 3 }, () => {});
					const limits = { rows: ring, size: 1_000_000, page: 4 };
					const tail = openTail(model.views, (rows) => void feeds.append(rows), silentLogger, limits);
					const readers: Reader[] = [];
					for (const next of steps) {
						switch (next.kind) {
							case 'commit':
								model.commit(next.writes);
								break;
							case 'join':
								readers.push(
									new Reader(model, model.shape(next.view, next.where, next.replica), tail.position())
								);
								break;
							case 'read':
								await readers[next.reader % readers.length]?.read(feeds, tail, next.events);
								break;
							case 'evict':
								feeds.evictIdle(Date.now() + 3_600_000);
						}
					}
					expect(await tail.reached(model.seq, 1_000)).toBe(true);
					for (const reader of readers) {
						for (let i = 0; i < 200 && reader.place.seq < model.seq; i++)
							await reader.read(feeds, tail, true);
						expect(reader.place.seq).toBe(model.seq);
					}
					tail.close();
				}
			),
			{ numRuns: 300 }
		);
	}, 60_000);
});
