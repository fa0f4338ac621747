import type { Page } from 'playwright-core';

/** What a person does in the builder, by what they see. */
export interface Builder {
	readonly page: Page;
	/** Makes a module from a template and opens it. */
	create(name: string, template: 'Empty' | 'Starter'): Promise<void>;
	/** Opens the file, made first where it isn't there, and replaces its text. */
	write(path: string, text: string): Promise<void>;
	/** Has the migration drafted that the schema asks for; its path. */
	draftMigration(): Promise<string>;
	/** Waits until the server has every keystroke. */
	saved(): Promise<void>;
	/** Presses Publish and waits for the verdict; the report's text where it was refused. */
	publish(): Promise<'published' | string>;
}

/** Sections of the file tree, by the folder that they show. */
const sectionOf: Readonly<Record<string, string>> = {
	pages: 'pages',
	views: 'views',
	logic: 'logic',
	locales: 'translations',
	seeds: 'seeds'
};

export function builderOf(page: Page, url: string): Builder {
	const tree = page.getByRole('navigation', { name: 'Files' });
	const row = (path: string) => tree.locator(`button[title="${path}"]`);

	async function createFile(path: string): Promise<void> {
		const [folder, ...rest] = path.split('/');
		await tree.getByRole('button', { name: `New file: ${sectionOf[folder!]}` }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByLabel('Name').fill(rest.join('/').replace(/(\.page\.json|\.sql|\.ts|\.json)$/, ''));
		await page.keyboard.press('Enter');
		await row(path).waitFor();
	}

	const saved = () => page.getByText('Saved', { exact: true }).waitFor({ timeout: 10_000 });

	return {
		page,
		saved,
		async create(name, template) {
			await page.goto(`${url}/home/main/build`);
			await page.getByRole('button', { name: 'New module' }).first().click();
			const dialog = page.getByRole('dialog');
			await dialog.getByLabel('Name').fill(name);
			await dialog.getByLabel('Begin with').selectOption(template.toLowerCase());
			await dialog.getByRole('button', { name: 'Create and open' }).click();
			await row('schema.proto').waitFor();
		},
		async write(path, text) {
			if ((await row(path).count()) === 0) await createFile(path);
			await row(path).click();
			await page.locator('.monaco-editor .view-lines').first().click();
			await page.keyboard.press('ControlOrMeta+A');
			// Pasted: typed lines would be indented and closed by the editor as well.
			await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
			await page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text);
			await page.keyboard.press('ControlOrMeta+V');
			await saved();
		},
		async draftMigration() {
			const migrations = tree.locator('button[title^="migrations/"]');
			const before = await migrations.count();
			await tree.getByRole('button', { name: 'New file: migrations' }).click();
			await migrations.nth(before).waitFor();
			await saved();
			return (await migrations.nth(before).getAttribute('title')) ?? '';
		},
		async publish() {
			await page.getByRole('banner').getByRole('button', { name: 'Publish' }).click();
			const verdict = page.locator('.publish .head');
			const said = verdict.filter({ hasText: /^(Published|Not published)/ });
			await said.waitFor({ timeout: 30_000 });
			return (await said.innerText()).startsWith('Published')
				? 'published'
				: await page.locator('.publish').innerText();
		}
	};
}
