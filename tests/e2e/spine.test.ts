import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '#support/browser';
import { builderOf, type Builder } from '#support/builder';
import { startLoam, type RunningLoam } from '#support/loam';
import { addPerson, visit, type Visitor } from '#support/people';

/** Loam's one promise: a module written in the browser becomes live screens at once. */
let loam: RunningLoam;
let browser: Browser;
let author: Visitor;
let builder: Builder;
let reader: Visitor;

beforeAll(async () => {
	[loam, browser] = await Promise.all([startLoam(), launchBrowser()]);
	author = await visit(browser, loam, loam.admin);
	reader = await visit(browser, loam, await addPerson(loam, 'Rita', ['project-user']));
	builder = builderOf(author.page, loam.url);
});

afterAll(async () => {
	await browser?.close();
	await loam?.stop();
});

const schema = `syntax = "proto3";

package orders;

import "loam/options.proto";

message Customer {
	option (loam.table) = {};
	string id = 1 [(loam.column).key = true];
	string name = 2 [(loam.column).required = true];
}

message Order {
	option (loam.table) = {};
	string id = 1 [(loam.column).key = true];
	string customer_id = 2 [(loam.column).references = "Customer"];
	int32 amount = 3;
}

service Counter {
	rpc PlaceOrder(PlaceOrderRequest) returns (PlaceOrderResponse);
}

message PlaceOrderRequest {
	string customer = 1;
	int32 amount = 2;
}

message PlaceOrderResponse {
	string id = 1;
}
`;

const view = `SELECT o.id, c.name AS customer, o.amount
FROM orders o
JOIN customers c ON c.id = o.customer_id
`;

const handler = `import type { Loam, PlaceOrderRequest, PlaceOrderResponse } from 'loam';

export default async function placeOrder(request: PlaceOrderRequest, loam: Loam): Promise<PlaceOrderResponse> {
	if (request.amount < 1) loam.fail('AMOUNT', 'Order at least one.');
	const known = await loam.db.one('SELECT id FROM customers WHERE name = $1', request.customer);
	const customer = known ? String(known.id) : (await loam.db.customers.insert({ name: request.customer })).id;
	const order = await loam.db.orders.insert({ customer_id: customer, amount: request.amount });
	return { id: order.id };
}
`;

function manifest(version: string): string {
	return JSON.stringify(
		{
			name: 'orders',
			version,
			title: 'Orders',
			access: {
				views: { order_lines: { read: ['project-user'] }, customers: { read: ['project-user'] } },
				commands: { PlaceOrder: ['project-user'] }
			},
			navigation: [{ title: 'Orders', page: '' }]
		},
		null,
		2
	);
}

function page(columns: readonly string[]): string {
	const row = (text: (column: string) => string) =>
		columns.map((column) => ({ type: 'TableCell', items: [{ type: 'TextBlock', text: text(column) }] }));
	return JSON.stringify(
		{
			title: 'Orders',
			data: { lines: { view: 'order_lines', order: ['customer', 'id'] } },
			card: {
				type: 'AdaptiveCard',
				version: '1.6',
				body: [
					{ type: 'TextBlock', text: `${'$'}{count(lines)} orders`, style: 'heading', size: 'large' },
					{
						type: 'Input.Text',
						id: 'customer',
						label: 'Customer',
						isRequired: true,
						errorMessage: 'Who orders?'
					},
					{ type: 'Input.Number', id: 'amount', label: 'Amount', value: 1 },
					{
						type: 'Table',
						firstRowAsHeader: true,
						columns: columns.map(() => ({ width: 1 })),
						rows: [
							{ type: 'TableRow', cells: row((column) => column) },
							{ type: 'TableRow', $data: `${'$'}{lines}`, cells: row((column) => `${'$'}{${column}}`) }
						]
					}
				],
				actions: [{ type: 'Action.Execute', title: 'Place', verb: 'PlaceOrder' }]
			}
		},
		null,
		2
	);
}

async function place(visitor: Visitor, customer: string, amount: number): Promise<void> {
	await visitor.page.getByLabel('Customer').fill(customer);
	await visitor.page.getByLabel('Amount').fill(String(amount));
	await visitor.page.getByRole('button', { name: 'Place' }).click();
}

