import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { RunningLoam } from './loam.ts';

/** A person with a browser window of their own. */
export interface Visitor {
	readonly context: BrowserContext;
	readonly page: Page;
	readonly token: string;
	/** Uncaught errors and refused styles or scripts that the page's console told. */
	readonly troubles: readonly string[];
}

/** Makes a person with these roles in `home/main`; the password is `email` twice. */
export async function addPerson(
	loam: RunningLoam,
	name: string,
	roles: readonly string[]
): Promise<{ email: string; password: string }> {
	const token = await loam.signIn(loam.admin.email, loam.admin.password);
	const email = `${name.toLowerCase()}@example.org`;
	const password = `${email}${email}`;
	await loam.call(
		'loam.v1.PeopleService/CreateUser',
		{ name, email, password, project: 'home/main', roles },
		{ token }
	);
	return { email, password };
}

/** Signs in by the form, as anybody would. */
export async function visit(
	browser: Browser,
	loam: RunningLoam,
	who: { email: string; password: string },
	path = '/'
): Promise<Visitor> {
	const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
	context.setDefaultTimeout(10_000);
	const page = await context.newPage();
	const troubles: string[] = [];
	page.on('pageerror', (error) => troubles.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error') troubles.push(message.text());
	});
	await page.goto(`${loam.url}${path}`);
	await page.locator('input[type=email]').fill(who.email);
	await page.locator('input[type=password]').fill(who.password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
	return { context, page, token: await loam.signIn(who.email, who.password), troubles };
}
