import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the foreign suites want of npm that Loam itself has no use for. */
const wanted = {
	'@tanstack/db': '0.9.2',
	'@tanstack/electric-db-collection': '0.4.10',
	'@electric-sql/client': '1.5.28',
	'@microsoft/fetch-event-source': '2.0.1'
};

/**
 * A folder outside of the project whose `node_modules` has them; kept between runs. Electric builds its client
 * with a patched `fetch-event-source`, and its suite relies on that: where there is a checkout its patch is
 * applied to a copy beside it.
 */
export function installForeign(checkout: string | undefined): string {
	const folder = join(tmpdir(), 'loam-conformance-packages');
	const manifest = JSON.stringify({ private: true, type: 'module', dependencies: wanted });
	const stamp = join(folder, 'installed.json');
	if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== manifest) {
		rmSync(folder, { recursive: true, force: true });
		mkdirSync(folder, { recursive: true });
		writeFileSync(join(folder, 'package.json'), manifest);
		must('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
		writeFileSync(stamp, manifest);
	}
	if (checkout) patchEventSource(folder, checkout);
	return folder;
}

function patchEventSource(folder: string, checkout: string): void {
	const patched = join(folder, 'patched');
	rmSync(patched, { recursive: true, force: true });
	cpSync(join(folder, 'node_modules/@microsoft/fetch-event-source'), patched, { recursive: true });
	const patch = join(checkout, 'patches/@microsoft__fetch-event-source.patch');
	if (existsSync(patch)) must('git', ['apply', '--include=lib/*', patch], patched);
}

function must(command: string, args: readonly string[], cwd: string): void {
	const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
	if (status !== 0) throw new Error(`"${command} ${args.join(' ')}" failed in ${cwd}:\n${stdout}${stderr}`);
}
