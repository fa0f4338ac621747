import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '#kernel';
import type { Access, ReleaseArtifact } from '#engine/module';
import { rowKey } from '#engine/shape';
import type { ViewColumn, ViewSpec } from '#engine/view';
import {
	connectionLimits,
	createStream,
	protocolTimers,
	type ConnectionLimits,
	type Stream,
	type StreamParts,
	type Timers
} from '#api/stream';
import type { Principal } from '#core/identity';
import { createLive, type Live, type LiveLimits } from '#core/live';
import type { Installation, InstallationChange, LiveRelease } from '#core/tenancy';
import type { JournalRow, LiveView, Position, Views } from '#core/views';
import { testPostgres, type TestPostgres } from '#support/postgres';

type TextRow = Record<string, string | null>;

/** A table `i1.<name>` that is served as a view of module `tickets`, its journal made by comparing. */
export interface TableView {
	readonly name: string;
	readonly columns: readonly ViewColumn[];
	readonly opaqueKey?: boolean;
}

export interface LiveHouse {
	readonly db: TestPostgres;
	readonly live: Live;
	readonly stream: Stream;
	readonly server: Server;
	/** Where large snapshots lie. */
	readonly directory: string;
	/** `http://127.0.0.1:…` */
	readonly url: string;
	/** As it is served now. */
	installation(): Promise<Installation>;
	/** How often a view was read out of the database. */
	reads(): number;
	/** Runs statements as one source transaction; journal and position follow in it. Returns its position. */
	write(...statements: string[]): Promise<bigint>;
	/** Moves the position without a row. */
	advance(): bigint;
	/** Ends the generation of a view, as a rebuild does. */
	rebuild(view: string): void;
	/** Drops the journal up to here. */
	forget(upTo: bigint): void;
	/** Roles of a person (`Authorization: Bearer <name>`) in home/main. */
	grant(name: string, ...roles: string[]): void;
	/** Ends a person's session. */
	signOut(name: string): void;
	/** The same, as time does it: no version is raised. */
	expire(name: string): void;
	/** Puts another access table in place, as a new release. */
	release(access: Access, hash?: string): void;
	shapeUrl(params: Record<string, string>): string;
	stop(): Promise<void>;
}

export interface LiveHouseOptions {
	readonly views: readonly TableView[];
	readonly access: Access;
	readonly limits?: LiveLimits;
	readonly timers?: Partial<Timers>;
	readonly connection?: Partial<ConnectionLimits>;
	/** Whether shapes can be deleted. */
	readonly deletion?: boolean;
	/** Serves what is not the stream's. */
	readonly other?: (path: string) => { type: string; body: string | Buffer } | undefined;
}

/**
 * core/live and api/stream on a real Postgres, with hand-made neighbours: tables stand for views, every
 * write is compared to make the journal, people are named by their token.
 */
