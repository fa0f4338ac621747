// `npm run soak:crash [-- --kills N]`: kills the node that maintains, and Postgres, at random points, while
// money is transferred. Nothing that was acknowledged may be lost or doubled, no position may be torn.
import { parseArgs } from 'node:util';
import { CrashBank } from '#support/view-crash';

const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' } } });
const goal = Number(values.kills);
const auditEvery = 10;

const bank = await CrashBank.open();
const started = Date.now();
let failure: unknown;
try {
	for (let kill = 1; kill <= goal; kill++) {
		if (kill % 8 === 0) await bank.killPostgres('postgres');
		else if (kill % 8 === 4) await bank.killPostgres('backend');
		else await bank.killNode();
		if (kill % auditEvery !== 0 && kill !== goal) continue;
		await bank.audit();
		process.stderr.write(`soak: ${progress()}\n`);
	}
} catch (error) {
	failure = error;
	process.stdout.write(`${error instanceof Error ? error.stack : String(error)}\n`);
}
process.stdout.write(`${progress()}, ${failure ? 'FAILED' : '0 torn, 0 lost, 0 doubled'}\n`);
await bank.close();
process.exit(failure ? 1 : 0);

function progress(): string {
	const { node, postgres, backend } = bank.kills;
	const seconds = ((Date.now() - started) / 1000).toFixed(0);
	return `${node + postgres + backend} kills (${node} of the node, ${postgres} of Postgres, ${backend} of one of its processes), ${bank.lives} after work was done, ${bank.acknowledged.size} transfers acknowledged, ${bank.positions} positions whole, ${seconds} s`;
}
