import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoam, type RunningLoam } from '#support/loam';
import { holdCrowd } from '#support/reading-crowd';

/** Many live readers at a whole Loam; `npm run chaos` has ten thousand. */
let loam: RunningLoam;
beforeAll(async () => {
	loam = await startLoam();
});
afterAll(() => loam?.stop());

test('a change reaches a thousand readers and nobody whose filter it does not meet; who reads nothing costs nothing', async () => {
	const report = await holdCrowd(loam, { readers: 1_000, filtered: 200, stalled: 100 });
	console.log(report);
	expect(Math.max(...report.reached)).toBeLessThan(5_000);
	// Without a bound it were what was written for each of the hundred.
	expect(report.grownMiB).toBeLessThan(300);
});
