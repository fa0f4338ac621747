import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A cache before a server, as one would put it there. */
export interface CachingProxy {
	readonly url: string;
	stop(): Promise<void>;
}

/** Where nginx stands on this machine; undefined where it is not installed. */
export function findNginx(): string | undefined {
	const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
	return folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));
}

/** Runs nginx with a configuration and a folder of its own, on loopback. */
export async function startCachingProxy(nginx: string, upstream: string): Promise<CachingProxy> {
	const folder = mkdtempSync(join(tmpdir(), 'loam-nginx-'));
	mkdirSync(join(folder, 'cache'));
	const port = await freePort();
	const file = join(folder, 'nginx.conf');
	writeFileSync(file, configuration(folder, port, new URL(upstream).host));
	const child = spawn(nginx, ['-p', folder, '-c', file, '-e', join(folder, 'error.log')], {
		stdio: 'ignore'
	});
	const url = `http://127.0.0.1:${port}`;
	await untilUp(url, child);
	return {
		url,
		async stop() {
			const gone = new Promise((resolve) => child.once('exit', resolve));
			child.kill('SIGQUIT');
			await Promise.race([gone, sleep(2_000)]);
			if (child.exitCode === null) child.kill('SIGKILL');
			rmSync(folder, { recursive: true, force: true });
		}
	};
}

/** One request for each URL that is not there passes; the others wait for its answer. */
const configuration = (folder: string, port: number, upstream: string) => `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 16000; }
http {
	access_log off;
	proxy_temp_path ${folder}/proxy;
	client_body_temp_path ${folder}/body;
	fastcgi_temp_path ${folder}/fastcgi;
	uwsgi_temp_path ${folder}/uwsgi;
	scgi_temp_path ${folder}/scgi;
	proxy_cache_path ${folder}/cache levels=1:2 keys_zone=shapes:10m max_size=256m inactive=60m use_temp_path=off;
	upstream loam {
		server ${upstream};
		keepalive 64;
	}
	server {
		listen 127.0.0.1:${port} backlog=4096;
		location / {
			proxy_pass http://loam;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $host;
			proxy_set_header Via "1.1 nginx";
			proxy_read_timeout 90s;
			proxy_buffering on;
			proxy_cache shapes;
			proxy_cache_key $request_uri;
			proxy_cache_methods GET HEAD;
			proxy_cache_revalidate on;
			proxy_cache_use_stale error timeout;
			proxy_cache_background_update on;
			proxy_cache_lock on;
			proxy_cache_lock_timeout 30s;
			proxy_cache_lock_age 30s;
			add_header X-Proxy-Cache $upstream_cache_status;
		}
	}
}
`;

async function untilUp(url: string, child: ChildProcess): Promise<void> {
	for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
		if (child.exitCode !== null) throw new Error('nginx did not start');
		const answer = await fetch(`${url}/v1/health`).catch(() => undefined);
		if (answer) return;
		await sleep(50);
	}
	throw new Error('nginx was not up within 10 s');
}

function freePort(): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address() as { port: number };
			server.close(() => resolve(port));
		});
	});
}
