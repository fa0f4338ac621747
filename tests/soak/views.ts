// `npm run soak:views [-- --seed N --batches N --failures N]`: random views against their SELECTs, as long
// as it takes for so many checked batches. Each round has the next seed, and replays by it alone.
import { parseArgs } from 'node:util';
import { testPostgres } from '#support/postgres';
import { checkSeed, describeCounterexample, engineSize } from '#support/view-cases';
import { ViewOracle } from '#support/view-oracle';
import { ViewReport } from '#support/view-report';

const { values } = parseArgs({
	options: {
		seed: { type: 'string', default: '1' },
		batches: { type: 'string', default: '100000' },
		/** Ends the run. */
		failures: { type: 'string', default: '5' }
	}
});
const goal = Number(values.batches);
const failureLimit = Number(values.failures);

const db = await testPostgres();
const client = await db.connect(db.superuserUrl);
const report = new ViewReport();
const shrinking = new ViewReport();
const started = Date.now();
let failures = 0;
let told = started;
for (let seed = Number(values.seed); report.batches < goal && failures < failureLimit; seed++) {
	const found = await checkSeed(
		seed,
		engineSize,
		(made) => new ViewOracle(client, report).check(made),
		(made) => new ViewOracle(client, shrinking).check(made)
	);
	if (found) {
		failures++;
		process.stdout.write(`\n--- failure ${failures}\n${describeCounterexample(found)}\n\n`);
	}
	if (Date.now() - told > 10_000) {
		told = Date.now();
		process.stderr.write(`soak: seed ${seed}, ${progress()}\n`);
	}
}
process.stdout.write(`${report.table()}\n\n${progress()}\n`);
await client.end();
await db.drop();
process.exit(failures === 0 ? 0 : 1);

function progress(): string {
	const seconds = ((Date.now() - started) / 1000).toFixed(0);
	return `${report.batches} batches checked, ${failures} failed (${report.transactions} transactions, ${report.accepted} of ${report.views} views kept, ${seconds} s)`;
}
