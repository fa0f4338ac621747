import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Socket } from 'node:net';

/** Contains what no limit of V8 does: buffers, code, the heap of a broken isolate. */
const dataLimitBytes = 1_536 * 1024 * 1024;

export interface SpawnedSandbox {
	readonly process: ChildProcess;
	readonly socket: Socket;
}

/**
 * A sandbox process: no environment, no input or output but one socket, no files but its own code, no
 * child processes, no workers; killed with its parent where the system can do that.
 */
export function spawnSandbox(root: string): SpawnedSandbox {
	const [command, ...args] = [
		...outerCommands(),
		process.execPath,
		...nodeFlags(root),
		join(root, 'sandbox/host/main.ts')
	];
	const child = spawn(command!, args, {
		cwd: root,
		env: {},
		stdio: ['ignore', 'ignore', 'ignore', 'pipe']
	});
	return { process: child, socket: child.stdio[3] as Socket };
}

/** Each replaces itself by what follows it, so the process id stays. */
function outerCommands(): string[] {
	const commands: string[] = [];
	const setpriv = find('setpriv');
	if (setpriv) commands.push(setpriv, '--pdeathsig', 'KILL');
	const prlimit = find('prlimit');
	if (prlimit) commands.push(prlimit, `--data=${dataLimitBytes}`, '--core=0');
	return commands;
}

function find(name: string): string | undefined {
	return ['/usr/bin', '/bin', '/usr/sbin']
		.map((folder) => join(folder, name))
		.find((path) => existsSync(path));
}

function nodeFlags(root: string): string[] {
	const readable = [
		join(root, 'sandbox'),
		join(root, 'package.json'),
		join(root, 'node_modules'),
		dirname(process.execPath),
		// Asked for when the native module is looked up.
		'/etc/alpine-release'
	];
	return [
		'--no-node-snapshot',
		'--disable-warning=PERM0001',
		'--permission',
		'--allow-addons',
		...readable.map((path) => `--allow-fs-read=${path}`)
	];
}
