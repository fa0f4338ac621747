import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSnapshot, sees, widenXid } from './pg-snapshot.ts';

test('parses what Postgres prints', () => {
	const snapshot = parseSnapshot('10:20:12,15');
	expect([snapshot.xmin, snapshot.xmax, [...snapshot.inProgress]]).toEqual([10n, 20n, [12n, 15n]]);
	expect(parseSnapshot('7:7:').inProgress.size).toBe(0);
});

test.each([
	[9n, true],
	[10n, true],
	[12n, false],
	[15n, false],
	[19n, true],
	[20n, false],
	[21n, false]
])('a snapshot 10:20:12,15 sees %s: %s', (xid, seen) => {
	expect(sees(parseSnapshot('10:20:12,15'), xid)).toBe(seen);
});

test('widening restores any xid within 2^31 of the reference, below and above', () => {
	fc.assert(
		fc.property(
			fc.bigInt(2n ** 31n, 2n ** 48n),
			fc.bigInt(-(2n ** 31n) + 1n, 2n ** 31n - 1n),
			(reference, distance) => {
				const xid = reference + distance;
				expect(widenXid(Number(BigInt.asUintN(32, xid)), reference)).toBe(xid);
			}
		)
	);
});
