// `npm run soak:views [-- --seed N --batches N --failures N --level engine|runtime]`: random views against
// their SELECTs until so many batches are checked: most of them by the programs alone, every tenth round by
// the running maintainer with three writers. Each round has a seed of its own, and replays by it.
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { createViews } from '#core/views';
import { testLog } from '#support/log';
import { testTenancy } from '#support/places';
import { startTestCluster, testPostgres } from '#support/postgres';
import { checkSeed, describeCounterexample, engineSize, runtimeSize } from '#support/view-cases';
import { ViewOracle } from '#support/view-oracle';
import { ViewReport } from '#support/view-report';
import { RuntimeOracle } from '#support/view-runtime';

const { values } = parseArgs({
	options: {
		seed: { type: 'string', default: '1' },
		batches: { type: 'string', default: '100000' },
		/** So many end the run. */
		failures: { type: 'string', default: '5' },
		/** One of the two alone. */
		level: { type: 'string' }
	}
});
const goal = Number(values.batches);
const failureLimit = Number(values.failures);
const runtimeEvery = 10;

const cluster = await startTestCluster();
process.env['LOAM_TEST_CLUSTER'] = cluster.url;
const report = new ViewReport();
const shrinking = new ViewReport();
const db = await testPostgres();
const tenancy = await testTenancy(db);
const views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
const runtime = await RuntimeOracle.open({ db, tenancy, views, report });

const started = Date.now();
let failures = 0;
let told = started;
for (let seed = Number(values.seed); report.batches < goal && failures < failureLimit; seed++) {
	const level = values.level ?? (seed % runtimeEvery === 0 ? 'runtime' : 'engine');
	const found = await (level === 'runtime' ? atRuntime(seed) : alone(seed));
	if (found) {
		failures++;
		process.stdout.write(
			`\n--- failure ${failures}: npm run soak:views -- --level ${level} --seed ${seed} --batches 1\n${describeCounterexample(found)}\n\n`
		);
	}
	if (Date.now() - told > 10_000) {
		told = Date.now();
		process.stderr.write(`soak: seed ${seed}, ${progress()}\n`);
	}
}
process.stdout.write(`${report.table()}\n\n${progress()}\n`);

await runtime.close();
await views.stop();
await tenancy.end();
await db.drop();
if (!cluster.adopted) await cluster.stop();
process.exit(failures === 0 ? 0 : 1);

/** A session of Postgres remembers every function that it ran: each round of views has one of its own. */
async function withClient<T>(play: (client: pg.Client) => Promise<T>): Promise<T> {
	const client = await db.connect(db.superuserUrl);
	try {
		return await play(client);
	} finally {
		await client.end();
	}
}

function alone(seed: number) {
	return withClient((client) =>
		checkSeed(
			seed,
			engineSize,
			(made) => new ViewOracle(client, report, 'o1').check(made),
			(made) => new ViewOracle(client, shrinking, 'o1').check(made)
		)
	);
}

function atRuntime(seed: number) {
	const check = runtime.check.bind(runtime);
	return checkSeed(seed, runtimeSize, check, check);
}

function progress(): string {
	const seconds = ((Date.now() - started) / 1000).toFixed(0);
	return [
		`${report.batches} batches checked, ${failures} failed`,
		`(${report.transactions} transactions, ${report.positions} positions of the maintainer,`,
		`${report.accepted} of ${report.views} views kept, ${report.invalid} not valid SQL, ${report.heavy} cases too heavy, ${seconds} s)`
	].join(' ');
}
