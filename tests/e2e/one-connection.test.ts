import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchBrowser } from '#support/browser';
import type { Access } from '#engine/module';
import { idOf, liveHouse, type LiveHouse } from '#support/live';
import type { Harness } from '../support/pages/one-connection.ts';

declare const harness: Harness;

const longPollMs = 4_000;
const groups = Array.from({ length: 16 }, (_, group) => group);

const roles = ['project-user'];
const access: Access = {
	views: {
		items: { read: [{ roles }], columns: {} },
		mine: { read: [{ roles, where: 'owner = principal()' }], columns: {} }
	},
	commands: {}
};

let house: LiveHouse;
let browser: Browser;
beforeAll(async () => {
	const [app, worker] = await Promise.all([
		bundle('tests/support/pages/one-connection.ts'),
		bundle('src/lib/client/live/worker.ts')
	]);
	const html = '<!doctype html><title>live</title><script type="module" src="/app.js"></script>';
	const files = new Map([
		['/', { type: 'text/html', body: html }],
		['/app.js', { type: 'text/javascript', body: app }],
		['/worker.ts', { type: 'text/javascript', body: worker }],
		['/command', { type: 'text/plain', body: 'done' }]
	]);
	const column = (name: string, type: string) => ({ name, type, dims: 0, notNull: true });
	house = await liveHouse({
		views: [
			{
				name: 'items',
				columns: [
					{ ...column('id', 'integer'), keyIndex: 0 },
					column('grp', 'integer'),
					column('title', 'text')
				]
			},
			{ name: 'mine', columns: [{ ...column('owner', 'uuid'), keyIndex: 0 }, column('title', 'text')] }
		],
		access,
		timers: { longPollMs, eventsMs: 60_000, keepAliveMs: 21_000 },
		other: (path) => files.get(path)
	});
	house.grant('ada', 'project-user');
	house.grant('bob', 'project-user');
	await house.write(`INSERT INTO i1.mine VALUES ('${idOf('ada')}', 'of ada'), ('${idOf('bob')}', 'of bob')`);
	await house.write(...groups.map((group) => `INSERT INTO i1.items VALUES (${group}, ${group}, 'first')`));
	browser = await launchBrowser();
});
afterAll(async () => {
	await browser?.close();
	await house?.stop();
});

async function bundle(entry: string): Promise<string> {
	const { outputFiles } = await build({
		entryPoints: [entry],
		bundle: true,
		format: 'esm',
		target: 'es2023',
		write: false,
		conditions: ['browser']
	});
	return outputFiles[0]!.text;
}

const connectionsAre = (count: number) =>
	until(async () => house.stream.stats().connections === count, `${count} connections`);

async function signedIn(): Promise<BrowserContext> {
	const context = await browser.newContext();
	await context.addCookies([{ name: 'who', value: 'ada', url: house.url }]);
	return context;
}

async function openPage(context: BrowserContext): Promise<Page> {
	const page = await context.newPage();
	page.on('pageerror', (error) => console.error(error));
	await page.goto(house.url);
	await page.waitForFunction(() => 'harness' in globalThis);
	return page;
}

const state = (page: Page) => page.evaluate(() => harness.state());

