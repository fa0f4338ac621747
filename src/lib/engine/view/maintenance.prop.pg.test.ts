import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { checkSeed, describeCounterexample, engineSize } from '#support/view-cases';
import { ViewOracle } from '#support/view-oracle';
import { ViewReport } from '#support/view-report';

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

/** `npm run soak:views` is the long search. */
const firstSeed = 20261120;
/** The same rounds everywhere, however fast the machine. */
const rounds = 60;

test(
	'random views stay equal to their SELECT, and their differences are exact',
	{ timeout: 240_000 },
	async () => {
		const report = new ViewReport();
		const shrinking = new ViewReport();
		for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
			const found = await checkSeed(
				seed,
				engineSize,
				(made) => new ViewOracle(client, report).check(made),
				(made) => new ViewOracle(client, shrinking).check(made)
			);
			if (found) expect.fail(describeCounterexample(found));
		}
		expect(report.batches).toBeGreaterThan(500);
		expect(report.invalid).toBeLessThan(report.views / 20);
	}
);
