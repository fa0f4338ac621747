import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#platform/postgres';

/** A whole Loam of its own, as `npm start` runs it: own port, own data, own Postgres. */
export interface RunningLoam {
	/** `http://localhost:PORT` */
	readonly url: string;
	readonly admin: { readonly email: string; readonly password: string };
	readonly dataDir: string;
	/** What it printed so far, stdout and stderr. */
	output(): string;
	/** Calls the API as JSON; throws with code and message where the answer is an error. */
	call<T = Record<string, unknown>>(method: string, body: object, options?: CallOptions): Promise<T>;
	/** A bearer token. */
	signIn(email: string, password: string): Promise<string>;
	/** Of the app's process. */
	pid(): number;
	/** SIGKILL to the app alone: its Postgres lives on. */
	kill(): Promise<void>;
	/** Starts it again over the same data and port. */
	restart(): Promise<void>;
	/** Ends app and Postgres, and removes the data. */
	stop(): Promise<void>;
}

export interface CallOptions {
	readonly token?: string;
	/** `home/main` */
	readonly project?: string;
	readonly headers?: Readonly<Record<string, string>>;
}

const admin = { email: 'admin@example.org', password: 'correct horse battery' };

/** Needs `build/` (npm test makes it). */
export async function startLoam(environment: Readonly<Record<string, string>> = {}): Promise<RunningLoam> {
	const port = await freePort();
	const dataDir = mkdtempSync(join(tmpdir(), 'loam-e2e-'));
	// As root Postgres runs as somebody else, who must be able to enter.
	chmodSync(dataDir, 0o755);
	const url = `http://localhost:${port}`;
	const env = {
		...process.env,
		PORT: String(port),
		HOST: '127.0.0.1',
		LOAM_DATA: dataDir,
		LOAM_ADMIN_EMAIL: admin.email,
		LOAM_ADMIN_PASSWORD: admin.password,
		...environment
	};
	let printed = '';
	let child: ChildProcess;
	const start = async () => {
		child = spawn(process.execPath, ['--no-node-snapshot', 'src/lib/server/boot/web.ts'], {
			env,
			stdio: ['ignore', 'pipe', 'pipe']
		});
		for (const stream of [child.stdout!, child.stderr!])
			stream.on('data', (chunk) => (printed += String(chunk)));
		await untilReady(url, child, () => printed);
	};
	await start();
	const call: RunningLoam['call'] = (method, body, options) => callJson(url, method, body, options);
	return {
		url,
		admin,
		dataDir,
		output: () => printed,
		call,
		signIn: async (email, password) =>
			(await call<{ token: string }>('loam.v1.SessionService/SignIn', { email, password })).token,
		pid: () => child.pid!,
		kill: () => end(child, 'SIGKILL'),
		restart: start,
		async stop() {
			await end(child, 'SIGINT');
			removeData(dataDir);
		}
	};
}

function removeData(dataDir: string): void {
	const elsewhere = join(dataDir, 'postgres', 'location');
	if (existsSync(elsewhere)) rmSync(readFileSync(elsewhere, 'utf8').trim(), { recursive: true, force: true });
	rmSync(dataDir, { recursive: true, force: true });
}

async function untilReady(url: string, child: ChildProcess, printed: () => string): Promise<void> {
	const deadline = Date.now() + 60_000;
	while (Date.now() < deadline) {
		if (child.exitCode !== null) throw new Error(`Loam did not start:\n${printed()}`);
		const answer = await fetch(`${url}/healthz`).catch(() => undefined);
		if (answer?.status === 200) return;
		await sleep(100);
	}
	throw new Error(`Loam was not ready within a minute:\n${printed()}`);
}

async function callJson<T>(
	url: string,
	method: string,
	body: object,
	{ token, project, headers }: CallOptions = {}
): Promise<T> {
	const answer = await fetch(`${url}/${method}`, {
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			...(token ? { authorization: `Bearer ${token}` } : {}),
			...(project ? { 'loam-project': project } : {}),
			...headers
		},
		body: JSON.stringify(body)
	});
	const text = await answer.text();
	if (!answer.ok)
		throw Object.assign(new Error(`${method}: ${answer.status} ${text}`), {
			status: answer.status,
			body: text
		});
	return JSON.parse(text) as T;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const gone = new Promise((resolve) => child.once('exit', resolve));
	child.kill(signal);
	await gone;
}
