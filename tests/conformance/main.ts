// `npm run conformance`: clients that others wrote, against a Loam that serves plain tables as Electric does. With
// `ELECTRIC_REPO` (a checkout of electric-sql/electric) the TypeScript client's own suite, which needs a machine
// whose port 54321 is free; always what npm has of the client and of TanStack DB's collection, end to end.
// Arguments are vitest's: `-- -t 'caching headers'`.
import { spawn } from 'node:child_process';
import { openBridge } from './bridge.ts';
import { installForeign } from './foreign-packages.ts';

const checkout = process.env['ELECTRIC_REPO'];
const foreign = installForeign(checkout);
const bridge = await openBridge();
if (!checkout) say('ELECTRIC_REPO names no checkout: the client’s own suite is left out');
else if (!bridge.cached) say('nginx is not installed: the tests of caches are left out');
const child = spawn(
	process.execPath,
	[
		'--no-node-snapshot',
		'node_modules/vitest/vitest.mjs',
		'run',
		'--config',
		'tests/conformance/vitest.config.ts',
		...process.argv.slice(2)
	],
	{ stdio: 'inherit', env: { ...process.env, ...bridge.environment, LOAM_FOREIGN: foreign } }
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
const code = await new Promise<number>((resolve) => child.once('exit', (status) => resolve(status ?? 1)));
await bridge.stop();
process.exit(code);

function say(text: string): void {
	process.stdout.write(`conformance: ${text}\n`);
}
