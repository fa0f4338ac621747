import { expect, test } from 'vitest';
import type { Access, PageSpec } from '#engine/module';
import { moduleEntry } from './navigation.ts';
import { testArtifact, testViewer } from './test-viewer.ts';

const proto = `syntax = "proto3";
package desk;
import "loam/options.proto";
message Note { option (loam.table) = {}; string id = 1 [(loam.column).key = true]; string text = 2; }
message Secret { option (loam.table) = {}; string id = 1 [(loam.column).key = true]; string text = 2; }
`;
const access: Access = {
	views: { notes: { read: [{ roles: ['project-user'] }], columns: {} } },
	commands: {}
};
const page = (route: string, ...views: string[]): PageSpec => ({
	file: `pages/${route}.page.json`,
	route: route.split('/').filter(Boolean),
	title: route,
	data: Object.fromEntries(views.map((view) => [view, { view, order: [], limit: 10, live: true }])),
	card: null
});
const pages = [page('board', 'notes'), page('vault', 'notes', 'secrets'), page('notes/[id]', 'notes')];
const bare = testArtifact(proto, access);
const tabs = (artifact: typeof bare, ...roles: string[]) =>
	moduleEntry(testViewer(artifact, ...roles))?.tabs.map(({ title, page: path }) => `${title}: ${path}`);
const listing = (...navigation: { title: string; page: string }[]) => ({
	...bare,
	pages,
	manifest: { ...bare.manifest, navigation }
});

test('what the author lists, as far as the viewer may open it', () => {
	const artifact = listing(
		{ title: 'Board', page: 'board' },
		{ title: 'Vault', page: 'vault' },
		{ title: 'Secrets', page: 'secrets' }
	);
	expect(tabs(artifact, 'project-user')).toEqual(['Board: board']);
	expect(tabs(artifact, 'project-admin')).toEqual(['Board: board', 'Vault: vault', 'Secrets: secrets']);
});

test('without a list the pages of fixed addresses, and the tables that have no such page', () => {
	expect(tabs({ ...bare, pages }, 'project-user')).toEqual(['board: board', 'Notes: notes']);
	expect(tabs({ ...bare, pages: [page('notes', 'notes')] }, 'project-admin')).toEqual([
		'notes: notes',
		'Secrets: secrets'
	]);
	expect(tabs(bare, 'project-user')).toEqual(['Notes: notes']);
	expect(tabs(bare, 'project-admin')).toEqual(['Notes: notes', 'Secrets: secrets']);
});

test('a module of which the viewer may open nothing is not shown', () => {
	expect(moduleEntry(testViewer(bare))).toBeUndefined();
});
