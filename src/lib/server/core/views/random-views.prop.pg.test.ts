import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tenancy } from '#core/tenancy';
import { testLog } from '#support/log';
import { testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { checkSeed, describeCounterexample, runtimeSize } from '#support/view-cases';
import { ViewReport } from '#support/view-report';
import { RuntimeOracle } from '#support/view-runtime';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let views: RunningViews;
let oracle: RuntimeOracle;
const report = new ViewReport();

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	oracle = await RuntimeOracle.open({ db, tenancy, views, report });
});
afterAll(async () => {
	await oracle?.close();
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});

/** `npm run soak:views` is the long search. */
const firstSeed = 20261120;
/** The same rounds everywhere, however fast the machine. */
const rounds = 25;

test(
	'random views equal their SELECT at every position that is applied, among three writers',
	{ timeout: 240_000 },
	async () => {
		for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
			const check = oracle.check.bind(oracle);
			const found = await checkSeed(seed, runtimeSize, check, check);
			if (found) expect.fail(describeCounterexample(found));
		}
		expect(report.batches).toBeGreaterThan(100);
		expect(report.positions).toBeGreaterThan(50);
	}
);
