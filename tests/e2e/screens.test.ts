import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '#support/browser';
import { startLoam, type RunningLoam } from '#support/loam';
import { addPerson, visit } from '#support/people';

/** What the server draws and the browser takes over, and the screens of tables that have no page. */
let loam: RunningLoam;
let browser: Browser;
let ada: Page;
let ben: Page;
const told: string[] = [];

beforeAll(async () => {
	[loam, browser] = await Promise.all([startLoam(), launchBrowser()]);
	const people = [
		await addPerson(loam, 'Ada', ['project-user', 'tickets:manager']),
		await addPerson(loam, 'Ben', ['project-user'])
	];
	const token = await loam.signIn(loam.admin.email, loam.admin.password);
	const other = { organization: 'home', slug: 'other', name: 'Other' };
	await loam.call('loam.v1.ProjectService/CreateProject', other, { token });
	const install = { project: 'home/main', module: 'tickets', demo: true };
	await loam.call('loam.v1.InstallationService/Install', install, { token });
	[ada, ben] = (await Promise.all(
		people.map(async (who) => (await visit(browser, loam, who, '/home/main')).page)
	)) as [Page, Page];
	for (const page of [ada, ben]) {
		page.on('console', (message) => {
			if (['error', 'warning'].includes(message.type())) told.push(`${page.url()}: ${message.text()}`);
		});
		page.on('pageerror', (error) => told.push(`${page.url()}: ${error.message}`));
	}
});

afterAll(async () => {
	await browser?.close();
	await loam?.stop();
});

