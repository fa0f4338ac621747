import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '#support/browser';
import { startLoam, type RunningLoam } from '#support/loam';

/** From the link that a first start prints to a person who is added, works, and is removed. */
let loam: RunningLoam;
let browser: Browser;
let admin: Page;
const password = 'correct horse battery';

beforeAll(async () => {
	[loam, browser] = await Promise.all([
		startLoam({ LOAM_ADMIN_EMAIL: '', LOAM_ADMIN_PASSWORD: '' }),
		launchBrowser()
	]);
	admin = await open();
});
afterAll(async () => {
	await browser?.close();
	await loam?.stop();
});

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
	const context = await browser.newContext(options);
	return context.newPage();
}

async function signIn(page: Page, email: string, given = password): Promise<void> {
	await page.getByLabel('E-mail').fill(email);
	await page.getByLabel('Password').fill(given);
	await page.getByRole('button', { name: 'Sign in' }).click();
}

test('the printed link makes the first administrator, once', async () => {
	const printed = () => /\/welcome\?token=\S+/.exec(loam.output())?.[0];
	await expect.poll(printed).toBeDefined();
	await admin.goto(loam.url);
	await admin.getByText('Nobody has an account yet').waitFor();
	const link = loam.url + printed()!;
	await admin.goto(link);
	await admin.getByLabel('Your name').fill('Ada Lovelace');
	await admin.getByLabel('E-mail').fill('ada@example.org');
	await admin.getByLabel('Password').fill(password);
	await admin.getByRole('button', { name: 'Create my account' }).click();
	await admin.waitForURL(`${loam.url}/home/main`);
	const second = await open();
	await second.goto(link);
	await second.getByText('This link was used, or has expired').waitFor();
});

let benPassword: string;
test('who is added is shown a password once, and can sign in', async () => {
	await admin.goto(`${loam.url}/home/main/people`);
	await admin.getByRole('button', { name: 'Add a person' }).click();
	const dialog = admin.getByRole('dialog');
	await dialog.getByLabel('Name').fill('Ben');
	await dialog.getByLabel('E-mail').fill('ben@example.org');
	await dialog.getByRole('button', { name: 'Add' }).click();
	benPassword = (await dialog.locator('code').textContent())!;
	await dialog.getByRole('button', { name: 'Done' }).click();
	await admin.getByText('ben@example.org').waitFor();
	const ben = await open();
	await ben.goto(`${loam.url}/account`);
	await signIn(ben, 'ben@example.org', 'not the password');
	await ben.getByText('The e-mail address or the password is wrong.').waitFor();
	await signIn(ben, 'ben@example.org', benPassword);
	await ben.waitForURL(`${loam.url}/account`);
	await ben.getByText('This one').waitFor();
});

test('signing in works without script, and gives nothing away in the address', async () => {
	const plain = await open({ javaScriptEnabled: false });
	await plain.goto(`${loam.url}/sign-in?to=/account`);
	await signIn(plain, 'ben@example.org', benPassword);
	await plain.waitForURL(`${loam.url}/account`);
	await plain.goto(`${loam.url}/sign-in?to=//evil.example`);
	expect(new URL(plain.url()).origin).toBe(loam.url);
});

test.each(['/home/main/people', '/home/main/build'])('a user is turned away from %s', async (path) => {
	const ben = await open();
	await ben.goto(`${loam.url}${path}`);
	await signIn(ben, 'ben@example.org', benPassword);
	await ben.getByText('This page isn’t shared with you').waitFor();
});

test('a session that is ended elsewhere is out at its next step', async () => {
	const [here, there] = [await open(), await open()];
	for (const page of [here, there]) {
		await page.goto(`${loam.url}/account`);
		await signIn(page, 'ben@example.org', benPassword);
		await page.waitForURL(`${loam.url}/account`);
	}
	await here.reload();
	for (;;) {
		const others = here.getByRole('button', { name: 'End', exact: true });
		const count = await others.count();
		if (count === 0) break;
		await others.first().click();
		await expect.poll(() => others.count()).toBe(count - 1);
	}
	await there.reload();
	await there.waitForURL(/\/sign-in\?to=/);
	await here.getByLabel('Account of Ben').click();
	await here.getByRole('button', { name: 'Sign out' }).first().click();
	await here.waitForURL(`${loam.url}/sign-in`);
});

test('a forgotten password is made anew by the administrator', async () => {
	await admin.goto(`${loam.url}/home/main/people`);
	await admin.getByRole('button', { name: 'New password for Ben' }).click();
	const dialog = admin.getByRole('dialog');
	await dialog.getByRole('button', { name: 'Make a new password' }).click();
	const before = benPassword;
	benPassword = (await dialog.locator('code').textContent())!;
	await dialog.getByRole('button', { name: 'Done' }).click();
	const ben = await open();
	await ben.goto(`${loam.url}/sign-in?to=/account`);
	await signIn(ben, 'ben@example.org', before);
	await ben.getByText('The e-mail address or the password is wrong.').waitFor();
	await signIn(ben, 'ben@example.org', benPassword);
	await ben.waitForURL(`${loam.url}/account`);
});

test('a new role counts at once, and so does its end', async () => {
	const ben = await open();
	await ben.goto(`${loam.url}/home/main`);
	await signIn(ben, 'ben@example.org', benPassword);
	await ben.waitForURL(`${loam.url}/home/main`);
	expect(await ben.getByRole('link', { name: 'People' }).count()).toBe(0);
	await admin.goto(`${loam.url}/home/main/people`);
	await admin.getByRole('button', { name: 'Change the roles of Ben' }).click();
	await admin.getByRole('checkbox', { name: /^Admin/ }).check();
	await admin.getByRole('button', { name: 'Save' }).click();
	await admin.getByText('The roles of Ben were changed.').waitFor();
	await ben.reload();
	await ben.getByRole('link', { name: 'People' }).first().waitFor();
	await admin.getByRole('button', { name: 'Remove Ben' }).click();
	await admin.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
	await admin.getByText('Ben is no longer in this project.').waitFor();
	await ben.reload();
	await ben.getByText('There is no such project, or you have no role in it.').waitFor();
});
