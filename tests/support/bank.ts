import pg from 'pg';
import type { ViewSpec } from '#engine/view';
import type { Postgres } from '#platform/postgres';
import type { Place, Tenancy } from '#core/tenancy';
import type { JournalRow, RunningViews } from '#core/views';
import { JournalReplica } from './journal-replica.ts';
import { makePlace } from './places.ts';
import { planned } from './planned.ts';
import { maintainedSpec, throughSpec } from './view-specs.ts';

/** The torn-transaction gate: money moves between accounts, and its sum never changes. */

export const accountCount = 200;
export const total = accountCount * 100;

export const accounts = throughSpec(
	'accounts',
	'id',
	[
		['id', 'integer'],
		['region', 'integer'],
		['balance', 'integer']
	],
	'ba00000000000001'
);

/** Accounts with the names of their regions: a join. */
export const named = maintainedSpec({
	name: 'named',
	hash: 'ba00000000000002',
	select:
		'SELECT a.id::text AS key, a.balance, r.name FROM {data}.accounts a JOIN {data}.regions r ON r.id = a.region',
	columns: [
		['balance', 'integer'],
		['name', 'text']
	],
	sources: [
		{ table: 'accounts', key: ['id'] },
		{ table: 'regions', key: ['id'] }
	],
	touched: `SELECT key FROM changed WHERE source = 'accounts' UNION SELECT a.id::text FROM {data}.accounts a JOIN changed c ON c.source = 'regions' AND a.region = c.key::int`
});

/** Sums of the regions: a group. Regions that nobody is left in are touched through the view's own rows. */
export const sums = maintainedSpec({
	name: 'sums',
	hash: 'ba00000000000003',
	select:
		'SELECT region::text AS key, sum(balance) AS balance, count(*) AS accounts FROM {data}.accounts GROUP BY region',
	columns: [
		['balance', 'bigint'],
		['accounts', 'bigint']
	],
	sources: [{ table: 'accounts', key: ['id'] }],
	touched: 'SELECT region::text AS key FROM {data}.accounts UNION SELECT key FROM {state}.v_ba00000000000003'
});

/** The same group as the planner keeps it. */
export function plannedSums(tenancy: Tenancy, place: Place): Promise<ViewSpec> {
	const column = (name: string) => ({ name, type: 'integer', array: false, nullable: false });
	return tenancy.asOwner(place, (owner) =>
		planned(owner, place.schema, {
			name: 'planned_sums',
			file: 'views/planned_sums.sql',
			sql: 'SELECT region, sum(balance) AS balance, count(*) AS accounts FROM accounts GROUP BY region',
			tables: [{ name: 'accounts', key: ['id'], columns: ['id', 'region', 'balance'].map(column) }]
		})
	);
}

export const bankViews = [accounts, named, sums];
export const bankTables = [
	{ name: 'accounts', key: ['id'] },
	{ name: 'regions', key: ['id'] }
];

export function makeBank(db: Postgres, tenancy: Tenancy): Promise<Place> {
	return makePlace(
		db,
		tenancy,
		'bank',
		'CREATE TABLE regions (id int PRIMARY KEY, name text NOT NULL)',
		'CREATE TABLE accounts (id int PRIMARY KEY, region int NOT NULL, balance int NOT NULL)',
		`INSERT INTO regions SELECT n, 'region ' || n FROM generate_series(1, 10) n`,
		`INSERT INTO accounts SELECT n, 1 + n % 10, 100 FROM generate_series(1, ${accountCount}) n`
	);
}

export interface Writers {
	readonly transfers: number;
	stop(): Promise<void>;
}

