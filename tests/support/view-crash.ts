import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isDeepStrictEqual } from 'node:util';
import type { ViewSpec } from '#engine/view';
import type { Place, Tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from '#core/views';
import { type Auditor, accounts, accountCount, auditBank, bankTables, makeBank, readView } from './bank.ts';
import { JournalReplica } from './journal-replica.ts';
import { testLog } from './log.ts';
import { ownCluster, type OwnCluster } from './own-cluster.ts';
import { testTenancy } from './places.ts';
import { planned } from './planned.ts';

/**
 * The bank on a Postgres of its own, maintained by a process that is killed again and again, as Postgres
 * itself is. Every transfer is written down with a number in its own transaction: what was acknowledged
 * must be there afterwards, once, in the table and in every view.
 */

const columns = (...names: string[]) =>
	names.map((name) => ({ name, type: 'integer', array: false, nullable: false }));
const tables = [
	{ name: 'accounts', key: ['id'], columns: columns('id', 'region', 'balance') },
	{
		name: 'regions',
		key: ['id'],
		columns: [...columns('id'), { name: 'name', type: 'text', array: false, nullable: false }]
	}
];

/** In each of them the balances make the same sum, whatever is transferred. */
const selects: Readonly<Record<string, string>> = {
	sums: 'SELECT region, sum(balance) AS balance, count(*) AS accounts FROM accounts GROUP BY region',
	named: 'SELECT a.id, a.balance, r.name FROM accounts a JOIN regions r ON r.id = a.region',
	places:
		'SELECT id, balance, row_number() OVER (PARTITION BY region ORDER BY balance, id) AS place FROM accounts'
};

export class CrashBank {
	readonly kills = { node: 0, postgres: 0, backend: 0 };
	/** Acknowledged transfers. */
	readonly acknowledged = new Set<string>();
	/** Lives of the node in which it committed a batch. */
	lives = 0;
	audits = 0;
	readonly #own: OwnCluster;
	readonly #place: Place;
	readonly #specs: readonly ViewSpec[];
	readonly #auditor: Auditor;
	#writers: { stop(): Promise<void> } | undefined;
	#transfer = 0;

	private constructor(own: OwnCluster, place: Place, specs: readonly ViewSpec[], auditor: Auditor) {
		this.#own = own;
		this.#place = place;
		this.#specs = specs;
		this.#auditor = auditor;
	}

	static async open(): Promise<CrashBank> {
		const own = await ownCluster();
		const tenancy = await testTenancy(own.db);
		const place = await makeBank(own.db, tenancy);
		await tenancy.asOwner(place, (owner) =>
			owner.query('CREATE TABLE transfers (id text PRIMARY KEY, amount int NOT NULL)')
		);
		const kept = await tenancy.asOwner(place, (owner) =>
			Promise.all(
				Object.entries(selects).map(([name, sql]) =>
					planned(owner, place.schema, { name, file: `views/${name}.sql`, sql, tables })
				)
			)
		);
		const specs = [accounts, ...kept];
		const views = await start(own, tenancy);
		await views.ensure(place, bankTables, specs);
		const auditor = await auditBank(views, place, specs);
		await views.stop();
		await tenancy.end();
		return new CrashBank(own, place, specs, auditor);
	}

	/** Positions of the bank that were looked at: none was torn. */
	get positions(): number {
		return this.#auditor.positions;
	}

	/** Starts a node and kills it, at any moment from its first on. */
	async killNode(): Promise<void> {
		this.#writers ??= this.#write();
		const node = startNode(this.#own.cluster.url);
		await node.reach(Math.random() < 0.3);
		await node.kill();
		this.kills.node++;
		if (node.advances() > 0) this.lives++;
	}

	/**
	 * Kills Postgres under a running node: all of it, or one process of its own, after which it starts
	 * itself again.
	 */
	async killPostgres(kind: 'postgres' | 'backend'): Promise<void> {
		this.#writers ??= this.#write();
		const node = startNode(this.#own.cluster.url);
		await node.reach(Math.random() < 0.3);
		if (kind === 'postgres') await this.#own.kill();
		else await this.#killBackend();
		this.kills[kind]++;
		this.#auditor.crashed();
		if (node.advances() > 0) this.lives++;
		await this.#writers.stop();
		this.#writers = undefined;
		await node.kill();
		if (kind === 'postgres') await this.#own.restart();
		else await this.#until(() => this.#sql('SELECT'));
	}

	/** Every position since the last audit; and that views and tables hold all that was acknowledged. */
	async audit(): Promise<void> {
		await this.#writers?.stop();
		this.#writers = undefined;
		const tenancy = await testTenancy(this.#own.db);
		const views = await start(this.#own, tenancy);
		try {
			const [{ xid }] = (await this.#sql('SELECT pg_current_xact_id()::text AS xid')) as [{ xid: string }];
			await views.whenApplied(BigInt(xid), 30_000);
			this.#auditor.follow(await views.journal({ seq: this.#auditor.seq }, 10_000_000));
			for (const spec of this.#specs) await this.#compare(views, spec);
			const stored = new Set((await this.#sql('SELECT id FROM transfers')).map(({ id }) => id));
			for (const id of this.acknowledged) if (!stored.has(id)) throw new Error(`transfer ${id} is lost`);
			this.audits++;
		} finally {
			await views.stop();
			await tenancy.end();
		}
	}

	async close(): Promise<void> {
		await this.#writers?.stop();
		await this.#own.drop();
	}

	async #compare(views: RunningViews, spec: ViewSpec): Promise<void> {
		const { view, rows } = await readView(views, this.#place, spec.hash);
		const followed = this.#auditor.contents(view.id);
		if (!isDeepStrictEqual(followed, new JournalReplica(rows).contents()))
			throw new Error(`view ${spec.name} is not what its journal says`);
		const names = spec.columns.map(({ name }) => `${name}::text`).join(', ');
		const truth = await this.#sql(`SELECT ${names} FROM (${spec.sql}) AS s`);
		const sorted = (list: readonly object[]) => list.map((row) => JSON.stringify(Object.values(row))).sort();
		const held = rows.map(([, row]) => Object.fromEntries(spec.columns.map(({ name }) => [name, row[name]])));
		if (!isDeepStrictEqual(sorted(held), sorted(truth)))
			throw new Error(`view ${spec.name} is not what its SELECT says`);
	}

	async #killBackend(): Promise<void> {
		const [victim] = await this.#sql(
			`SELECT pid FROM pg_stat_activity WHERE application_name IN ('loam maintainer', 'loam wal', 'loam writer') ORDER BY random() LIMIT 1`
		);
		process.kill(Number(victim!['pid']), 'SIGKILL');
	}

	/** Three sessions that transfer until Postgres or `stop` ends them. */
	#write(): { stop(): Promise<void> } {
		let isOver = false;
		const pick = () => 1 + Math.floor(Math.random() * accountCount);
		const writer = async () => {
			const client = new pg.Client({
				connectionString: this.#own.cluster.url,
				application_name: 'loam writer'
			});
			client.on('error', () => {});
			try {
				await client.connect();
				await client.query(`SET search_path = ${this.#place.schema}`);
				while (!isOver) {
					const id = String(++this.#transfer);
					const [from, to] = [pick(), pick()].sort((a, b) => a - b);
					const amount = Math.floor(Math.random() * 20);
					await client.query(
						`BEGIN; INSERT INTO transfers VALUES ('${id}', ${amount}); UPDATE accounts SET balance = balance - ${amount} WHERE id = ${from}; UPDATE accounts SET balance = balance + ${amount}, region = 1 + (region + ${to}) % 10 WHERE id = ${to}; COMMIT`
					);
					this.acknowledged.add(id);
					await sleep(Math.random() * 20);
				}
			} finally {
				await client.end().catch(() => {});
			}
		};
		const all = [0, 1, 2].map(() => writer().catch(() => {}));
		return {
			async stop() {
				isOver = true;
				await Promise.all(all);
			}
		};
	}

	async #sql(sql: string): Promise<Record<string, string>[]> {
		const client = new pg.Client({ connectionString: this.#own.cluster.url });
		client.on('error', () => {});
		await client.connect();
		try {
			await client.query(`SET search_path = ${this.#place.schema}`);
			return (await client.query<Record<string, string>>(sql)).rows;
		} finally {
			await client.end().catch(() => {});
		}
	}

	async #until(works: () => Promise<unknown>, ms = 30_000): Promise<void> {
		for (const deadline = Date.now() + ms; ;) {
			try {
				return void (await works());
			} catch (error) {
				if (Date.now() > deadline) throw error;
				await sleep(50);
			}
		}
	}
}

function start(own: OwnCluster, tenancy: Tenancy): Promise<RunningViews> {
	return createViews({ postgres: own.db, log: testLog, asOwner: tenancy.asOwner });
}

interface Node {
	/** Batches that it committed. */
	advances(): number;
	/** Some moment of its life: `early`, on its way up; otherwise after it began to commit. */
	reach(early: boolean): Promise<void>;
	kill(): Promise<void>;
}

const upWithinMs = 20_000;

/** A process that maintains the views and does nothing else. */
function startNode(url: string): Node {
	const child = spawn(process.execPath, ['--no-warnings', 'tests/support/views-child.ts', url], {
		stdio: ['ignore', 'pipe', 'ignore']
	});
	const exited = once(child, 'exit');
	const first = Promise.withResolvers<void>();
	let advances = 0;
	createInterface({ input: child.stdout }).on('line', (line) => {
		if (!line.startsWith('advance')) return;
		advances++;
		first.resolve();
	});
	return {
		advances: () => advances,
		async reach(early) {
			if (early) return sleep(Math.random() * 1500);
			await Promise.race([first.promise, exited, sleep(upWithinMs)]);
			await sleep(Math.random() * 1500);
		},
		async kill() {
			child.kill('SIGKILL');
			await exited;
		}
	};
}
