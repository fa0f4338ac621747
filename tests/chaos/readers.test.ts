import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLoam, type RunningLoam } from '#support/loam';
import { holdCrowd } from '#support/reading-crowd';

/** As many live readers as one node is made for. Each takes a file: `ulimit -n` must allow 12,000. */
let loam: RunningLoam;
beforeAll(async () => {
	loam = await startLoam();
});
afterAll(() => loam?.stop());

test('ten thousand readers are told of every change; five hundred who read nothing cost nothing', async () => {
	const report = await holdCrowd(loam, { readers: 8_000, filtered: 2_000, stalled: 500 });
	const { kiBAReader, reached, grownMiB, writtenMiB } = report;
	console.log(
		`10,000 readers: ${kiBAReader.toFixed(1)} KiB each; a change is at the last of 8,000 after ${reached.join(', ')} ms; ` +
			`500 who read nothing: ${grownMiB.toFixed()} MiB more after ${writtenMiB.toFixed()} MiB for each`
	);
	expect(kiBAReader).toBeLessThan(60);
	expect(Math.max(...reached)).toBeLessThan(15_000);
	// Without a bound it were 3,800.
	expect(grownMiB).toBeLessThan(1_000);
});