async function until(check: () => Promise<boolean>, what: string): Promise<void> {
	const deadline = Date.now() + 15_000;
	while (!(await check())) {
		if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

const allLive = async (page: Page) => {
	const { shapes } = await state(page);
	return shapes.length > 0 && shapes.every(({ status, rows }) => status === 'live' && rows.length > 0);
};

describe('sixteen live shapes in two pages', () => {
	test('take one connection, and no command waits for them', async () => {
		const context = await signedIn();
		const pages = [await openPage(context), await openPage(context)] as const;
		await pages[0].evaluate(() => harness.follow([0, 1, 2, 3, 4, 5, 6, 7]));
		await pages[1].evaluate(() => harness.follow([8, 9, 10, 11, 12, 13, 14, 15]));
		for (const page of pages) await until(() => allLive(page), 'all shapes live');
		await until(async () => house.stream.stats().readers === 16, 'all shapes waiting');
		expect(house.stream.stats()).toMatchObject({ readers: 16, connections: 1 });

		const taken = (await Promise.all(pages.map((page) => page.evaluate(() => harness.command(25))))).flat();
		expect(Math.max(...taken)).toBeLessThan(longPollMs / 4);
		expect((await state(pages[0])).status).toBe('live');

		await house.write(`UPDATE i1.items SET title = 'second'`);
		for (const page of pages) {
			await until(
				async () => (await state(page)).shapes.every(({ rows }) => rows.join() === 'second'),
				'the change on the screen'
			);
		}
		await context.close();
	});

	test('the same without it: commands wait for the long-polls', async () => {
		const context = await signedIn();
		const page = await openPage(context);
		await page.evaluate(() => harness.followPlainly([0, 1, 2, 3, 4, 5, 6, 7]));
		await until(async () => house.stream.stats().readers >= 6, 'all connections taken');
		const [taken] = await page.evaluate(() => harness.command(1));
		expect(taken).toBeGreaterThan(longPollMs / 4);
		await context.close();
	});
});

describe('the one connection', () => {
	test('goes on after it broke', async () => {
		const context = await signedIn();
		const page = await openPage(context);
		await page.evaluate(() => harness.follow([0, 1]));
		await until(() => allLive(page), 'live');
		house.stream.dropConnections();
		await house.write(`UPDATE i1.items SET title = 'third' WHERE id IN (0, 1)`);
		await until(
			async () => (await state(page)).shapes.every(({ rows }) => rows.join() === 'third'),
			'the change after the break'
		);
		await until(async () => (await state(page)).status === 'live', 'live again');
		await context.close();
	});

	test('tells of releases and grants', async () => {
		const context = await signedIn();
		const page = await openPage(context);
		await page.evaluate(() => harness.listen());
		await until(async () => (await state(page)).told.length === 1, 'the release that is served');
		house.release(access, 'cccc');
		await until(async () => (await state(page)).told.length === 2, 'the new release');
		house.grant('ada', 'project-user', 'tickets:agent');
		await until(async () => (await state(page)).told.includes('grants'), 'the grant');
		expect((await state(page)).told).toEqual(['aaaa00000000', 'cccc00000000', 'grants']);
		await context.close();
	});

	test('is that of whoever is signed in now', async () => {
		const context = await signedIn();
		const first = await openPage(context);
		await first.evaluate(() => (harness.actAs('ada'), harness.followMine()));
		await new Promise((r) => setTimeout(r, 1500));
		console.log(
			JSON.stringify(await state(first)),
			await (
				await fetch(house.shapeUrl({ table: 'tickets.mine', offset: '-1' }), {
					headers: { cookie: 'who=ada' }
				})
			).text()
		);
		await until(async () => (await state(first)).shapes[0]!.rows.join() === 'of ada', "ada's row");
		// Somebody else signs in, and opens a page while the first is still there.
		await context.addCookies([{ name: 'who', value: 'bob', url: house.url }]);
		const second = await openPage(context);
		await second.evaluate(() => (harness.actAs('bob'), harness.followMine()));
		await until(async () => (await state(second)).shapes[0]!.rows.join() === 'of bob', "bob's row");
		await connectionsAre(1);
		await context.close();
	});

	test("is the page's own where the browser has no shared workers", async () => {
		const context = await signedIn();
		await context.addInitScript(() => delete (globalThis as { SharedWorker?: unknown }).SharedWorker);
		const pages = [await openPage(context), await openPage(context)];
		for (const page of pages) {
			await page.evaluate(() => harness.follow([0, 1, 2, 3, 4, 5, 6, 7]));
			await until(() => allLive(page), 'live');
		}
		await connectionsAre(2);
		expect(Math.max(...(await pages[0]!.evaluate(() => harness.command(10))))).toBeLessThan(longPollMs / 4);
		await context.close();
	});

	test('is not had by who is not signed in: the shapes are refused', async () => {
		const context = await browser.newContext();
		const page = await openPage(context);
		await page.evaluate(() => harness.follow([0]));
		await until(async () => (await state(page)).shapes[0]!.status === 'refused', 'the refusal');
		await connectionsAre(0);
		await context.close();
	});
});
