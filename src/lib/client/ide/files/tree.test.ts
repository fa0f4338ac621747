import { describe, expect, it } from 'vitest';
import { nameProblem, pathOf, treeOf } from './tree.ts';

describe('treeOf', () => {
	it('puts files by kind, and what fits nowhere beside module.json', () => {
		const tree = treeOf(['views/a.sql', 'pages/tickets/[id].page.json', 'module.json', 'odd.txt']);
		expect(tree[0]!.files.map((file) => file.path)).toEqual(['module.json', 'odd.txt']);
		expect(tree.find((section) => section.kind === 'page')!.files).toEqual([
			{ path: 'pages/tickets/[id].page.json', name: 'tickets/[id]', ending: '.page.json' }
		]);
	});

	it('offers no files that nothing reads, and shows those that are there', () => {
		const kinds = (...paths: string[]) => treeOf(paths).map(({ kind, open }) => [kind, open]);
		expect(kinds('module.json').map(([kind]) => kind)).not.toContain('test');
		expect(kinds('tests/close.test.ts')).toContainEqual(['test', false]);
	});
});

describe('pathOf', () => {
	it.each([
		['page', 'tickets/[id]', 'pages/tickets/[id].page.json'],
		['page', 'pages/index.page.json', 'pages/index.page.json'],
		['view', ' open_tickets ', 'views/open_tickets.sql'],
		['test', 'close.test.ts', 'tests/close.test.ts']
	] as const)('%s %s', (kind, name, path) => expect(pathOf(kind, name)).toBe(path));
});

describe('nameProblem', () => {
	const taken = new Set(['views/a.sql']);
	it.each([
		['view', 'b', undefined],
		['view', 'a', 'views/a.sql is there already.'],
		['view', '', 'Give it a name.'],
		['page', 'tickets/[id]', undefined],
		['migration', '0002_add_points', undefined]
	] as const)('%s %j', (kind, name, problem) => expect(nameProblem(kind, name, taken)).toBe(problem));
	it('says what a name may be', () => {
		expect(nameProblem('view', 'Ähm', taken)).toMatch(/lower case/);
		expect(nameProblem('migration', 'add_points', taken)).toMatch(/Four digits/);
		expect(nameProblem('page', '../x', taken)).toMatch(/folders/);
		expect(nameProblem('view', 'x'.repeat(300), taken)).toMatch(/At most 200 characters/);
	});
});
