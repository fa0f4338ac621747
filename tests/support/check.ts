// `npm run check`: types, lint, circles, dead code, formatting, in parallel; prints what failed, whole.
import { spawn } from 'node:child_process';

interface Check {
	readonly name: string;
	readonly command: readonly string[];
}

const checks: readonly Check[] = [
	{
		name: 'types',
		command: ['svelte-check', '--tsconfig', 'tsconfig.json', '--threshold', 'error', '--output', 'human']
	},
	{ name: 'lint', command: ['eslint', '--max-warnings', '0', '.'] },
	{ name: 'circles', command: ['depcruise', 'src', 'sandbox', '--config', '.dependency-cruiser.cjs'] },
	{ name: 'dead code', command: ['knip'] },
	{ name: 'protos', command: ['buf', 'lint'] },
	{ name: 'formatting', command: ['prettier', '--check', '--log-level', 'warn', '.'] }
];

interface Verdict {
	readonly name: string;
	readonly ok: boolean;
	readonly seconds: number;
	readonly output: string;
}

function run({ name, command }: Check): Promise<Verdict> {
	const begun = Date.now();
	return new Promise((resolve) => {
		const child = spawn(command[0]!, command.slice(1), { env: process.env });
		let output = '';
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (chunk) => (output += String(chunk)));
		child.on('error', (error) => (output += error.message));
		child.on('close', (code) =>
			resolve({ name, ok: code === 0, seconds: (Date.now() - begun) / 1000, output })
		);
	});
}

const verdicts = await Promise.all(checks.map(run));
for (const { name, ok, output } of verdicts) if (!ok) process.stdout.write(`\n--- ${name}\n${output}\n`);
for (const { name, ok, seconds } of verdicts) {
	process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)\n`);
}
process.exit(verdicts.every((verdict) => verdict.ok) ? 0 : 1);
