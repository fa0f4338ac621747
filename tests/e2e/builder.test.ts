import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '#support/browser';
import { builderOf } from '#support/builder';
import { startLoam, type RunningLoam } from '#support/loam';
import { addPerson, visit, type Visitor } from '#support/people';

/** What is typed in the builder is never lost: not by a reload, a crash, a dead line or another person. */
let loam: RunningLoam;
let browser: Browser;
let ada: Visitor;
let ben: Visitor;
let reader: { email: string; password: string };

/** Each test has a module of its own. */
let name: string;
let draft: string;
let count = 0;

const view = 'views/open_notes.sql';
const logic = 'logic/add_note.ts';

beforeAll(async () => {
	[loam, browser] = await Promise.all([startLoam(), launchBrowser()]);
	ada = await visit(browser, loam, loam.admin);
	ben = await visit(browser, loam, await addPerson(loam, 'Ben', ['project-admin']));
	reader = await addPerson(loam, 'Rita', ['project-user']);
});

afterAll(async () => {
	await browser?.close();
	await loam?.stop();
});

beforeEach(async () => {
	name = `notes${++count}`;
	const answer = await loam.call<{ draft: string }>(
		'loam.v1.ModuleService/CreateDraft',
		{ project: 'home/main', module: name, template: 'starter' },
		{ token: ada.token }
	);
	draft = answer.draft;
});

async function onServer(path: string): Promise<string | undefined> {
	const request = { draft };
	const { files } = await loam.call<{ files: Record<string, string> }>(
		'loam.v1.ModuleService/GetFiles',
		request,
		{ token: ada.token }
	);
	return files[path];
}

/** A tab of the person with the module and a file open. */
async function openTab(visitor: Visitor, path = view): Promise<Page> {
	const page = await visitor.context.newPage();
	await page.goto(`${loam.url}/home/main/build/${name}`);
	await openFile(page, path);
	return page;
}

async function openFile(page: Page, path: string): Promise<void> {
	await page.locator(`button.name[title="${path}"]`).click();
	await page.locator('.pane .editor .view-line').first().waitFor({ timeout: 30_000 });
}

/** Types at the end, or at the beginning, of the open file. */
async function type(page: Page, text: string, at: 'Home' | 'End' = 'End'): Promise<void> {
	await page.bringToFront();
	await page.locator('.pane .editor .view-lines').click();
	await page.keyboard.press(`Control+${at}`);
	await page.keyboard.type(text);
}

const state = (page: Page, kind: string) =>
	page.locator(`[data-save-state=${kind}]`).waitFor({ timeout: 20_000 });

/** The open file as it shows, white space made plain. */
const shown = (page: Page) =>
	page.locator('.pane .editor .view-line').evaluateAll((lines) =>
		(lines as HTMLElement[])
			.sort((a, b) => parseFloat(a.style.top) - parseFloat(b.style.top))
			.map((line) => line.textContent.replaceAll('\u00a0', ' '))
			.join('\n')
	);

describe('what was typed', () => {
	test('is on the server shortly after the last keystroke', async () => {
		const page = await openTab(ada);
		await type(page, '-- a note');
		await state(page, 'saved');
		expect(await onServer(view)).toContain('-- a note');
		await page.close();
	});

	test('survives a reload right after the keystroke, and a tab that is killed', async () => {
		const page = await openTab(ada);
		await type(page, '-- before the reload');
		await page.reload();
		await openFile(page, view);
		await state(page, 'saved');
		expect(await onServer(view)).toContain('-- before the reload');

		await type(page, '-- before the crash');
		await page.close({ runBeforeUnload: false });
		const next = await openTab(ada);
		await expect.poll(() => shown(next)).toContain('-- before the crash');
		await expect.poll(() => onServer(view)).toContain('-- before the crash');
		await next.close();
	});

	test('survives a line that is down, although the tab is closed meanwhile', async () => {
		const page = await openTab(ada);
		await ada.context.setOffline(true);
		await type(page, '-- while offline');
		await state(page, 'offline');
		await page.close();
		await ada.context.setOffline(false);
		expect(await onServer(view)).not.toContain('-- while offline');

		const next = await openTab(ada);
		await state(next, 'saved');
		expect(await onServer(view)).toContain('-- while offline');
		await next.close();
	});

	test('is saved by itself when a server that was killed is back', async () => {
		const page = await openTab(ada);
		await loam.kill();
		await type(page, '-- to a dead server');
		await state(page, 'offline');
		await loam.restart();
		await state(page, 'saved');
		expect(await onServer(view)).toContain('-- to a dead server');
		await page.close();
	});
});

