import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '#support/browser';
import { builderOf, type Builder } from '#support/builder';
import { startLoam, type RunningLoam } from '#support/loam';
import { visit, type Visitor } from '#support/people';

/** What views cost is seen where they are written, and an index that they lack is one click away. */
let loam: RunningLoam;
let browser: Browser;
let author: Visitor;
let builder: Builder;
let page: Page;

const schema = `syntax = "proto3";
package shop;

import "loam/options.proto";

message Product {
  option (loam.table) = {};
  string id = 1 [(loam.column).key = true];
  string code = 2 [(loam.column) = { required: true }];
  string name = 3;
}

message Sale {
  option (loam.table) = {};
  string id = 1 [(loam.column).key = true];
  string product_code = 2;
  int32 amount = 3;
}
`;

const files = {
	'schema.proto': schema,
	'migrations/0001_init.sql': `CREATE TABLE products (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	code text NOT NULL CHECK (code <> ''),
	name text NOT NULL DEFAULT ''
);
CREATE TABLE sales (
	id uuid PRIMARY KEY DEFAULT uuidv7(),
	product_code text NOT NULL DEFAULT '',
	amount integer NOT NULL DEFAULT 0
);
CREATE INDEX ON sales (product_code);
`,
	'views/takings.sql': `SELECT p.code, p.name, count(*) AS sales, max(s.amount) AS most
FROM sales s
JOIN products p ON p.code = s.product_code
GROUP BY p.code, p.name
`,
	'seeds/demo.json': JSON.stringify({
		products: Array.from({ length: 30 }, (_, n) => ({ code: `c${n}`, name: `Product ${n}` })),
		sales: Array.from({ length: 900 }, (_, n) => ({ product_code: `c${n % 30}`, amount: n % 7 }))
	})
};

const plan = () => page.getByRole('tabpanel');
const missing = () => plan().getByRole('region', { name: 'Missing indexes' });

beforeAll(async () => {
	[loam, browser] = await Promise.all([startLoam(), launchBrowser()]);
	author = await visit(browser, loam, loam.admin);
	page = author.page;
	builder = builderOf(page, loam.url);
});
afterAll(async () => {
	await browser?.close();
	await loam?.stop();
});

async function put(changed: Readonly<Record<string, string>>): Promise<void> {
	const { draft } = await loam.call<{ draft: string }>(
		'loam.v1.ModuleService/CreateDraft',
		{ project: 'home/main', module: 'shop', template: 'empty' },
		{ token: author.token }
	);
	const { revision } = await loam.call<{ revision: string }>(
		'loam.v1.ModuleService/GetFiles',
		{ draft },
		{ token: author.token }
	);
	const request = { draft, baseRevision: revision, files: changed, delete: [] };
	await loam.call('loam.v1.ModuleService/PutFiles', request, { token: author.token });
}

describe('the plan of a view', () => {
	test('is shown beside it, before anything is published', async () => {
		await put(files);
		await page.goto(`${loam.url}/home/main/build/shop`);
		await page.getByRole('tab', { name: 'Plan' }).click();
		await plan()
			.getByRole('button', { name: /takings.*missing index/ })
			.click();
		const cost = plan().getByRole('region', { name: 'Cost of a change' });
		const said = (table: string) => cost.locator('summary').filter({ hasText: new RegExp(`^${table}`) });
		await said('products').getByText('Touches the rows that join it; changes one group').waitFor();
		await said('sales').getByText('reads all of products: there is no index on code').waitFor();
		await plan().getByText('not live yet').waitFor();
		await missing().getByText('products (code)').waitFor();
	});

	test('lacks an index, which a button drafts', async () => {
		await missing().getByRole('button', { name: 'Draft the index' }).click();
		await page.locator('button.name[title="migrations/0002_index_products_code.sql"]').waitFor();
		await builder.saved();
		await missing().getByText('Every look-up that can have an index has one.').waitFor();
		const shown = page.locator('.pane .editor .view-lines');
		await expect.poll(() => shown.innerText()).toContain('CREATE');
	});

	test('has numbers, a size and a state once it is published', async () => {
		expect(await builder.publish()).toBe('published');
		await loam.call(
			'loam.v1.InstallationService/Install',
			{ project: 'home/main', module: 'shop', demo: true },
			{ token: author.token }
		);
		await page.getByRole('tab', { name: 'Plan' }).click();
		await plan().getByText('live', { exact: true }).waitFor();
		await missing().getByText('Every look-up that can have an index has one.').waitFor();
		const now = plan().getByRole('region', { name: 'Now' });
		await now.getByText(/KB, about|KB$/).waitFor();
		await expect.poll(() => now.innerText(), { timeout: 20_000 }).toMatch(/Last batch\s+.*took/s);
	});

	test('says what is wrong with a view that is refused', async () => {
		await builder.write('views/takings.sql', 'SELECT code FROM nothing');
		await plan().getByText('It has no plan as it stands:').waitFor();
		await plan()
			.getByText(/nothing/)
			.first()
			.waitFor();
	});

	test('is told by API as well', async () => {
		const { views } = await loam.call<{ views: { name: string; live: { state: string } }[] }>(
			'loam.v1.ModuleService/DescribeViews',
			{ installed: { project: 'home/main', module: 'shop' }, view: 'takings' },
			{ token: author.token }
		);
		expect(views).toMatchObject([{ name: 'takings', live: { same: true, state: 'ready' } }]);
		await expect(
			loam.call('loam.v1.ModuleService/DescribeViews', { drafts: 'x' }, { token: author.token })
		).rejects.toThrow(/drafts/);
	});
});