describe('the first screen', () => {
	test('is whole without any script, and taken over node by node', async () => {
		const plain = await browser.newContext({
			javaScriptEnabled: false,
			storageState: await ada.context().storageState()
		});
		const still = await plain.newPage();
		await still.goto(`${loam.url}/home/main/tickets`);
		const drawn = await still.locator('.ac-card').innerText();
		await plain.close();

		await ada.addInitScript(() => {
			document.addEventListener('DOMContentLoaded', () => {
				const held = window as never as { heldNodes: Element[] };
				held.heldNodes = [...document.querySelectorAll('.ac-card, .ac-card p, .ac-card button')];
			});
		});
		await ada.goto(`${loam.url}/home/main/tickets`);
		await ada.getByText('Live', { exact: true }).waitFor();
		expect(await ada.locator('.ac-card').innerText()).toBe(drawn);
		const kept = await ada.evaluate(() =>
			(window as never as { heldNodes: Element[] }).heldNodes.map((node) => node.isConnected)
		);
		expect(kept.length).toBeGreaterThan(50);
		expect(kept.every(Boolean)).toBe(true);
		expect(told).toEqual([]);
	});

	test('a table’s rows too, and a change touches its own cell alone', async () => {
		await ada.addInitScript(() => {
			document.addEventListener('DOMContentLoaded', () => {
				const held = window as never as { heldRows: Element[] };
				held.heldRows = [...document.querySelectorAll('tbody tr, tbody td, tbody a')];
			});
		});
		await ada.goto(`${loam.url}/home/main/tickets/projects`);
		await ada.getByText('Live', { exact: true }).waitFor();
		const kept = await ada.evaluate(() => {
			const touched: string[] = [];
			const record = ({ type, target }: MutationRecord) => touched.push(`${type} ${target.textContent}`);
			new MutationObserver((changes) => changes.forEach(record)).observe(document.querySelector('table')!, {
				subtree: true,
				childList: true,
				characterData: true,
				attributeFilter: ['class', 'href']
			});
			const held = window as never as { heldRows: Element[]; touched: string[] };
			held.touched = touched;
			return held.heldRows.map((node) => node.isConnected);
		});
		expect(kept.length).toBeGreaterThan(12);
		expect(kept.every(Boolean)).toBe(true);
		const token = await loam.signIn(loam.admin.email, loam.admin.password);
		const call = (method: string, body: object) =>
			loam.call<{ items: { id: string; code: string }[] }>(`tickets.ProjectService/${method}`, body, {
				token,
				project: 'home/main'
			});
		const { items } = await call('ListProjects', {});
		await call('UpdateProject', { id: items[0]!.id, code: 'NEWCODE', update_mask: 'code' });
		await ada.getByRole('cell', { name: 'NEWCODE' }).waitFor({ timeout: 2000 });
		expect(await ada.evaluate(() => (window as never as { touched: string[] }).touched)).toEqual([
			'characterData NEWCODE'
		]);
		await call('UpdateProject', { id: items[0]!.id, code: items[0]!.code, update_mask: 'code' });
		expect(told).toEqual([]);
	});

	test('has times by the viewer’s clock and in their language, also before any script', async () => {
		const context = await browser.newContext({
			storageState: await ada.context().storageState(),
			timezoneId: 'Asia/Tokyo',
			locale: 'de-DE'
		});
		await context.clearCookies({ name: 'loam_zone' });
		const page = await context.newPage();
		const open = async () => {
			const answer = (await page.goto(`${loam.url}/home/main/tickets/comments`))!;
			const times = [...(await answer.text()).matchAll(/<time datetime="([^"]*)">([^<]*)</g)];
			await page.getByText('Live', { exact: true }).waitFor();
			return times.map(([, at, words]) => ({ at: at!, words }));
		};
		const expected = ({ at }: { at: string }, timeZone: string) => [
			new Intl.DateTimeFormat('de-DE', {
				weekday: 'short',
				year: 'numeric',
				month: 'short',
				day: 'numeric',
				timeZone
			}).format(new Date(at)),
			new Intl.DateTimeFormat('de-DE', { timeStyle: 'short', timeZone }).format(new Date(at))
		];
		const first = await open();
		expect(first.length).toBeGreaterThan(10);
		expect(expected(first[0]!, 'UTC')).toContain(first[0]!.words);
		const now = await page.locator('time').allInnerTexts();
		expect(expected(first[0]!, 'Asia/Tokyo')).toContain(now[0]);
		const second = await open();
		expect(second.map(({ words }) => words)).toEqual(now);
		await context.close();
	});

	test('stays under a strict policy: no inline style, no inline script but Kit’s own', async () => {
		const answer = await ada.request.get(`${loam.url}/home/main/tickets`);
		const policy = answer.headers()['content-security-policy'] ?? '';
		expect(policy).toContain("script-src 'self' 'nonce-");
		expect(policy).not.toContain('unsafe-inline');
		expect(policy).not.toContain('unsafe-eval');
		expect(await answer.text()).not.toMatch(/<[a-z][^>]* style=/i);
	});

	test('brings at most 120 KB of compressed script', async () => {
		const context = await browser.newContext({ storageState: await ada.context().storageState() });
		const page = await context.newPage();
		let bytes = 0;
		page.on('response', async (response) => {
			if (!response.url().endsWith('.js')) return;
			const body = await response.body().catch(() => Buffer.alloc(0));
			bytes += gzipSync(body).length;
		});
		await page.goto(`${loam.url}/home/main/tickets`);
		await page.getByText('Live', { exact: true }).waitFor();
		await context.close();
		expect(bytes).toBeGreaterThan(20 * 1024);
		expect(bytes).toBeLessThanOrEqual(120 * 1024);
	});

	test('remembers light and dark for the server', async () => {
		await ada.goto(`${loam.url}/home/main`);
		await ada.getByLabel('Account of Ada').click();
		await ada.getByRole('radio', { name: 'Dark' }).click();
		const html = await ada.request.get(`${loam.url}/home/main`).then((answer) => answer.text());
		expect(html).toContain('data-theme="dark"');
		expect(await ada.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
	});
});

describe('the screens of a table without a page', () => {
	test('create checks the form, makes the row, opens it, and others see it come', async () => {
		await ben.goto(`${loam.url}/home/main/tickets/projects`);
		await ben.getByText('Live', { exact: true }).waitFor();
		await ada.goto(`${loam.url}/home/main/tickets/projects/new`);
		await ada.getByRole('button', { name: 'Create project' }).click();
		await ada.getByText('Please fill this in.').first().waitFor();
		expect(await ada.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
		await ada.getByLabel('Name').fill('Garden');
		await ada.getByLabel('Code').fill('GARD');
		await ada.getByRole('button', { name: 'Create project' }).click();
		await ada.getByRole('heading', { name: 'Garden' }).waitFor();
		await ben.getByRole('row', { name: /Garden/ }).waitFor({ timeout: 2000 });
	});

	test('edit keeps what another is typing, and shows the rest', async () => {
		const address = ada.url();
		const other = await ada.context().newPage();
		await other.goto(`${address}/edit`);
		await other.getByLabel('Name').fill('Half a na');
		await ada.getByRole('link', { name: 'Edit' }).click();
		await ada.getByLabel('Name').fill('Park');
		await ada.getByLabel('Description').fill('With **trees**.');
		await ada.getByRole('button', { name: 'Save' }).click();
		await ada.getByRole('heading', { name: 'Park' }).waitFor();
		await expect
			.poll(() => other.getByLabel('Description').inputValue(), { timeout: 2000 })
			.toBe('With **trees**.');
		expect(await other.getByLabel('Name').inputValue()).toBe('Half a na');
		expect(await other.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
		await other.close();
	});

	test('shows each only what they may do', async () => {
		await ben.goto(ada.url());
		await ben.getByRole('heading', { name: 'Park' }).waitFor();
		expect(await ben.getByRole('link', { name: 'Edit' }).count()).toBe(0);
		await ben.goto(`${ada.url()}/edit`);
		await ben.getByText('You may not see this.').waitFor();
	});
});

describe('by keyboard alone', () => {
	const focused = (page: Page) =>
		page.evaluate(() => {
			const active = document.activeElement!;
			return active.getAttribute('aria-label') ?? active.textContent.trim();
		});

	test('the content is one step away, and a ticket is reached before what can be done with it', async () => {
		await ben.goto(`${loam.url}/home/main/tickets`);
		await ben.getByText('Live', { exact: true }).waitFor();
		const steps: string[] = [];
		await ben.keyboard.press('Tab');
		await ben.keyboard.press('Enter');
		for (let i = 0; i < 3; i++) {
			await ben.keyboard.press('Tab');
			steps.push(await focused(ben));
		}
		expect(steps).toEqual(['Open a ticket', expect.stringMatching(/^(WEB|APP|OPS|SHOP)-\d+ /), 'Take it']);
		await ben.keyboard.press('Shift+Tab');
		await ben.keyboard.press('Enter');
		await ben.getByRole('heading', { level: 1, name: steps[1]! }).waitFor();
	});

	test('a dialog takes the focus, keeps it, and gives it back', async () => {
		await ada.goto(ben.url());
		await ada.getByText('Live', { exact: true }).waitFor();
		await ada.getByLabel('More').focus();
		for (const key of ['Enter', 'ArrowDown', 'Enter']) await ada.keyboard.press(key);
		await ada.getByRole('dialog').waitFor();
		expect(await focused(ada)).toBe('Cancel');
		await ada.keyboard.press('Escape');
		await expect.poll(() => focused(ada)).toBe('More');
	});
});

describe('another release under an open page', () => {
	const page = (label: string, more: object[]) =>
		JSON.stringify({
			title: 'Notes',
			data: {},
			card: {
				type: 'AdaptiveCard',
				version: '1.6',
				body: [...more, { type: 'Input.Text', id: 'note', label, isMultiline: true }]
			}
		});
	const manifest = (version: string) =>
		JSON.stringify({ name: 'notes', version, title: 'Notes', navigation: [{ title: 'Notes', page: '' }] });

	test('keeps focus, caret and what was half typed', async () => {
		const token = await loam.signIn(loam.admin.email, loam.admin.password);
		const call = <T>(method: string, body: object) =>
			loam.call<T>(`loam.v1.ModuleService/${method}`, body, { token });
		const { draft } = await call<{ draft: string }>('CreateDraft', {
			project: 'home/main',
			module: 'notes',
			template: 'empty'
		});
		const publish = async (files: Record<string, string>) => {
			const { revision } = await call<{ revision: string }>('GetFiles', { draft });
			await call('PutFiles', { draft, base_revision: revision, files });
			const report = await call<{ ok?: boolean }>('Publish', { draft });
			expect(report, JSON.stringify(report)).toMatchObject({ ok: true });
		};
		await publish({ 'module.json': manifest('1.0.0'), 'pages/index.page.json': page('Note', []) });
		await ben.goto(`${loam.url}/home/main/notes`);
		await ben.getByLabel('Note', { exact: true }).fill('half a sentence');
		await ben
			.getByLabel('Note', { exact: true })
			.evaluate((note: HTMLTextAreaElement) => note.setSelectionRange(5, 6));
		const news = { type: 'TextBlock', text: 'Now with news', wrap: true };
		await publish({ 'module.json': manifest('1.1.0'), 'pages/index.page.json': page('Remark', [news]) });
		await ben.getByText('Now with news').waitFor({ timeout: 3000 });
		const remark = ben.getByLabel('Remark');
		expect(await remark.inputValue()).toBe('half a sentence');
		await ben.keyboard.type('-');
		expect(await remark.inputValue()).toBe('half - sentence');
	});
});

describe('addresses that lead nowhere', () => {
	test.each([
		['/home/main/nothing', 404, 'has no module "nothing"'],
		['/home/main/tickets/nothing', 404, 'has no page at this address'],
		['/home/main/tickets/projects/not-an-id', 404, 'There is nothing at this address'],
		['/home/nowhere', 404, 'There is no such project'],
		['/home/other', 404, 'There is no such project'],
		['/home/other/tickets', 404, 'There is no such project'],
		['/home/other/people', 404, 'There is no such project'],
		['/home/other/build', 404, 'There is no such project']
	])('%s', async (path, status, words) => {
		const answer = await ada.goto(`${loam.url}${path}`);
		expect(answer?.status()).toBe(status);
		await ada.getByText(words).waitFor();
	});

	test('inside a project its bar and the module stay at hand', async () => {
		await ada.goto(`${loam.url}/home/main/tickets/nothing`);
		await ada.getByRole('link', { name: 'To Tickets' }).waitFor();
		await ada.getByRole('link', { name: 'Main, home' }).click();
		await ada.waitForURL(`${loam.url}/home/main`);
	});

	test('an address cut off after the organization leads to a project of it that one may enter', async () => {
		await ada.goto(`${loam.url}/home`);
		expect(ada.url()).toBe(`${loam.url}/home/main`);
		expect((await ada.goto(`${loam.url}/nowhere`))?.status()).toBe(404);
	});
});
