import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Shape, ShapeStream, type ShapeStreamOptions } from '@electric-sql/client';
import { insertOrders, openOrders, schema, shapeUrl, type Order, type Orders } from './orders.ts';

let orders: Orders;
const aborters: AbortController[] = [];
beforeAll(async () => void (orders = await openOrders()));
beforeEach(async () => orders.applied(await orders.write('DELETE FROM orders', insertOrders(1, 400))));
afterEach(() => aborters.splice(0).forEach((aborter) => aborter.abort()));
afterAll(() => orders?.end());

function open(params: Record<string, unknown> = {}, options: Partial<ShapeStreamOptions> = {}) {
	const aborter = new AbortController();
	aborters.push(aborter);
	const stream = new ShapeStream<Order>({
		url: shapeUrl,
		params: { table: `${schema}.orders`, ...params },
		signal: aborter.signal,
		...options
	} as never);
	return { stream, shape: new Shape<Order>(stream as never) };
}

const sorted = (rows: readonly Order[]) => [...rows].sort((a, b) => a.id - b.id);

const workload = [
	insertOrders(1000, 500),
	'DELETE FROM orders WHERE id % 5 = 0',
	`UPDATE orders SET amount = amount + 1, note = 'again' WHERE id % 7 = 0`,
	'UPDATE orders SET id = id + 5000 WHERE id < 20',
	`UPDATE orders SET customer = 'b' WHERE id % 11 = 0`
];

describe.each([{ liveSse: false }, { liveSse: true }])('the client of npm, liveSse=$liveSse', (options) => {
	test.each<[string, Record<string, unknown>, string]>([
		['everything', {}, 'true'],
		[
			'a filter',
			{ where: `customer = $1 AND amount > $2`, params: ['b', '500'] },
			`customer = 'b' AND amount > 500`
		],
		['whole rows', { replica: 'full', where: 'note IS NOT NULL' }, 'note IS NOT NULL']
	])('ends with what Postgres holds: %s', async (_name, params, where) => {
		const { shape } = open(params, options);
		expect(sorted(await shape.rows)).toEqual(await orders.all(where));
		for (const statement of workload) await orders.write(statement);
		await vi.waitFor(async () => expect(sorted(shape.currentRows)).toEqual(await orders.all(where)), 10_000);
	});
});

test('columns', async () => {
	const { shape } = open({ columns: ['id', 'note'] });
	expect(Object.keys((await shape.rows)[0]!)).toEqual(['id', 'note']);
	await orders.write(`UPDATE orders SET note = 'seen', amount = 1 WHERE id = 1`);
	await vi.waitFor(() => expect(shape.currentRows).toContainEqual({ id: 1, note: 'seen' }));
});

test('from now on alone', async () => {
	const { shape } = open({ replica: 'full' }, { offset: 'now' });
	expect(await shape.rows).toEqual([]);
	await orders.write(`UPDATE orders SET note = 'new' WHERE id = 2`, insertOrders(500, 1));
	await vi.waitFor(() => expect(sorted(shape.currentRows).map(({ id }) => id)).toEqual([2, 500]));
});

test.each(['GET', 'POST'] as const)(
	'changes alone, with the rows of a subset by %s',
	async (subsetMethod) => {
		const { stream, shape } = open({}, { log: 'changes_only', subsetMethod });
		expect(await shape.rows).toEqual([]);
		const { data } = await stream.requestSnapshot({
			where: 'amount > $1',
			params: { '1': '3000' },
			orderBy: 'amount DESC',
			limit: 20
		});
		expect(data).toHaveLength(20);
		await orders.write(
			'DELETE FROM orders WHERE id = 400',
			`UPDATE orders SET note = 'x' WHERE id = 399`,
			`UPDATE orders SET note = 'y' WHERE id = 1`
		);
		const expected = (await orders.all('id BETWEEN 381 AND 399')).map(({ id, note }) => ({ id, note }));
		await vi.waitFor(() =>
			expect(sorted(shape.currentRows).map(({ id, note }) => ({ id, note }))).toEqual(expected)
		);
	}
);
