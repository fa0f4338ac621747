import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Place, Tenancy } from '#core/tenancy';
import {
	auditBank,
	bankTables,
	bankViews,
	makeBank,
	readView,
	transferring,
	type Auditor
} from '#support/bank';
import { JournalReplica } from '#support/journal-replica';
import { testLog } from '#support/log';
import { testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { CrashBank } from '#support/view-crash';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let place: Place;
let auditor: Auditor;
/** Of each view, by hash: a node that dies gives none a new one. */
const generations = new Map<string, number>();

const start = () => createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makeBank(db, tenancy);
	const views = await start();
	await views.ensure(place, bankTables, bankViews);
	auditor = await auditBank(views, place);
	for (const { hash } of bankViews) generations.set(hash, views.find(place, hash)!.generation);
	await views.stop();
});
afterAll(async () => {
	await tenancy?.end();
	await db?.drop();
});

test(
	'a node that is killed again and again loses nothing, doubles nothing, and leaves no gap',
	{ timeout: 120_000 },
	async () => {
		const writers = transferring(db.superuserUrl, place.schema, 3, 20);
		let advances = 0;
		let empty = 0;
		for (let round = 0; round < 22; round++) {
			const before = advances;
			await liveAndDie(round % 12, () => advances++);
			if (advances === before) empty++;
		}
		await writers.stop();
		// most lives got somewhere, or the test would say nothing
		expect(empty).toBeLessThan(6);
		expect(advances).toBeGreaterThan(50);
		const views = await start();
		await audit(views, auditor);
		await views.stop();
	}
);

test(
	'connections that are cut at random lose nothing, double nothing, and leave no gap',
	{ timeout: 60_000 },
	async () => {
		const views = await start();
		const writers = transferring(db.superuserUrl, place.schema, 3, 20);
		for (let round = 0; round < 15; round++) {
			await sleep(50 + Math.random() * 250);
			const who = round % 2 ? 'loam maintainer' : 'loam wal';
			await onSuperuser(
				`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '${who}'`
			);
		}
		await writers.stop();
		await audit(views, auditor);
		await views.stop();
	}
);

/** `npm run soak:crash` is the long one. */
test(
	'a node and a Postgres that are killed at random points lose nothing that was acknowledged',
	{ timeout: 180_000 },
	async () => {
		const bank = await CrashBank.open();
		try {
			for (const kind of ['node', 'backend', 'node', 'postgres', 'node'] as const) {
				await (kind === 'node' ? bank.killNode() : bank.killPostgres(kind));
			}
			await bank.audit();
			expect(bank.lives).toBeGreaterThan(0);
			expect(bank.acknowledged.size).toBeGreaterThan(50);
			expect(bank.positions).toBeGreaterThan(2);
		} finally {
			await bank.close();
		}
	}
);

/** Every position since the last audit, and that the views are now what the SELECTs say. */
async function audit(views: RunningViews, by: Auditor): Promise<void> {
	const { rows } = await db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 30_000);
	by.follow(await views.journal({ seq: by.seq }, 10_000_000));
	expect(by.seq).toBe(views.position().seq);
	for (const spec of bankViews) {
		const { view, rows: held } = await readView(views, place, spec.hash);
		expect(view.generation).toBe(generations.get(spec.hash));
		expect(by.contents(view.id)).toEqual(new JournalReplica(held).contents());
		if (spec.kind !== 'maintained') continue;
		const columns = spec.columns.map(({ name }) => `'${name}', ${name}::text`).join(', ');
		const truth = await onSuperuser<{ key: string; row: Record<string, string> }>(
			`SELECT key, jsonb_build_object(${columns}) AS row FROM (${spec.sql.replaceAll('{data}', place.schema)}) v`
		);
		expect(by.contents(view.id)).toEqual(
			new JournalReplica(truth.map(({ key, row }) => [key, row])).contents()
		);
	}
}

/** Runs a node of its own and kills it at some moment after it committed so many batches. */
async function liveAndDie(batches: number, onAdvance: () => void): Promise<void> {
	const child = spawn(process.execPath, ['--no-warnings', 'tests/support/views-child.ts', db.superuserUrl], {
		stdio: ['ignore', 'pipe', 'inherit']
	});
	const exited = once(child, 'exit');
	const lines = createInterface({ input: child.stdout });
	let isTime = () => {};
	const time = new Promise<void>((resolve) => (isTime = resolve));
	let left = batches;
	lines.on('line', (line) => {
		if (line.startsWith('advance')) {
			left--;
			onAdvance();
		}
		if (left <= 0) isTime();
	});
	await Promise.race([time, exited]);
	await sleep(Math.random() * 30);
	child.kill('SIGKILL');
	await exited;
}

async function onSuperuser<Row extends object>(sql: string): Promise<Row[]> {
	const client = await db.connect(db.superuserUrl);
	try {
		return (await client.query<Row>(sql)).rows;
	} finally {
		await client.end();
	}
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
