import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('peers', import.meta.url));
const installed = `${directory}/node_modules/.package-lock.json`;

/**
 * A module of tests/bench/peers, whose packages are installed once: they are hundreds, and nothing else needs them.
 * None of their install scripts runs.
 */
export async function importPeer<T>(name: 'zero' | 'pglite' | 'db-ivm'): Promise<T> {
	if (!isInstalled()) {
		process.stderr.write('bench: installing what Loam is measured beside (some minutes) …\n');
		execFileSync('npm', ['ci', '--ignore-scripts'], {
			cwd: directory,
			stdio: ['ignore', 'ignore', 'inherit']
		});
	}
	return (await import(`./peers/${name}.mjs`)) as T;
}

function isInstalled(): boolean {
	if (!existsSync(installed)) return false;
	const versionsIn = (file: string) =>
		(JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, { version?: string }> }).packages;
	const has = versionsIn(installed);
	return Object.entries(versionsIn(`${directory}/package-lock.json`)).every(
		([path, { version }]) =>
			!/^node_modules\/(@rocicorp\/zero|@electric-sql\/pglite|@tanstack\/db-ivm)$/.test(path) ||
			has[path]?.version === version
	);
}