describe('a module made in the browser', () => {
	test('is written from nothing: message, migration, join view, command, page', async () => {
		await builder.create('orders', 'Empty');
		await builder.write('schema.proto', schema);
		expect(await builder.draftMigration()).toMatch(/^migrations\/0001_/);
		await builder.write('views/order_lines.sql', view);
		await builder.write('logic/place_order.ts', handler);
		await builder.write('pages/index.page.json', page(['customer', 'amount']));
		await builder.write('module.json', manifest('1.0.0'));
		await author.page.getByText('No problems').waitFor({ timeout: 20_000 });
	});

	test('is published, and a plain project-user has its page', async () => {
		expect(await builder.publish()).toBe('published');
		const answer = await reader.page.goto(`${loam.url}/home/main/orders`);
		expect(answer?.status()).toBe(200);
		expect(await answer?.text()).toContain('0 orders');
	});

	test('one acts, both see it without a reload', async () => {
		const second = await author.context.newPage();
		await second.goto(`${loam.url}/home/main/orders`);
		await place(reader, 'Ines', 3);
		for (const window of [second, reader.page]) {
			await window.getByRole('cell', { name: 'Ines' }).waitFor({ timeout: 2000 });
			await window.getByText('1 orders').waitFor({ timeout: 2000 });
		}
		await second.close();
	});

	test('a command that refuses says why', async () => {
		await place(reader, 'Ines', 0);
		await reader.page.getByText('Order at least one.').first().waitFor({ timeout: 2000 });
		await reader.page.getByText('1 orders').waitFor();
	});

	test('a broken file is marked, refused by the gate, and the running release is untouched', async () => {
		await builder.write('views/order_lines.sql', 'SELECT o.id, o.colour FROM orders o');
		await author.page
			.getByText(/colour/)
			.first()
			.waitFor({ timeout: 10_000 });
		expect(await builder.publish()).toMatch(/views\/order_lines\.sql/);
		await place(reader, 'Otto', 2);
		await reader.page.getByText('2 orders').waitFor({ timeout: 2000 });
	});

	test('a second release adds a column and a page while the first is open; what is half typed stays', async () => {
		await builder.write(
			'schema.proto',
			schema.replace('int32 amount = 3;', 'int32 amount = 3;\n\tstring note = 4;')
		);
		expect(await builder.draftMigration()).toMatch(/^migrations\/0002_/);
		await builder.write('views/order_lines.sql', view.replace('o.amount', 'o.amount, o.note'));
		await builder.write(
			'pages/about.page.json',
			JSON.stringify({
				title: 'About',
				card: {
					type: 'AdaptiveCard',
					version: '1.6',
					body: [{ type: 'TextBlock', text: 'Orders of the shop.' }]
				}
			})
		);
		await builder.write('pages/index.page.json', page(['customer', 'amount', 'note']));
		await builder.write('module.json', manifest('1.1.0'));
		await reader.page.getByLabel('Customer').fill('Half a na');
		const visible = reader.page.getByRole('columnheader', { name: 'note' }).waitFor({ timeout: 15_000 });
		const begun = Date.now();
		expect(await builder.publish()).toBe('published');
		const published = Date.now();
		await visible;
		// The reader's page moved over in place: no reload, the input as it was.
		expect(Date.now() - published).toBeLessThan(2000);
		expect(Date.now() - begun).toBeLessThan(15_000);
		expect(await reader.page.getByLabel('Customer').inputValue()).toBe('Half a na');
		await reader.page.getByText('2 orders').waitFor();
		const about = await reader.page.request.get(`${loam.url}/home/main/orders/about`);
		expect(await about.text()).toContain('Orders of the shop.');
	});

	test('a call that is pinned to the release before is still answered', async () => {
		const { releases } = await loam.call<{ releases: { shortHash: string; live?: boolean }[] }>(
			'loam.v1.ModuleService/ListReleases',
			{ project: 'home/main', module: 'orders' },
			{ token: author.token }
		);
		expect(releases).toHaveLength(2);
		const old = releases.find((release) => !release.live)!.shortHash;
		const call = (release: string) =>
			loam.call(
				'orders.Counter/PlaceOrder',
				{ customer: 'Pia', amount: 1 },
				{ token: reader.token, project: 'home/main', headers: { 'loam-release': release } }
			);
		await expect(call(old)).resolves.toMatchObject({ id: expect.any(String) as string });
		await expect(call('000000000000')).rejects.toMatchObject({ status: 400 });
		await reader.page.getByText('3 orders').waitFor({ timeout: 2000 });
	});

	test('kill -9 of the app loses nothing that was acknowledged', async () => {
		await loam.kill();
		await loam.restart();
		const answer = await reader.page.goto(`${loam.url}/home/main/orders`);
		expect(await answer?.text()).toContain('3 orders');
		await place(reader, 'Quirin', 5);
		await reader.page.getByText('4 orders').waitFor({ timeout: 3000 });
	});
});
