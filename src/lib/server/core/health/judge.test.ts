import { expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { Reading } from './probe.ts';

const well: Reading = {
	slot: 'reserved',
	retained: 0,
	behind: 0,
	connections: 10,
	connectionLimit: 97,
	maintained: true,
	rebuilding: 0,
	holders: []
};
const problems = (reading: Partial<Reading>) =>
	Object.entries(judge({ ...well, ...reading }, new Map(), 0)).filter(([, message]) => message !== undefined);

test.each<[Partial<Reading>, string, RegExp]>([
	[{ connections: 90 }, 'connections', /^90 of PostgreSQL's 97/],
	[{ maintained: false }, 'lease', /^No node/],
	[{ behind: 2 ** 30 }, 'lag', /^Views are 1024 MB/],
	[{ slot: 'lost' }, 'changes', /will be rebuilt/],
	[{ rebuilding: 1 }, 'changes', /1 view is being rebuilt/],
	[{ slot: 'unreserved', retained: 2 ** 30 }, 'changes', /max_slot_wal_keep_size/]
])('%o is a matter of %s', (reading, name, message) => {
	expect(problems(reading)).toEqual([[name, expect.stringMatching(message)]]);
});

test('all is well, also before there is a slot', () => {
	expect(problems({})).toEqual([]);
	expect(problems({ slot: null })).toEqual([]);
});

test('an old snapshot is told once it was held for minutes, and no longer', () => {
	const held = new Map<string, number>();
	const holders = [{ id: '7/100', who: 'process 7, psql' }];
	const at = (minutes: number, reading: Partial<Reading>) =>
		judge({ ...well, ...reading }, held, minutes * 60_000).vacuum;
	expect(at(0, { holders })).toBeUndefined();
	expect(at(4, { holders })).toBeUndefined();
	expect(at(6, { holders })).toMatch(/process 7, psql has held an old snapshot for 6 minutes/);
	// the same process has moved on
	expect(at(7, { holders: [{ id: '7/200', who: 'process 7, psql' }] })).toBeUndefined();
	expect(at(8, {})).toBeUndefined();
	expect(held.size).toBe(0);
});
