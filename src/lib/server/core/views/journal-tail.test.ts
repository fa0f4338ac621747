import { expect, test } from 'vitest';
import { JournalTail } from './journal-tail.ts';
import type { JournalRow } from './types.ts';

const row = (seq: bigint, op: number, view = 1): JournalRow => ({
	seq,
	op,
	view,
	operation: 'insert',
	key: `${seq}_${op}`,
	old: null,
	new: {},
	txids: []
});

test('gives whole batches, and knows what it no longer has', () => {
	const tail = new JournalTail(4n, 6);
	tail.push([row(5n, 0), row(5n, 1, 2)]);
	tail.push([row(6n, 0), row(6n, 1), row(6n, 2)]);
	const keys = (after: bigint, limit: number, view?: number) =>
		tail.after(after, limit, view)?.map(({ key }) => key);
	expect(keys(4n, 1)).toEqual(['5_0', '5_1']);
	expect(keys(5n, 2)).toEqual(['6_0', '6_1', '6_2']);
	expect(keys(4n, 10, 2)).toEqual(['5_1']);
	expect(keys(6n, 10)).toEqual([]);
	expect(keys(3n, 10)).toBeUndefined();
	tail.push([row(7n, 0), row(7n, 1)]);
	expect(keys(4n, 10)).toBeUndefined();
	expect(keys(6n, 10)).toEqual(['7_0', '7_1']);
});
