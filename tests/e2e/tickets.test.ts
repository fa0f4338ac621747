import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '#support/browser';
import { startLoam, type RunningLoam } from '#support/loam';
import { addPerson, visit, type Visitor } from '#support/people';

/** The shipped module as its users meet it: two people at work, each in a browser of their own. */
let loam: RunningLoam;
let browser: Browser;
let ada: Visitor;
let ben: Visitor;

beforeAll(async () => {
	[loam, browser] = await Promise.all([startLoam(), launchBrowser()]);
	const people = [
		await addPerson(loam, 'Ada', ['project-user', 'tickets:manager']),
		await addPerson(loam, 'Ben', ['project-user'])
	];
	[ada, ben] = (await Promise.all(people.map((who) => visit(browser, loam, who, '/home/main/tickets')))) as [
		Visitor,
		Visitor
	];
});

afterAll(async () => {
	await browser?.close();
	await loam?.stop();
});

/** As the administrator. */
async function call<T = Record<string, unknown>>(method: string, body: object): Promise<T> {
	const token = await loam.signIn(loam.admin.email, loam.admin.password);
	return loam.call<T>(method, body, { token, project: 'home/main' });
}

describe('the first day', () => {
	test('who may make a project is led there, and who may not is told who can', async () => {
		for (const path of ['', '/tickets/new', '/open-work']) {
			await ada.page.goto(`${loam.url}/home/main/tickets${path}`);
			await ada.page.getByRole('link', { name: 'Create the first project' }).waitFor();
			await ben.page.goto(`${loam.url}/home/main/tickets${path}`);
			await ben.page.getByText('A manager or an admin creates it.').waitFor();
			expect(await ben.page.getByRole('link', { name: 'Create the first project' }).count()).toBe(0);
			expect(await ben.page.getByRole('textbox').count()).toBe(0);
		}
	});

	test('the first project opens the form of the other, and the first ticket can be worked with', async () => {
		await ben.page.goto(`${loam.url}/home/main/tickets/tickets/new`);
		await ada.page.goto(`${loam.url}/home/main/tickets`);
		await ada.page.getByRole('link', { name: 'Create the first project' }).click();
		await ada.page.getByLabel('Name').fill('Garden');
		await ada.page.getByLabel('Code').fill('GARD');
		await ada.page.getByRole('button', { name: 'Create project' }).click();
		await ada.page.getByRole('heading', { name: 'Garden' }).waitFor();
		await ben.page.getByLabel('What is it about?').fill('The gate squeaks', { timeout: 2000 });
		await ben.page.getByRole('button', { name: 'Open the ticket' }).click();
		await ben.page.getByRole('heading', { name: 'GARD-1 The gate squeaks' }).waitFor();

		await ben.page.getByRole('button', { name: 'Edit' }).click();
		await ben.page.getByLabel('Title').fill('The gate is silent');
		await ben.page.getByRole('button', { name: 'Save' }).click();
		await ben.page.getByRole('heading', { name: 'GARD-1 The gate is silent' }).waitFor();
		expect(await ben.page.getByLabel('Title').count()).toBe(0);
		expect(await ben.page.evaluate(() => document.activeElement?.textContent.trim())).toBe('Edit');
		await ben.page.getByRole('button', { name: 'Assign' }).click();
		await ben.page.getByLabel('Assignee').selectOption({ label: 'Ada' });
		await ben.page.getByRole('button', { name: 'Assign' }).last().click();
		await ben.page.getByRole('definition').filter({ hasText: 'Ada' }).waitFor();
		expect(await ben.page.getByRole('button', { name: 'More' }).count()).toBe(0);
	});

	test('a manager deletes a ticket, and who looks at it is told', async () => {
		await ada.page.goto(ben.page.url());
		await ada.page.getByLabel('More').click();
		await ada.page.getByRole('button', { name: 'Delete' }).click();
		await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
		await ada.page.getByText('Nothing waits.').waitFor();
		await ben.page.getByText('This ticket is gone').waitFor({ timeout: 2000 });
		const { items } = await call<{ items: { id: string }[] }>('tickets.ProjectService/ListProjects', {});
		await call('tickets.ProjectService/DeleteProject', { id: items[0]!.id });
		await call('loam.v1.InstallationService/Install', {
			project: 'home/main',
			module: 'tickets',
			demo: true
		});
	});
});

