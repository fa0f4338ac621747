import { expect, test } from 'vitest';
import { Recent, windowMs } from './recent.ts';

test('sums what was done in the last minute, and forgets what is older', () => {
	const recent = new Recent();
	expect(recent.total(0)).toEqual({ batches: 0, changes: 0, rows: 0 });
	recent.add(1_000, 2, 3);
	recent.add(1_100, 1, 0);
	recent.add(31_000, 10, 20);
	expect(recent.total(32_000)).toEqual({ batches: 3, changes: 13, rows: 23 });
	expect(recent.total(32_000 + windowMs / 2)).toEqual({ batches: 1, changes: 10, rows: 20 });
	expect(recent.total(32_000 + windowMs)).toEqual({ batches: 0, changes: 0, rows: 0 });
});
