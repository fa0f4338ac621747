import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { silentLogger } from '#kernel';
import { startEmbedded } from '#platform/postgres';

/** Where the foreign suite expects its Postgres, and as whom it signs in. */
const suitePort = 54_321;
const suitePassword = 'password';
const suiteDatabase = 'electric';
/** The schema that it makes its tables in. */
export const suiteSchema = 'electric_test';
/** Its tables, for whoever runs beside it. */
export const suiteUrl = `postgres://postgres:${suitePassword}@127.0.0.1:${suitePort}/${suiteDatabase}`;
/** How it says so when it connects; another schema is put in its place. */
const suitePath = `search_path=${suiteSchema}`;

export interface SuiteDatabase {
	/** Superuser, on the suite's database. */
	readonly url: string;
	/** From now on what the suite takes for its schema is this one. */
	redirect(schema: string): void;
	stop(): Promise<void>;
}

/** A Postgres of one's own, at the address of the suite. */
export async function startSuiteDatabase(): Promise<SuiteDatabase> {
	const dir = mkdtempSync(join(tmpdir(), 'loam-conformance-'));
	chmodSync(dir, 0o755);
	writeFileSync(join(dir, 'password'), suitePassword, { mode: 0o600 });
	const cluster = await startEmbedded(dir, silentLogger, { fsync: 'off', max_connections: '200' });
	const server = new pg.Client({ connectionString: cluster.url });
	await server.connect();
	await server.query(`CREATE DATABASE ${suiteDatabase}`);
	await server.end();
	const url = new URL(cluster.url);
	url.pathname = `/${suiteDatabase}`;
	const door = { schema: suiteSchema };
	const listener = await openDoor(Number(url.port), door);
	return {
		url: url.toString(),
		redirect: (schema) => void (door.schema = schema),
		async stop() {
			await new Promise((resolve) => listener.close(resolve));
			await cluster.stop();
			rmSync(dir, { recursive: true, force: true });
		}
	};
}

/** Lets the suite in at its port, with another search path than it asks for. */
async function openDoor(port: number, door: { readonly schema: string }): Promise<Server> {
	const sockets = new Set<Socket>();
	const server = createServer((from) => {
		const to = connect(port, '127.0.0.1');
		sockets.add(from).add(to);
		from.once('data', (first) => {
			to.write(redirected(first, door.schema));
			from.pipe(to);
		});
		to.pipe(from);
		for (const [one, other] of [
			[from, to],
			[to, from]
		] as const) {
			one.on('error', () => other.destroy());
			one.on('close', () => {
				other.destroy();
				sockets.delete(one);
			});
		}
	});
	server.on('close', () => sockets.forEach((socket) => socket.destroy()));
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(suitePort, '127.0.0.1', resolve);
	});
	return server;
}

/** The startup message with the schema replaced: its first four bytes are its length. */
function redirected(message: Buffer, schema: string): Buffer {
	const text = message.subarray(4).toString('latin1');
	const body = Buffer.from(text.replace(suitePath, `search_path=${schema}`), 'latin1');
	const length = Buffer.alloc(4);
	length.writeInt32BE(body.length + 4);
	return Buffer.concat([length, body]);
}
