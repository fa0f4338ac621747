import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { silentLogger } from '#kernel';
import { startEmbedded, type Embedded } from '#platform/postgres';
import { startLoam, type RunningLoam } from './loam.ts';

/** Whole nodes of Loam on one Postgres of their own, which a service manager keeps running. */
export interface Nodes {
	readonly cluster: Embedded;
	readonly nodes: readonly RunningLoam[];
	/** Superuser, on the nodes' database. */
	readonly url: string;
	/** One more node; `through` is where it thinks that Postgres is. */
	add(through?: string): Promise<RunningLoam>;
	/** The node that maintains the views, by what the nodes said last. */
	maintainer(): RunningLoam;
	/** As a superuser. */
	query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
	stop(): Promise<void>;
}

export interface NodesOptions {
	readonly settings?: Readonly<Record<string, string>>;
	readonly environment?: Readonly<Record<string, string>>;
	/** An empty folder for the cluster. */
	readonly directory?: string;
}

export async function startNodes(count: number, options: NodesOptions = {}): Promise<Nodes> {
	const dir = options.directory ?? mkdtempSync(join(tmpdir(), 'loam-nodes-'));
	chmodSync(dir, 0o755);
	const cluster = await startEmbedded(dir, silentLogger, { shared_buffers: '64MB', ...options.settings });
	cluster.keepAlive(() => {});
	const nodes: RunningLoam[] = [];

	async function query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
		const client = new pg.Client({ connectionString: cluster.url });
		client.on('error', () => {});
		await client.connect();
		try {
			return (await client.query<Row>(sql, values)).rows;
		} finally {
			await client.end();
		}
	}

	async function add(through = cluster.url): Promise<RunningLoam> {
		const node = await startLoam({ ...options.environment, DATABASE_URL: through });
		nodes.push(node);
		return node;
	}

	for (let n = 0; n < count; n++) await add();
	return {
		cluster,
		nodes,
		url: cluster.url,
		add,
		maintainer: () => nodes.toSorted((a, b) => (lastTurn(a) < lastTurn(b) ? 1 : -1))[0]!,
		query,
		async stop() {
			for (const node of nodes) await node.stop();
			await cluster.stop();
			if (!options.directory) rmSync(dir, { recursive: true, force: true });
		}
	};
}

/** When the node said that it maintains; '' where it never did. */
function lastTurn(node: RunningLoam): string {
	return logOf(node).findLast(({ message }) => message === 'this node maintains the views')?.time ?? '';
}

export interface LogLine {
	readonly time: string;
	readonly level: string;
	readonly room: string;
	readonly message: string;
	readonly condition?: string;
}

/** What a node logged. */
export function logOf(node: RunningLoam): LogLine[] {
	return node
		.output()
		.split('\n')
		.filter((line) => line.startsWith('{'))
		.map((line) => JSON.parse(line) as LogLine);
}

export interface HealthAnswer {
	readonly status: string;
	readonly problems?: readonly { readonly name: string; readonly message: string; readonly since: string }[];
}

/** What `/healthz` says; `status` is `gone` where nobody answers. */
export async function healthOf(node: RunningLoam): Promise<HealthAnswer> {
	const answer = await fetch(`${node.url}/healthz`).catch(() => undefined);
	return answer ? ((await answer.json()) as HealthAnswer) : { status: 'gone' };
}

export async function waitUntil(condition: () => unknown, what: string, ms = 30_000): Promise<number> {
	const from = Date.now();
	while (!(await condition())) {
		if (Date.now() - from > ms) throw new Error(`it did not come to pass within ${ms} ms: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	return Date.now() - from;
}
