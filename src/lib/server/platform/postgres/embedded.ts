import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
	chownSync,
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	readFileSync,
	rmSync,
	writeFileSync
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '#kernel';
import { errors } from './errors.ts';
import { freePort } from './free-port.ts';
import { findHome, type Home } from './unprivileged.ts';

/** A running embedded cluster. */
export interface Embedded {
	/** Superuser, database `postgres`. */
	readonly url: string;
	/** Whether it was running already: a Postgres that outlived the app is adopted. */
	readonly adopted: boolean;
	/** Of the process that runs, or ran last. */
	readonly pid: number;
	/**
	 * From now on starts it again, at the same address, whenever it dies. `onDown` hears why it does not
	 * run, as often as a start fails, and undefined when it runs again.
	 */
	keepAlive(onDown: (reason: Error | undefined) => void): void;
	/** A fast shutdown; resolves once the process is gone. */
	stop(): Promise<void>;
}

export type Settings = Readonly<Record<string, string>>;

/** What Loam needs, and a bound on the WAL that a dead reader can hold back. */
const defaultSettings: Settings = {
	wal_level: 'logical',
	max_replication_slots: '20',
	max_wal_senders: '20',
	max_connections: '100',
	max_slot_wal_keep_size: '4GB',
	shared_buffers: '256MB',
	password_encryption: 'scram-sha-256',
	listen_addresses: '127.0.0.1',
	unix_socket_directories: '',
	logging_collector: 'off',
	log_min_messages: 'warning',
	timezone: 'UTC'
};

const lookEveryMs = 250;
const againFirstMs = 250;
const againLastMs = 5_000;
const startWithinMs = 10 * 60_000;

/** Starts (or adopts) the cluster in `dir`, made on the first start. Throws POSTGRES_START_FAILED. */
export async function startEmbedded(dir: string, log: Logger, settings: Settings = {}): Promise<Embedded> {
	const home = findHome(dir);
	const password = readPassword(dir);
	if (!existsSync(join(home.data, 'PG_VERSION'))) initialise(home, password);
	const all = { ...defaultSettings, ...settings };
	const adopted = await adopt(home, password);
	if (adopted) return describe(home, password, all, adopted, true);
	for (let attempt = 1; ; attempt++) {
		try {
			const launched = await launch(home, password, all, await freePort());
			return describe(home, password, all, launched, false);
		} catch (error) {
			// After a crash the old lock file may name a process id that something else has by now.
			if (attempt === 5) throw error;
			log.warn('postgres did not start, trying again', { attempt, error });
			await sleep(400 * attempt);
		}
	}
}

function readPassword(dir: string): string {
	const file = join(dir, 'password');
	if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
	return readFileSync(file, 'utf8').trim();
}

function initialise(home: Home, password: string): void {
	rmSync(home.data, { recursive: true, force: true });
	mkdirSync(home.data, { recursive: true, mode: 0o700 });
	if (home.account) chownSync(home.data, home.account.uid, home.account.gid);
	const passwordFile = join(dirname(home.data), 'initial-password');
	writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
	if (home.account) chownSync(passwordFile, home.account.uid, home.account.gid);
	const result = spawnSync(
		join(home.native, 'bin', 'initdb'),
		[
			'-D',
			home.data,
			'-U',
			'postgres',
			'-A',
			'scram-sha-256',
			`--pwfile=${passwordFile}`,
			'-E',
			'UTF8',
			'--locale=C.UTF-8'
		],
		{ ...home.account, encoding: 'utf8', cwd: home.data }
	);
	rmSync(passwordFile);
	if (result.status !== 0) {
		throw errors.POSTGRES_START_FAILED(
			`The database could not be created: ${result.stderr || result.error?.message}`
		);
	}
}

/** The postmaster's own record of itself: process id, and port in the fourth line. */
function readLockFile(home: Home): { pid: number; port: number } | undefined {
	try {
		const lines = readFileSync(join(home.data, 'postmaster.pid'), 'utf8').split('\n');
		return { pid: Number(lines[0]), port: Number(lines[3]) };
	} catch {
		return undefined;
	}
}

interface Running {
	readonly pid: number;
	readonly port: number;
}

function describe(
	home: Home,
	password: string,
	settings: Settings,
	first: Running,
	adopted: boolean
): Embedded {
	let running = first;
	let stopped = false;
	let starting: Promise<void> | undefined;
	let timer: NodeJS.Timeout | undefined;

	async function startAgain(onDown: (reason: Error | undefined) => void): Promise<void> {
		onDown(errors.POSTGRES_DIED('The database has stopped; it is started again.'));
		for (let pause = againFirstMs; !stopped; pause = Math.min(pause * 2, againLastMs)) {
			try {
				// Another node of the same data may have been faster.
				running = (await adopt(home, password)) ?? running;
				if (!isAlive(running.pid)) {
					await launch(home, password, settings, first.port, (pid) => (running = { ...first, pid }));
				}
				return onDown(undefined);
			} catch (error) {
				if (!stopped) onDown(error as Error);
				await sleep(pause);
			}
		}
	}

	return {
		url: clusterUrl(first.port, password),
		adopted,
		get pid() {
			return running.pid;
		},
		keepAlive(onDown) {
			timer = setInterval(() => {
				if (isAlive(running.pid)) return;
				starting ??= startAgain(onDown).finally(() => (starting = undefined));
			}, lookEveryMs).unref();
		},
		async stop() {
			stopped = true;
			clearInterval(timer);
			await stopProcess(running.pid);
			await starting;
		}
	};
}

async function adopt(home: Home, password: string): Promise<Running | undefined> {
	const lock = readLockFile(home);
	if (!lock || !isAlive(lock.pid)) return undefined;
	return (await answers(clusterUrl(lock.port, password))) ? lock : undefined;
}

async function launch(
	home: Home,
	password: string,
	settings: Settings,
	port: number,
	onSpawn: (pid: number) => void = () => {}
): Promise<Running> {
	const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
	const logFile = join(dirname(home.data), 'postgres.log');
	const out = openSync(logFile, 'a');
	// A session of its own: Ctrl-C in the terminal must reach the app first, which then stops Postgres.
	const child = spawn(
		join(home.native, 'bin', 'postgres'),
		['-D', home.data, '-p', String(port), ...options],
		{
			...home.account,
			cwd: home.data,
			detached: true,
			stdio: ['ignore', out, out]
		}
	);
	const exited = new Promise<void>((resolve) => {
		child.once('exit', () => resolve());
		child.once('error', () => resolve());
	});
	closeSync(out);
	child.unref();
	if (child.pid) onSpawn(child.pid);
	const url = clusterUrl(port, password);
	// After a crash it first goes through the WAL.
	const deadline = Date.now() + startWithinMs;
	let gone = false;
	void exited.then(() => (gone = true));
	while (!(await answers(url))) {
		if (gone || Date.now() > deadline) {
			throw errors.POSTGRES_START_FAILED(`The database did not start; its log is ${logFile}.`, { logFile });
		}
		await sleep(50);
	}
	return { pid: child.pid!, port };
}

async function stopProcess(pid: number): Promise<void> {
	if (isAlive(pid)) process.kill(pid, 'SIGINT');
	const deadline = Date.now() + 30_000;
	while (isAlive(pid) && Date.now() < deadline) await sleep(25);
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

async function answers(url: string): Promise<boolean> {
	const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
	client.on('error', () => {});
	try {
		await client.connect();
		await client.query('SELECT 1');
		return true;
	} catch {
		return false;
	} finally {
		await client.end().catch(() => {});
	}
}

function clusterUrl(port: number, password: string): string {
	return `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
}
