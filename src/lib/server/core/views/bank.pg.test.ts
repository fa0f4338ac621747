import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLog } from '#support/log';
import type { Place, Tenancy } from '#core/tenancy';
import type { ViewSpec } from '#engine/view';
import {
	auditBank,
	bankTables,
	bankViews,
	makeBank,
	plannedSums,
	readView,
	transferring
} from '#support/bank';
import { JournalReplica } from '#support/journal-replica';
import { testTenancy } from '#support/places';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { createViews, type RunningViews } from './index.ts';

let db: TestPostgres;
let tenancy: Tenancy;
let views: RunningViews;
let specs: readonly ViewSpec[];
let place: Place;

beforeAll(async () => {
	db = await testPostgres();
	tenancy = await testTenancy(db);
	place = await makeBank(db, tenancy);
	views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
	specs = [...bankViews, await plannedSums(tenancy, place)];
	await views.ensure(place, bankTables, specs);
});
afterAll(async () => {
	await views?.stop();
	await tenancy?.end();
	await db?.drop();
});

test('three writers never tear a transaction at any position, and the views end up as the SELECTs', async () => {
	const auditor = await auditBank(views, place, specs);
	const writers = transferring(db.superuserUrl, place.schema);
	await sleep(4000);
	await writers.stop();
	await settle();
	auditor.follow(await views.journal({ seq: auditor.seq }, 1_000_000));
	expect(auditor.positions).toBeGreaterThan(50);
	expect(writers.transfers).toBeGreaterThan(auditor.positions);
});

test('a snapshot taken among writers goes on exactly with the journal after its position', async () => {
	const writers = transferring(db.superuserUrl, place.schema);
	const snapshots = [];
	for (let i = 0; i < 30; i++) {
		snapshots.push(await Promise.all(specs.map(({ hash }) => readView(views, place, hash))));
		await sleep(20);
	}
	await writers.stop();
	await settle();
	const final = await Promise.all(specs.map(({ hash }) => readView(views, place, hash)));
	for (const snapshot of snapshots) {
		for (const [i, { view, at, rows }] of snapshot.entries()) {
			const replica = new JournalReplica(rows);
			for (const row of await views.journal(at, 1_000_000, view.id)) replica.apply(row);
			expect(replica.contents()).toEqual(new JournalReplica(final[i]!.rows).contents());
		}
	}
});

/** Until the views hold everything that is committed now. */
async function settle(): Promise<void> {
	const { rows } = await db.app.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
	await views.whenApplied(BigInt(rows[0]!.xid), 20_000);
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
