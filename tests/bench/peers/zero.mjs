// zero-cache and a client of it. Plain JavaScript: its packages are installed only where the bench runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
	createBuilder,
	createSchema,
	defineQueries,
	defineQuery,
	mustGetQuery,
	string,
	table,
	Zero
} from '@rocicorp/zero';
import { handleQueryRequest } from '@rocicorp/zero/server';

const notes = table('notes').columns({ id: string(), text: string() }).primaryKey('id');
const schema = createSchema({ tables: [notes] });
const zql = createBuilder(schema);
const queries = defineQueries({ notes: { all: defineQuery(() => zql.notes) } });
const userID = 'bench';
const command = new URL('node_modules/.bin/zero-cache', import.meta.url).pathname;

/**
 * Follows table public.notes (id uuid, text) of a Postgres with logical replication.
 * @param {string} upstream Its address, as a superuser.
 * @param {number} port The first of three: of the cache, of its own, and of what it asks about queries.
 * @param {(rows: readonly { id: string, text: string }[]) => void} onRows All rows, after each change.
 */
export async function startZero(upstream, port, onRows) {
	const dir = mkdtempSync(join(tmpdir(), 'loam-zero-'));
	const server = createServer(answerQueries).listen(port + 2, '127.0.0.1');
	await once(server, 'listening');
	const { cache, printed } = startCache(upstream, port, dir);
	const zero = new Zero({
		cacheURL: `http://127.0.0.1:${port}`,
		schema,
		queries,
		userID,
		kvStore: 'mem',
		// it tries before the cache is up
		logSink: { log() {} }
	});
	const view = zero.materialize(queries.notes.all());
	const complete = new Promise((resolve) => {
		view.addListener((rows, result) => {
			if (result === 'complete') resolve(true);
			onRows(rows);
		});
	});
	if (!(await Promise.race([complete, sleep(60_000)])))
		throw new Error(`zero-cache was not ready within a minute:\n${printed()}`);
	return {
		async stop() {
			await zero.close();
			cache.kill('SIGTERM');
			await once(cache, 'exit');
			server.close();
			rmSync(dir, { recursive: true, force: true });
		}
	};
}

function startCache(upstream, port, dir) {
	const cache = spawn(process.execPath, [command], {
		env: {
			PATH: process.env.PATH,
			NODE_ENV: 'production',
			NODE_OPTIONS: `--import ${new URL('loopback.mjs', import.meta.url).pathname}`,
			DO_NOT_TRACK: '1',
			ZERO_ENABLE_TELEMETRY: 'false',
			ZERO_UPSTREAM_DB: upstream,
			ZERO_REPLICA_FILE: join(dir, 'zero.db'),
			ZERO_PORT: String(port),
			ZERO_QUERY_URL: `http://127.0.0.1:${port + 2}/query`,
			ZERO_ADMIN_PASSWORD: 'bench',
			ZERO_LOG_LEVEL: 'error',
			ZERO_NUM_SYNC_WORKERS: '1'
		},
		stdio: ['ignore', 'pipe', 'pipe']
	});
	let printed = '';
	for (const stream of [cache.stdout, cache.stderr]) stream.on('data', (chunk) => (printed += chunk));
	return { cache, printed: () => printed };
}

/** What the cache asks the app: which query a name stands for. */
async function answerQueries(request, response) {
	const chunks = [];
	for await (const chunk of request) chunks.push(chunk);
	const answer = await handleQueryRequest({
		handler: (name, args) => mustGetQuery(queries, name).fn({ args }),
		schema,
		userID,
		query: new URL(request.url, 'http://localhost').searchParams,
		body: JSON.parse(Buffer.concat(chunks).toString())
	});
	response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
}