/** Concurrent transfers, each one transaction over two or more accounts. Ends quietly when Postgres does. */
export function transferring(url: string, schema: string, count = 3, pauseMs = 0): Writers {
	let stopped = false;
	let transfers = 0;
	const data = pg.escapeIdentifier(schema);
	async function writer(): Promise<void> {
		const client = new pg.Client({ connectionString: url });
		client.on('error', () => {});
		await client.connect();
		try {
			while (!stopped) {
				const [a, b] = [pick(), pick()].sort((x, y) => x - y) as [number, number];
				const amount = Math.floor(Math.random() * 20);
				await client.query(
					`BEGIN; UPDATE ${data}.accounts SET balance = balance - ${amount} WHERE id = ${a}; UPDATE ${data}.accounts SET balance = balance + ${amount}, region = 1 + (region + ${b}) % 10 WHERE id = ${b}; COMMIT`
				);
				transfers++;
				if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * pauseMs));
			}
		} finally {
			await client.end().catch(() => {});
		}
	}
	const pick = () => 1 + Math.floor(Math.random() * accountCount);
	const all = Array.from({ length: count }, () => writer().catch(() => {}));
	return {
		get transfers() {
			return transfers;
		},
		async stop() {
			stopped = true;
			await Promise.all(all);
		}
	};
}

/** A view's rows as texts, by key, and the position that they are of. */
export async function readView(views: RunningViews, place: Place, hash: string) {
	const view = views.find(place, hash);
	if (!view) throw new Error(`view ${hash} is not ready`);
	const sql = view.spec.program.read
		.replaceAll('{data}', place.schema)
		.replaceAll('{state}', place.stateSchema);
	const columns = view.spec.columns.map(({ name }) => `'${name}', ${name}::text`).join(', ');
	return views.snapshot(view, async (client, at) => {
		const { rows } = await client.query<{ key: string; row: Record<string, string | null> }>(
			`SELECT _key AS key, jsonb_build_object(${columns}) AS row FROM (${sql}) v`
		);
		return { view, at, rows: rows.map(({ key, row }) => [key, row] as const) };
	});
}

/**
 * Follows the journal of the three views from `since` on and checks the bank at every single position:
 * no torn sum, no lost or doubled row, no gap in the numbers.
 */
export class Auditor {
	readonly #ids: Map<number, JournalReplica>;
	readonly #sumOf: readonly JournalReplica[];
	#seq: bigint;
	/** Numbers that may be left out: one after each crash of Postgres. */
	#skips = 0;
	positions = 0;

	constructor(seq: bigint, replicas: readonly { readonly view: number; readonly replica: JournalReplica }[]) {
		this.#seq = seq;
		this.#ids = new Map(replicas.map(({ view, replica }) => [view, replica]));
		this.#sumOf = replicas.map(({ replica }) => replica);
	}

	get seq(): bigint {
		return this.#seq;
	}

	contents(view: number) {
		return this.#ids.get(view)!.contents();
	}

	/** Postgres was killed: the number after its last batch is given to none. */
	crashed(): void {
		this.#skips++;
	}

	follow(rows: readonly JournalRow[]): void {
		for (const [seq, batch] of Map.groupBy(rows, (row) => row.seq)) {
			for (; seq > this.#seq + 1n && this.#skips > 0; this.#skips--) this.#seq++;
			if (seq !== this.#seq + 1n) throw new Error(`gap in the journal: ${seq} after ${this.#seq}`);
			this.#seq = seq;
			for (const row of batch) this.#ids.get(row.view)?.apply(row);
			this.#check();
			this.positions++;
		}
	}

	#check(): void {
		for (const replica of this.#sumOf) {
			let sum = 0;
			for (const row of replica.rows.values()) sum += Number(row['balance']);
			if (sum !== total) throw new Error(`torn at ${this.#seq}: ${sum} instead of ${total}`);
		}
	}
}

/** An auditor that begins where the views stand. */
export async function auditBank(
	views: RunningViews,
	place: Place,
	specs: readonly ViewSpec[] = bankViews
): Promise<Auditor> {
	// one position for all three: nothing is being written
	const read = [];
	for (const spec of specs) read.push(await readView(views, place, spec.hash));
	const positions = new Set(read.map(({ at }) => at.seq));
	if (positions.size !== 1) throw new Error('the bank moved while it was read');
	return new Auditor(
		read[0]!.at.seq,
		read.map(({ view, rows }) => ({ view: view.id, replica: new JournalReplica(rows) }))
	);
}
