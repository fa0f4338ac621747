import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { insertOrders, openOrders, schema, shapeUrl, type Order, type Orders } from './orders.ts';
import { db, electricCollection, type ElectricOptions } from './tanstack.ts';

interface Total {
	readonly [column: string]: string | bigint;
	readonly customer: string;
	readonly orders: bigint;
	readonly amount: bigint;
}

let orders: Orders;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => void (orders = await openOrders()));
beforeEach(async () => orders.applied(await orders.write('DELETE FROM orders', insertOrders(1, 30))));
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => orders?.end());

let made = 0;
function collectionOf<Row>(
	table: string,
	getKey: (row: Row) => number | string,
	more: Partial<ElectricOptions<Row>> = {}
) {
	const aborter = new AbortController();
	const collection = electricCollection<Row>({
		id: `${table}-${made++}`,
		getKey,
		...more,
		shapeOptions: { url: shapeUrl, params: { table: `${schema}.${table}` }, signal: aborter.signal }
	});
	ends.push(async () => {
		aborter.abort();
		await collection.cleanup();
	});
	return collection;
}

const byId = (rows: readonly Order[]) =>
	rows.map(({ id, customer, amount, note }) => ({ id, customer, amount, note })).sort((a, b) => a.id - b.id);

/** Writes what the collection was told, and says in which transaction. */
const handlers: Partial<ElectricOptions<Order>> = {
	onInsert: async ({ transaction }) => {
		const { id, customer, amount } = transaction.mutations[0]!.modified;
		return {
			txid: await orders.write(`INSERT INTO orders VALUES (${id}, '${customer}', ${amount}, 'by handler')`)
		};
	},
	onUpdate: async ({ transaction }) => {
		const { id, amount } = transaction.mutations[0]!.modified;
		return { txid: await orders.write(`UPDATE orders SET amount = ${amount} WHERE id = ${id}`) };
	},
	onDelete: async ({ transaction }) => {
		const { id } = transaction.mutations[0]!.original;
		return { txid: await orders.write(`DELETE FROM orders WHERE id = ${id}`) };
	}
};

describe.each(['eager', 'progressive'] as const)('a collection of a table, %s', (syncMode) => {
	test('holds its rows, and what is written through it once the write is seen', async () => {
		const collection = collectionOf<Order>('orders', ({ id }) => id, { syncMode, ...handlers });
		await collection.preload();
		await vi.waitFor(async () => expect(byId(collection.toArray)).toEqual(await orders.all()));
		await collection.insert({ id: 100, customer: 'd', amount: 1, note: null }).isPersisted.promise;
		await collection.update(100, (draft) => void (draft['amount'] = 2)).isPersisted.promise;
		await collection.delete(1).isPersisted.promise;
		expect(byId(collection.toArray)).toEqual(await orders.all());
		expect(collection.toArray).toContainEqual(
			expect.objectContaining({ id: 100, amount: 2, note: 'by handler' })
		);
	});

	test('follows what others write', async () => {
		const collection = collectionOf<Order>('orders', ({ id }) => id, { syncMode });
		await collection.preload();
		const txid = await orders.write(
			insertOrders(200, 5),
			'DELETE FROM orders WHERE id < 10',
			`UPDATE orders SET id = 300, note = 'moved' WHERE id = 20`
		);
		await collection.utils.awaitTxId(txid);
		expect(byId(collection.toArray)).toEqual(await orders.all());
	});
});

describe('a collection on demand', () => {
	test('asks for the rows of its queries alone, and follows them', async () => {
		const collection = collectionOf<Order>('orders', ({ id }) => id, { syncMode: 'on-demand' });
		const ofA = db.createLiveQueryCollection<Order>({
			query: (q) => q.from({ o: collection }).where(({ o }: { o: Order }) => db.eq(o.customer, 'a'))
		});
		ends.push(() => ofA.cleanup());
		await ofA.preload();
		expect(byId(ofA.toArray)).toEqual(await orders.all(`customer = 'a'`));
		expect(collection.toArray.length).toBe(ofA.toArray.length);
		await orders.write(
			insertOrders(100, 9),
			`UPDATE orders SET amount = 0 WHERE id = 3`,
			'DELETE FROM orders WHERE id = 6'
		);
		await vi.waitFor(
			async () => expect(byId(ofA.toArray)).toEqual(await orders.all(`customer = 'a'`)),
			5_000
		);
	});

	test('asks for the first rows in an order', async () => {
		const collection = collectionOf<Order>('orders', ({ id }) => id, { syncMode: 'on-demand' });
		const largest = db.createLiveQueryCollection<Order>({
			query: (q) =>
				q
					.from({ o: collection })
					.where(({ o }: { o: Order }) => db.gt(o.amount, 50))
					.orderBy(({ o }: { o: Order }) => o.amount, 'desc')
					.limit(4)
		});
		ends.push(() => largest.cleanup());
		await largest.preload();
		expect(largest.toArray.map(({ id }) => id)).toEqual([30, 29, 28, 27]);
		await orders.write('DELETE FROM orders WHERE id = 30', 'UPDATE orders SET amount = 1000 WHERE id = 7');
		await vi.waitFor(() => expect(largest.toArray.map(({ id }) => id)).toEqual([7, 29, 28, 27]), 5_000);
	});
});

describe('a collection of a derived view', () => {
	const open = () => collectionOf<Total>('totals', ({ customer }) => customer);
	const totals = (rows: readonly Total[]) =>
		Object.fromEntries(rows.map(({ customer, orders: count }) => [customer, Number(count)]));

	test('knows by their ids the transactions that went into it', async () => {
		const collection = open();
		await collection.preload();
		expect(totals(collection.toArray)).toEqual({ a: 10, b: 10, c: 10 });
		const waits = [];
		for (let n = 0; n < 10; n++) {
			const txid = await orders.write(`INSERT INTO orders VALUES (${1000 + n}, 'z', 1, NULL)`);
			waits.push(collection.utils.awaitTxId(txid));
		}
		await Promise.all(waits);
		expect(totals(collection.toArray)).toEqual({ a: 10, b: 10, c: 10, z: 10 });
	});

	test('and those that its first rows show', async () => {
		const txid = await orders.write(`DELETE FROM orders WHERE customer = 'a'`);
		await orders.applied(txid);
		const collection = open();
		await collection.preload();
		await collection.utils.awaitTxId(txid, 2_000);
		expect(totals(collection.toArray)).toEqual({ b: 10, c: 10 });
	});

	test('of one that changes nothing in it the server tells at once', async () => {
		const collection = open();
		await collection.preload();
		const txid = await orders.write(`UPDATE orders SET note = 'no total of it'`);
		const started = Date.now();
		expect(await orders.applied(txid)).toEqual({ seq: expect.stringMatching(/^\d+$/) });
		expect(Date.now() - started).toBeLessThan(2_000);
		await expect(collection.utils.awaitTxId(txid, 300)).rejects.toThrow();
	});
});