describe('two people on one board', () => {
	test('have the demo rows, rendered on the server', async () => {
		const html = () => ben.page.request.get(`${loam.url}/home/main/tickets`).then((answer) => answer.text());
		await expect.poll(async () => /(WEB|APP|OPS|SHOP)-\d/.test(await html())).toBe(true);
		expect(await html()).toContain('In progress');
	});

	test('a ticket that one opens stands on the board of the other without a reload', async () => {
		await ada.page.goto(`${loam.url}/home/main/tickets`);
		await ben.page.goto(`${loam.url}/home/main/tickets/tickets/new`);
		await ben.page.getByLabel('What is it about?').fill('The bell is silent');
		await ben.page.getByLabel('Project').selectOption({ label: 'Workshop' });
		await ben.page.getByLabel('Points').fill('8');
		await ben.page.getByRole('button', { name: 'Open the ticket' }).click();
		await ben.page.getByRole('heading', { name: /The bell is silent/ }).waitFor();
		await ada.page.getByText('The bell is silent').waitFor({ timeout: 2000 });
	});

	test('the counts per project move as the other works', async () => {
		await ada.page.goto(`${loam.url}/home/main/tickets/open-work`);
		const workshop = ada.page.getByRole('row', { name: /Workshop/ });
		const points = async () => Number(await workshop.getByRole('cell').nth(2).innerText());
		const before = await points();
		await ben.page.getByRole('button', { name: 'Take it' }).click();
		await ben.page.getByRole('button', { name: 'Done' }).click();
		await expect.poll(points, { timeout: 2000 }).toBe(before - 8);
	});

	test('a comment half written survives what the other does to the page', async () => {
		const address = ben.page.url();
		await ada.page.goto(address);
		await ada.page.getByLabel('Add a comment').fill('I was about to say');
		await ben.page.getByLabel('Add a comment').fill('It rings again.');
		await ben.page.getByRole('button', { name: 'Comment' }).click();
		await ada.page.getByText('It rings again.').waitFor({ timeout: 2000 });
		expect(await ada.page.getByLabel('Add a comment').inputValue()).toBe('I was about to say');
		expect(await ada.page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
	});

	test('a refused command says why and changes nothing', async () => {
		await ada.page.getByLabel('Add a comment').fill('   ');
		await ada.page.getByRole('button', { name: 'Comment' }).click();
		await ada.page.getByText('Write something first.').first().waitFor({ timeout: 2000 });
	});

	test('no page told an error', () => {
		expect([...ada.troubles, ...ben.troubles]).toEqual([]);
	});
});

describe('access', () => {
	test('a project-user cannot make a project, nor build, nor see the people of another place', async () => {
		const call = loam.call(
			'tickets.ProjectService/CreateProject',
			{ name: 'Mine', code: 'MINE' },
			{ token: ben.token, project: 'home/main' }
		);
		await expect(call).rejects.toMatchObject({ status: 403 });
		expect((await ben.page.request.get(`${loam.url}/home/main/build/tickets`)).status()).toBe(403);
		const draft = loam.call(
			'loam.v1.ModuleService/CreateDraft',
			{ project: 'home/main', module: 'mine' },
			{ token: ben.token }
		);
		await expect(draft).rejects.toMatchObject({ status: 403 });
	});

	test('a visitor without a session is sent to sign in, and gets no row', async () => {
		const guest = await browser.newContext();
		const page = await guest.newPage();
		await page.goto(`${loam.url}/home/main/tickets`);
		expect(new URL(page.url()).pathname).toBe('/sign-in');
		const shape = await fetch(`${loam.url}/v1/shape?project=home/main&table=tickets.board&offset=-1`);
		expect([401, 403]).toContain(shape.status);
		await guest.close();
	});

	test.each([
		['/home/main/tickets/no-such-page', 404],
		['/home/main/no_such_module', 404],
		['/home/elsewhere/tickets', 404],
		['/home/main/tickets/tickets/not-a-uuid', 404]
	])('%s answers %i with a page that helps', async (path, status) => {
		const answer = await ben.page.goto(`${loam.url}${path}`);
		expect(answer?.status()).toBe(status);
		expect(await ben.page.getByRole('link').count()).toBeGreaterThan(0);
	});
});