describe('two at once', () => {
	test('a second tab of the same person follows, and keeps its own unsaved file', async () => {
		const first = await openTab(ada);
		const second = await openTab(ada);
		await type(first, '-- from the first');
		await state(first, 'saved');
		await expect.poll(() => shown(second), { timeout: 10_000 }).toContain('-- from the first');
		await type(second, '-- from the second');
		await state(second, 'saved');
		expect(await onServer(view)).toMatch(/from the first.*from the second/s);
		await Promise.all([first.close(), second.close()]);
	});

	test('another person’s other files come silently; one that both changed shows both, also after a reload', async () => {
		const mine = await openTab(ben);
		await ben.context.setOffline(true);
		await type(mine, '-- by Ben\n', 'Home');
		const theirs = await openTab(ada);
		await type(theirs, '-- by Ada');
		await openFile(theirs, logic);
		await type(theirs, '// by Ada\n', 'Home');
		await state(theirs, 'saved');
		await ben.context.setOffline(false);

		await mine.bringToFront();
		await state(mine, 'conflict');
		expect(await onServer(view)).not.toContain('by Ben');
		await mine.reload();
		await state(mine, 'conflict');
		const both = mine.getByRole('region', { name: `Two versions of ${view}` });
		const words = async () => (await both.innerText()).replaceAll('\u00a0', ' ');
		for (const text of ['-- by Ben', '-- by Ada']) await expect.poll(words).toContain(text);
		await openFile(mine, logic);
		await expect.poll(() => shown(mine)).toContain('// by Ada');

		await openFile(mine, view);
		await both.getByRole('button', { name: 'Keep mine' }).click();
		await state(mine, 'saved');
		expect(await onServer(view)).toMatch(/^-- by Ben/);
		await openFile(theirs, view);
		await theirs.bringToFront();
		await expect.poll(() => shown(theirs), { timeout: 10_000 }).toContain('-- by Ben');
		await Promise.all([mine.close(), theirs.close()]);
	});

	test('theirs can be taken instead', async () => {
		const mine = await openTab(ben);
		await ben.context.setOffline(true);
		await type(mine, '-- by Ben');
		const theirs = await openTab(ada);
		await type(theirs, '-- by Ada');
		await state(theirs, 'saved');
		await ben.context.setOffline(false);
		await mine.bringToFront();
		await state(mine, 'conflict');
		await mine.getByRole('button', { name: 'Take theirs' }).click();
		await state(mine, 'saved');
		expect(await shown(mine)).toContain('-- by Ada');
		expect(await onServer(view)).not.toContain('by Ben');
		await Promise.all([mine.close(), theirs.close()]);
	});
});

describe('help', () => {
	test('a mistake is marked in its file, refuses the publish, and leads there from the report', async () => {
		const page = await openTab(ada);
		await page.locator('.pane .editor .view-lines').click();
		await page.keyboard.press('Control+A');
		await page.keyboard.insertText('SELECT id, txt FROM notes');
		const problems = page.getByRole('region', { name: 'Problems' });
		await problems.getByText('There is no column "txt".').waitFor();
		await page.locator('.pane .squiggly-error').first().waitFor();
		await openFile(page, 'module.json');
		await page.keyboard.press('Control+Enter');
		await page.locator('.publish').getByText('Not published').waitFor();
		await page
			.locator('.publish')
			.getByRole('button', { name: /no column "txt"/ })
			.click();
		await expect.poll(() => page.locator('.file-tab.active').innerText()).toContain('open_notes.sql');
		await page.close();
	});

	test('handlers are checked against the types of the schema as they are typed', async () => {
		const page = await openTab(ada, logic);
		const problems = page.getByRole('region', { name: 'Problems' });
		await problems.getByText('No problems').waitFor({ timeout: 20_000 });
		await type(page, '\nexport const wrong = (loam: Loam) => loam.db.nothing;\n');
		await problems.getByText("Property 'nothing' does not exist").waitFor({ timeout: 20_000 });
		await page.close();
	});
});

describe('who may', () => {
	test('only a project-admin opens the builder', async () => {
		const rita = await visit(browser, loam, reader);
		const answer = await rita.page.goto(`${loam.url}/home/main/build/${name}`);
		expect(answer?.status()).toBe(403);
		await rita.page.getByText('Only an admin of the project builds its modules.').waitFor();
		await rita.context.close();
	});

	test('inline styles are allowed to the builder alone', async () => {
		const policy = async (path: string) =>
			(await ada.context.request.get(loam.url + path)).headers()['content-security-policy'] ?? '';
		expect(await policy(`/home/main/build/${name}`)).toMatch(/style-src 'self' 'unsafe-inline'/);
		expect(await policy('/home/main/build')).not.toContain("style-src 'self' 'unsafe-inline'");
		expect(await policy(`/home/main/build/${name}`)).not.toMatch(/script-src[^;]*unsafe/);
	});

	test('coming from another screen the builder works as well', async () => {
		const { page } = ada;
		await page.goto(`${loam.url}/home/main/build`);
		await page.locator(`a[href="/home/main/build/${name}"]`).click();
		await openFile(page, view);
		expect(ada.troubles.filter((trouble) => /style|policy/i.test(trouble))).toEqual([]);
	});
});

describe('the types of handlers', () => {
	test('follow the schema, also after a finding has shown where they stand', async () => {
		const page = await openTab(ada, logic);
		const builder = builderOf(page, loam.url);
		const [handler, schema] = [(await onServer(logic))!, (await onServer('schema.proto'))!];
		// This finding points at the declaration of `text`: the editor opens the types as a file of its own.
		await builder.write(logic, handler.replaceAll('request.text', 'request.txt'));
		await page
			.getByText(/Did you mean 'text'/)
			.first()
			.waitFor({ timeout: 20_000 });
		await builder.write(logic, handler.replace('insert({ text', 'insert({ shelf: request.shelf, text'));
		await page
			.getByText(/'shelf' does not exist/)
			.first()
			.waitFor({ timeout: 20_000 });
		const shelved = schema
			.replace(/(message Note \{[\s\S]*?)\n\}/, '$1\n\tstring shelf = 9;\n}')
			.replace(/(message AddNoteRequest \{[\s\S]*?)\n\}/, '$1\n\tstring shelf = 9;\n}');
		await builder.write('schema.proto', shelved);
		await builder.draftMigration();
		await page.getByText('No problems').waitFor({ timeout: 20_000 });
		await page.close();
	});
});
