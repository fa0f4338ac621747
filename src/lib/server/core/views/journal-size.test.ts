import { describe, expect, test } from 'vitest';
import { floorBySize } from './journal-size.ts';

const part = (from: bigint, bytes: number) => ({ name: `journal_${from}`, from, bytes });

describe('floorBySize', () => {
	test.each([
		['all fits', [part(1n, 1000)], 100n, 0n, 1000, 0n],
		['half of the newest has to go', [part(1n, 1000)], 100n, 0n, 500, 50n],
		['what was given up does not count, though its bytes are there', [part(1n, 1000)], 100n, 50n, 500, 50n],
		['an older part goes whole', [part(1n, 800), part(100_001n, 500)], 100_100n, 0n, 500, 100_000n],
		['and a part of the one before', [part(1n, 800), part(100_001n, 500)], 100_100n, 0n, 900, 50_000n],
		['partitions ahead are empty', [part(1n, 1000), part(100_001n, 24)], 100n, 0n, 500, 50n],
		['nothing is left to give up', [part(1n, 1000)], 100n, 100n, 0, 100n]
	] as const)('%s', (_, partitions, seq, floor, limit, expected) => {
		expect(floorBySize(partitions, seq, floor, limit)).toBe(expected);
	});
});
