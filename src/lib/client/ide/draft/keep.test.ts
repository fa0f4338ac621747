import { expect, it } from 'vitest';
import { createKeep } from './keep.ts';
import type { BackupEntry } from './types.ts';

/** Web storage over a map, with room for so many characters. */
function storageOf(room = Infinity): Storage {
	const items = new Map<string, string>();
	return {
		get length() {
			return items.size;
		},
		key: (i) => [...items.keys()][i] ?? null,
		getItem: (key) => items.get(key) ?? null,
		setItem(key, value) {
			if (value.length > room) throw new DOMException('full', 'QuotaExceededError');
			items.set(key, value);
		},
		removeItem: (key) => void items.delete(key),
		clear: () => items.clear()
	};
}

const entry = (mine: string): BackupEntry => ({ base: 'before', mine, sent: [] });
const dead = (storage: Storage, path: string, mine: string) =>
	storage.setItem(`loam.draft:d:gone:${path}`, JSON.stringify({ at: Date.now(), path, entry: entry(mine) }));

it('keeps what is unsaved, and lets go of what was saved', () => {
	const storage = storageOf();
	const keep = createKeep('d', 'one', storage);
	expect(
		keep.put(
			new Map([
				['a', entry('A')],
				['b', entry('B')]
			])
		)
	).toBe(true);
	expect(storage.length).toBe(2);
	keep.put(new Map([['b', entry('B')]]));
	expect(storage.length).toBe(1);
});

it('finds the work of tabs that are gone, not that of living ones, its own or another draft’s', async () => {
	const storage = storageOf();
	const keep = createKeep('d', 'two', storage);
	createKeep('d', 'three', storage).put(new Map([['living', entry('x')]]));
	createKeep('other', 'four', storage).put(new Map([['elsewhere', entry('x')]]));
	keep.put(new Map([['own', entry('x')]]));
	dead(storage, 'views/a:b.sql', 'lost');
	const orphans = await keep.orphans();
	expect(orphans.map(({ path, entry: { mine } }) => [path, mine])).toEqual([['views/a:b.sql', 'lost']]);
	keep.forget(orphans[0]!);
	expect(await keep.orphans()).toEqual([]);
});

it('says when the browser has no room, and goes on keeping the rest', () => {
	const storage = storageOf(200);
	const keep = createKeep('d', 'five', storage);
	expect(
		keep.put(
			new Map([
				['large', entry('x'.repeat(300))],
				['small', entry('x')]
			])
		)
	).toBe(false);
	expect(storage.length).toBe(1);
	expect(keep.put(new Map([['large', entry('x'.repeat(300))]]))).toBe(false);
});

it('throws away what is no record', async () => {
	const storage = storageOf();
	storage.setItem('loam.draft:d:gone:a', 'not json');
	expect(await createKeep('d', 'six', storage).orphans()).toEqual([]);
	expect(storage.length).toBe(0);
});