export async function liveHouse(options: LiveHouseOptions): Promise<LiveHouse> {
	const db = await testPostgres();
	await db.admin.query('CREATE SCHEMA i1');
	await db.admin.query(`GRANT USAGE ON SCHEMA i1 TO ${db.instance.logins.app}`);
	for (const view of options.views) await createTable(db, view);

	const generations = new Map(options.views.map(({ name }) => [name, 1]));
	const specs = options.views.map(specOf);
	const journal: JournalRow[] = [];
	let oldest = 0n;
	let seq = 0n;
	let reads = 0;
	const listeners = new Set<(position: Position) => void>();
	const tell = () => listeners.forEach((listener) => listener({ seq }));

	const viewOf = (spec: ViewSpec): LiveView => ({
		id: options.views.findIndex(({ name }) => name === spec.name) + 1,
		spec,
		schema: 'i1',
		stateSchema: 'i1_v',
		generation: generations.get(spec.name)!
	});

	async function rowsOf(view: TableView): Promise<Map<string, TextRow>> {
		const names = view.columns.map(({ name }) => `'${name}', "${name}"::text`).join(', ');
		const { rows } = await db.read.query<{ row: TextRow }>(
			`SELECT jsonb_build_object(${names}) AS row FROM i1.${view.name}`
		);
		return new Map(rows.map(({ row }) => [keyOf(view, row), row]));
	}

	const views: Views = {
		ensure: async () => {},
		retain: async () => {},
		find: (_installation, hash) => {
			const spec = specs.find((candidate) => candidate.hash === hash);
			return spec && viewOf(spec);
		},
		position: () => ({ seq }),
		onAdvance(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		async journal(after, limit, view) {
			const rows = journal.filter((row) => row.seq > after.seq && (view === undefined || row.view === view));
			return rows.filter((row) => row.seq <= (rows[limit - 1]?.seq ?? row.seq));
		},
		oldest: () => ({ seq: oldest }),
		async snapshot(_view, read) {
			reads++;
			const client = await db.read.connect();
			try {
				await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
				const { rows } = await client.query<{ seq: string }>('SELECT seq FROM i1.position');
				return await read(client as never, { seq: BigInt(rows[0]!.seq) });
			} finally {
				await client.query('ROLLBACK');
				client.release();
			}
		},
		builds: async () => [],
		whenApplied: async () => ({ seq })
	};
	await db.admin.query('CREATE TABLE i1.position (seq bigint); INSERT INTO i1.position VALUES (0)');
	await db.admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA i1 TO ${db.instance.logins.app}`);

	const people = makePeople();
	const place = makeInstallation(options);
	const directory = mkdtempSync(join(tmpdir(), 'loam-live-'));
	const live = await createLive({
		views,
		postgres: db,
		log: silentLogger,
		directory,
		...(options.limits ? { limits: options.limits } : {})
	});
	const server = createServer((request, response) => {
		if (stream.handle(request, response)) return;
		const found = options.other?.(request.url!.split('?')[0]!);
		response.writeHead(found ? 200 : 404, { 'content-type': found?.type ?? 'text/plain' });
		response.end(found?.body);
	});
	// On a busy machine a connection would be closed just as it is used again.
	server.keepAliveTimeout = 60_000;
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const stream = createStream({
		live,
		tenancy: place.tenancy,
		identity: people.identity,
		log: silentLogger,
		origin: url,
		timers: { ...protocolTimers, ...options.timers },
		limits: { ...connectionLimits, ...options.connection },
		deletion: options.deletion ?? false
	});
	server.on('upgrade', (request, socket, head) => {
		if (!stream.upgrade(request, socket, head)) socket.destroy();
	});

	let writing: Promise<unknown> = Promise.resolve();
	async function writeNow(statements: readonly string[]): Promise<bigint> {
		const before = await Promise.all(options.views.map(rowsOf));
		const client = await db.admin.connect();
		let txid: bigint;
		try {
			await client.query('BEGIN');
			for (const statement of statements) await client.query(statement);
			await client.query('UPDATE i1.position SET seq = $1', [String(seq + 1n)]);
			const { rows } = await client.query<{ txid: string }>('SELECT pg_current_xact_id()::text AS txid');
			txid = BigInt(rows[0]!.txid);
			await client.query('COMMIT');
		} catch (error) {
			await client.query('ROLLBACK');
			throw error;
		} finally {
			client.release();
		}
		const after = await Promise.all(options.views.map(rowsOf));
		seq += 1n;
		let op = 0;
		for (const [index, view] of options.views.entries()) {
			for (const change of difference(before[index]!, after[index]!)) {
				journal.push({ seq, op: op++, view: index + 1, txids: [txid], ...change });
			}
			void view;
		}
		tell();
		return seq;
	}

	return {
		db,
		live,
		stream,
		server,
		directory,
		url,
		installation: async () => (await place.tenancy.installation('p1', 'tickets'))!,
		reads: () => reads,
		write(...statements) {
			const done = writing.then(() => writeNow(statements));
			writing = done.catch(() => {});
			return done;
		},
		advance() {
			seq += 1n;
			void db.admin.query('UPDATE i1.position SET seq = $1', [String(seq)]);
			tell();
			return seq;
		},
		rebuild(view) {
			generations.set(view, generations.get(view)! + 1);
			seq += 1n;
			tell();
		},
		forget(upTo) {
			oldest = upTo;
			journal.splice(0, journal.findIndex((row) => row.seq > upTo) >>> 0);
		},
		grant: people.grant,
		signOut: people.signOut,
		expire: people.expire,
		release: place.release,
		shapeUrl: (params) => `${url}/v1/shape?${new URLSearchParams({ project: 'home/main', ...params })}`,
		async stop() {
			await stream.close();
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await live.close();
			await db.drop();
		}
	};
}

async function createTable(db: TestPostgres, view: TableView): Promise<void> {
	const columns = view.columns.map(({ name, type, dims }) => `"${name}" ${type}${'[]'.repeat(dims)}`);
	const key = view.columns.filter(({ keyIndex }) => keyIndex !== undefined).map(({ name }) => `"${name}"`);
	await db.admin.query(
		`CREATE TABLE i1.${view.name} (${[...columns, `PRIMARY KEY (${key.join(', ')})`].join(', ')})`
	);
}

function keyOf(view: TableView, row: TextRow): string {
	const parts = view.columns.filter(({ keyIndex }) => keyIndex !== undefined).map(({ name }) => row[name]!);
	return rowKey(parts);
}

function difference(before: Map<string, TextRow>, after: Map<string, TextRow>) {
	const changes: Pick<JournalRow, 'operation' | 'key' | 'old' | 'new'>[] = [];
	for (const [key, old] of before)
		if (!after.has(key)) changes.push({ operation: 'delete', key, old, new: null });
	for (const [key, row] of after) {
		const old = before.get(key);
		if (!old) changes.push({ operation: 'insert', key, old: null, new: row });
		else if (JSON.stringify(old) !== JSON.stringify(row))
			changes.push({ operation: 'update', key, old, new: row });
	}
	return changes;
}

function specOf(view: TableView): ViewSpec {
	const key = view.columns
		.filter(({ keyIndex }) => keyIndex !== undefined)
		.map(({ name }) => `'"' || replace("${name}"::text, '/', '//') || '"'`)
		.join(` || '/' || `);
	const columns = view.columns.map(({ name }) => `"${name}"`).join(', ');
	return {
		name: view.name,
		implicit: false,
		kind: 'through',
		hash: `hash-${view.name}`,
		sql: '',
		columns: view.columns,
		opaqueKey: view.opaqueKey ?? false,
		sources: [],
		program: { create: [], drop: [], read: `SELECT ${key} AS key, ${columns} FROM {data}.${view.name}` }
	};
}

function makeInstallation(options: LiveHouseOptions) {
	const project = {
		id: 'p1',
		organization: 'o1',
		path: 'home/main',
		orgSlug: 'home',
		slug: 'main',
		name: 'Main'
	};
	const listeners = new Set<(change: InstallationChange) => void>();
	const releaseOf = (access: Access, hash: string): LiveRelease => ({
		id: hash,
		hash: hash.padEnd(64, '0'),
		shortHash: hash.padEnd(12, '0').slice(0, 12),
		descriptor: new Uint8Array(),
		artifact: {
			format: 1,
			manifest: { name: 'tickets', access },
			views: options.views.map(specOf)
		} as unknown as ReleaseArtifact
	});
	let installation: Installation = {
		id: 'n1',
		number: 1,
		project,
		module: 'tickets',
		release: releaseOf(options.access, 'aaaa'),
		previous: undefined,
		schema: 'i1',
		stateSchema: 'i1_v',
		ownerRole: '',
		runRole: ''
	} as Installation;
	return {
		tenancy: {
			project: async (org: string, slug: string) => (`${org}/${slug}` === project.path ? project : undefined),
			installation: async (_project: string, module: string) =>
				module === 'tickets' ? installation : undefined,
			onChange(listener: (change: InstallationChange) => void) {
				listeners.add(listener);
				return () => listeners.delete(listener);
			}
		},
		release(access: Access, hash = 'bbbb') {
			installation = { ...installation, previous: installation.release, release: releaseOf(access, hash) };
			for (const listener of listeners) {
				listener({ installationId: 'n1', projectId: 'p1', module: 'tickets', releaseId: hash });
			}
		}
	};
}

function makePeople() {
	const roles = new Map<string, Set<string>>();
	const listeners = new Set<(version: bigint) => void>();
	let version = 1n;
	const changed = () => {
		version++;
		for (const listener of listeners) listener(version);
	};
	const principalOf = (name: string): Principal | undefined =>
		roles.has(name)
			? { id: idOf(name), name, email: undefined, sysAdmin: false, grantsVersion: version }
			: undefined;
	const identity: StreamParts['identity'] = {
		async authenticate(headers) {
			const given = headers as Record<string, string | undefined>;
			const name =
				given['authorization']?.replace('Bearer ', '') ?? /who=(\w+)/.exec(given['cookie'] ?? '')?.[1];
			return name === undefined ? undefined : principalOf(name);
		},
		refresh: async (principal) => principalOf(principal.name),
		rolesIn: (principal) => roles.get(principal?.name ?? '') ?? new Set(),
		grantsVersion: () => version,
		grantsHeardAt: () => Date.now(),
		onGrantsChanged(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		}
	};
	return {
		identity,
		grant(name: string, ...given: string[]) {
			roles.set(name, new Set(given));
			changed();
		},
		signOut(name: string) {
			roles.delete(name);
			changed();
		},
		expire: (name: string) => void roles.delete(name)
	};
}

/** A stable uuid for a name. */
export function idOf(name: string): string {
	const hex = Buffer.from(name.padEnd(16, '_').slice(0, 16)).toString('hex');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
