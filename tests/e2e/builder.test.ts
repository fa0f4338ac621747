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

describe('one click', () => {
	const problems = (page: Page) => page.getByRole('region', { name: 'Problems' });
	/** The starter with a field that no migration adds. */
	async function withField(page: Page): Promise<void> {
		const schema = (await onServer('schema.proto'))!;
		const field = '\tstring shelf = 9 [(loam.column).max_length = 80];';
		await builderOf(page, loam.url).write(
			'schema.proto',
			schema.replace(/(message Note \{[\s\S]*?)\n\}/, `$1\n${field}\n}`)
		);
		await problems(page).getByText('No migration adds "shelf"').waitFor({ timeout: 20_000 });
	}
	const drafted = (page: Page) => page.locator('button.name[title="migrations/0002_add_notes_shelf.sql"]');

	test('in the list drafts the migration that tables and schema differ by', async () => {
		const page = await openTab(ada);
		await withField(page);
		await problems(page).getByRole('button', { name: 'Draft the migration' }).click();
		await drafted(page).waitFor();
		await problems(page).getByText('No problems').waitFor({ timeout: 20_000 });
		const file = 'migrations/0002_add_notes_shelf.sql';
		await expect.poll(() => onServer(file), { timeout: 20_000 }).toContain('ADD COLUMN "shelf"');
		const sql = (await onServer(file))!;
		expect(Math.max(...sql.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
		await page.close();
	});

	test('at the mark in the editor does the same', async () => {
		const page = await openTab(ada);
		await withField(page);
		await problems(page).getByText('No migration adds "shelf"').click();
		await page.locator('.pane .editor .squiggly-error').first().waitFor();
		const offer = page.locator('.action-widget').getByText('Draft the migration');
		// what is offered comes a moment after the mark
		await expect
			.poll(
				async () => {
					await page.keyboard.press('Control+Period');
					return offer.waitFor({ timeout: 1000 }).then(
						() => true,
						() => false
					);
				},
				{ timeout: 15_000 }
			)
			.toBe(true);
		await page.keyboard.press('Enter');
		await drafted(page).waitFor();
		await page.close();
	});

	test('lets project-users read a view that nobody but admins may', async () => {
		const page = await openTab(ada);
		await builderOf(page, loam.url).write('views/all_notes.sql', 'SELECT id, text FROM notes');
		const warning = problems(page).getByText('Only project-admins may read "all_notes".');
		await warning.waitFor({ timeout: 20_000 });
		await problems(page).getByRole('button', { name: 'Let project-users read it' }).click();
		await warning.waitFor({ state: 'detached' });
		await state(page, 'saved');
		const manifest = JSON.parse((await onServer('module.json'))!) as { access: { views: object } };
		expect(manifest.access.views).toMatchObject({
			all_notes: ['project-user'],
			open_notes: ['project-user']
		});
		await problems(page).getByText('No problems').waitFor({ timeout: 20_000 });
		await page.close();
	});
});

describe('publishing', () => {
	test('raises the version, in the open file too; the report goes with the next edit', async () => {
		const page = await openTab(ada, 'module.json');
		const builder = builderOf(page, loam.url);
		const report = page.locator('.publish');
		expect(await builder.publish()).toBe('published');
		await report.getByText('Published 0.1.0').waitFor();
		expect(await report.getByText('You have changed the draft since').count()).toBe(0);

		await builder.write(view, 'SELECT id, text, written_at, done FROM notes');
		await report.getByText('You have changed the draft since').waitFor();
		await openFile(page, 'module.json');
		expect(await builder.publish()).toBe('published');
		await report.getByText('Published 0.1.1').waitFor();
		await expect.poll(() => shown(page)).toContain('"version": "0.1.1"');
		await state(page, 'saved');
		expect(JSON.parse((await onServer('module.json'))!)).toMatchObject({ version: '0.1.1' });
		expect(await report.getByText('You have changed the draft since').count()).toBe(0);

		await page.getByRole('tab', { name: 'Releases' }).click();
		expect(await page.locator('.releases .version').allInnerTexts()).toEqual(['0.1.1', '0.1.0']);
		await page.close();
	});

	test('loses nothing that is typed into module.json meanwhile', async () => {
		const page = await openTab(ada, 'module.json');
		const builder = builderOf(page, loam.url);
		await builder.publish();
		await builder.write(view, 'SELECT id, text, written_at, done FROM notes');
		await openFile(page, 'module.json');
		let release = () => {};
		const held = new Promise<void>((resolve) => (release = resolve));
		await page.route('**/loam.v1.ModuleService/Publish', async (route) => {
			const answer = await route.fetch();
			await held;
			await route.fulfill({ response: answer });
		});
		await page.getByRole('banner').getByRole('button', { name: 'Publish' }).click();
		await page.locator('.publish').getByText('Publishing…').waitFor();
		await type(page, '\n\n', 'End');
		await state(page, 'saved');
		release();
		await page.locator('.publish').getByText('Published 0.1.1').waitFor();
		await state(page, 'saved');
		const text = (await onServer('module.json'))!;
		expect(text).toMatch(/"version": "0\.1\.1"/);
		expect(text).toMatch(/\n\n\n$/);
		await page.locator('.publish').getByText('You have changed the draft since').waitFor();
		await page.close();
	});

	test('what stood in the way is not shown beside the draft that mends it', async () => {
		const page = await openTab(ada);
		const builder = builderOf(page, loam.url);
		await builder.write(view, 'SELECT id, txt FROM notes');
		expect(await builder.publish()).toContain('There is no column "txt".');
		await builder.write(view, 'SELECT id, text, written_at FROM notes WHERE NOT done');
		const report = page.locator('.publish');
		await report.getByText('You have changed the draft since').waitFor();
		expect(await report.innerText()).not.toContain('txt');
		await page.close();
	});
});

describe('a mistake', () => {
	test('of a missing semicolon is told at the end of its line, and hides nothing elsewhere', async () => {
		const page = await openTab(ada, 'schema.proto');
		const builder = builderOf(page, loam.url);
		const problems = page.getByRole('region', { name: 'Problems' });
		await builder.write(logic, `${(await onServer(logic))!}\nexport const wrong: number = 'x';\n`);
		const schema = (await onServer('schema.proto'))!;
		await builder.write('schema.proto', schema.replace('bool done = 3;', 'bool done = 3'));
		const line = schema.split('\n').findIndex((text) => text.includes('bool done')) + 1;
		const finding = problems.locator('.finding', { hasText: 'A ";" is missing at the end of this line.' });
		await finding.filter({ hasText: `schema.proto:${line}` }).waitFor({ timeout: 20_000 });
		await problems.getByText("Type 'string' is not assignable to type 'number'").waitFor();
		// Also where the page is opened while the schema is broken.
		await page.reload();
		await problems.getByText("Type 'string' is not assignable to type 'number'").waitFor({ timeout: 20_000 });
		await finding.waitFor();
		expect(await problems.innerText()).not.toMatch(/Cannot find module|implicitly/);
		await page.close();
	});

	test('that is told of one place is listed once', async () => {
		const page = await openTab(ada, 'pages/index.page.json');
		await builderOf(page, loam.url).write('pages/index.page.json', '{"title": "A"\n"card": {}}');
		for (const list of [page.getByRole('region', { name: 'Problems' }), page.locator('.preview')]) {
			await list.getByText('A comma is missing').first().waitFor({ timeout: 20_000 });
			await expect.poll(() => list.getByText('A comma is missing').count()).toBe(1);
		}
		await page.waitForTimeout(1500);
		expect(await page.getByText('A comma is missing').count()).toBe(2);
		await page.close();
	});
});

describe('a module', () => {
	test('is named as it is typed; its address is made of that', async () => {
		const { page } = ada;
		await page.goto(`${loam.url}/home/main/build`);
		await page.getByRole('button', { name: 'New module' }).first().click();
		const dialog = page.getByRole('dialog');
		await dialog.getByLabel('Name').fill('My Shop!');
		await dialog.getByText('/home/main/my_shop').waitFor();
		await dialog.getByRole('button', { name: 'Create and open' }).click();
		await page.waitForURL(/\/home\/main\/build\/my_shop$/);
		await page.getByRole('banner').getByText('My Shop!').first().waitFor();
		await page.goto(`${loam.url}/home/main/build`);
		await page.getByText('My Shop!').waitFor();
	});

	test('that came with Loam says that a copy is edited, and makes it at one click', async () => {
		const { page } = ada;
		await page.goto(`${loam.url}/home/main/tickets`);
		await page.getByRole('banner').getByText('Tickets').first().click();
		await page.getByRole('link', { name: 'Edit a copy' }).click();
		await page.getByRole('button', { name: 'Make a copy and open it' }).click();
		await page.waitForURL(/\/home\/main\/build\/tickets_copy$/);
		await page.getByRole('banner').getByText('Tickets (copy)').first().waitFor();
		await page
			.getByRole('region', { name: 'Problems' })
			.getByText('No problems')
			.waitFor({ timeout: 30_000 });
	});

	test('is installed from the project’s page, with its demo data', async () => {
		const project = { project: 'home/main', module: 'tickets' };
		await loam.call('loam.v1.InstallationService/Uninstall', project, { token: ada.token });
		const { page } = ada;
		await page.goto(`${loam.url}/home/main`);
		await page.getByRole('button', { name: 'Install', exact: true }).click();
		const row = page.getByRole('dialog').getByRole('listitem').filter({ hasText: 'Tickets' });
		expect(await row.getByText('Installed').count()).toBe(0);
		await row.getByRole('button', { name: 'With demo data' }).click();
		await page.getByText('Tickets is installed.').waitFor({ timeout: 20_000 });
		await page.locator('.tiles').getByText('Tickets', { exact: true }).click();
		await expect
			.poll(() => page.getByText(/^Open · \d+$/).innerText(), { timeout: 20_000 })
			.not.toBe('Open · 0');

		await page.goto(`${loam.url}/home/main`);
		await page.getByRole('button', { name: 'Install', exact: true }).click();
		await row.getByText('Installed').waitFor();
		await row.getByRole('button', { name: 'Fill with demo data' }).click();
		await page.getByText('Tickets has demo data now').waitFor({ timeout: 20_000 });
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
