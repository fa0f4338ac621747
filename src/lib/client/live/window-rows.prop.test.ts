import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareRows, parseOrderTerm, schemaOf, type KeyedRow } from '#engine/shape';
import type { ShapeChange } from './types.ts';
import { WindowRows, windowSize } from './window-rows.ts';

const column = (name: string, type: string) => ({ name, type, dims: 0, notNull: true });
const schema = schemaOf([column('rank', 'integer'), column('title', 'text')]);
const order = ['rank desc', 'title'].map((text) => parseOrderTerm(text)!);
const compare = compareRows(order, schema);
const limit = 20;

const write = fc.record({
	id: fc.integer({ min: 0, max: 1_600 }),
	row: fc.option(
		fc.record({ rank: fc.integer({ min: 0, max: 60 }), title: fc.constantFrom('a', 'B', 'c', 'É') }),
		{ freq: 2 }
	)
});
/** Deletes from the front make the window short. */
const behead = fc.integer({ min: 1, max: 400 });

test('the window shows the first rows of a shape whatever happens to it', () => {
	fc.assert(
		fc.property(
			fc.array(fc.oneof(write, behead), { maxLength: 40 }),
			fc.integer({ min: 0, max: 1_600 }),
			(steps, size) => {
				const all = new Map<string, KeyedRow>();
				for (let id = 0; id < size; id++) put(all, `k${id}`, { rank: id % 50, title: 'a' });
				const sorted = () => [...all.values()].sort(compare);
				const window = new WindowRows({ order, schema, limit });
				let seq = 1n;
				let refills = 0;
				const fill = () => window.begin(sorted().slice(0, windowSize), all.size < windowSize, seq);
				fill();
				const page = new Map(window.rows.map((row) => [row.key, row]));
				for (const step of steps) {
					seq++;
					const before = typeof step === 'number' ? [] : [all.get(`k${step.id}`)];
					const changes =
						typeof step === 'number'
							? sorted()
									.slice(0, step)
									.map((row) => removed(all, row.key, seq))
							: [
									step.row
										? changed(all, `k${step.id}`, step.row, seq, before[0])
										: removed(all, `k${step.id}`, seq)
								];
					for (const change of window.apply(changes.filter((change) => change !== undefined))) {
						expect(page.has(change.key), `${change.operation} of ${change.key}`).toBe(
							change.operation !== 'insert'
						);
						if (change.operation === 'delete') page.delete(change.key);
						else page.set(change.key, { key: change.key, value: change.value });
					}
					if (window.isShort) {
						refills++;
						fill();
						page.clear();
						for (const row of window.rows) page.set(row.key, row);
					}
					const shown = [...page.values()].sort(compare).slice(0, limit);
					expect(shown).toEqual(sorted().slice(0, limit));
					expect(page.size).toBeLessThanOrEqual(2 * windowSize);
				}
				return refills >= 0;
			}
		),
		{ numRuns: 150 }
	);
});

test('changes that its rows hold already are left out', () => {
	const window = new WindowRows({ order, schema, limit });
	window.begin([], true, 5n);
	const change = (seq: bigint): ShapeChange => ({
		operation: 'insert',
		key: 'k',
		value: { rank: 1, title: 'a' },
		seq
	});
	expect(window.apply([change(5n)])).toEqual([]);
	expect(window.apply([change(6n)])).toHaveLength(1);
});

function put(all: Map<string, KeyedRow>, key: string, value: KeyedRow['value']): void {
	all.set(key, { key, value });
}

function changed(
	all: Map<string, KeyedRow>,
	key: string,
	value: KeyedRow['value'],
	seq: bigint,
	before: KeyedRow | undefined
): ShapeChange {
	put(all, key, value);
	return { operation: before ? 'update' : 'insert', key, value, seq };
}

function removed(all: Map<string, KeyedRow>, key: string, seq: bigint): ShapeChange | undefined {
	const row = all.get(key);
	all.delete(key);
	return row && { operation: 'delete', key, value: row.value, seq };
}
