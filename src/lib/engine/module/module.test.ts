import { describe, expect, test } from 'vitest';
import {
	checkFiles,
	checkRoutes,
	contentHash,
	fileKind,
	locate,
	matchRoute,
	parseLocale,
	parseManifest,
	parsePage,
	parseSeeds
} from './index.ts';

const manifest = {
	name: 'tickets',
	version: '1.0.0',
	title: 'Tickets',
	roles: { agent: { title: 'Agent' } },
	access: {
		views: {
			open: ['project-user'],
			tickets: {
				read: ['agent', { roles: ['project-user'], where: 'assignee = principal()' }],
				columns: { cost: ['agent'] }
			}
		},
		commands: { CloseTicket: ['agent'] }
	},
	navigation: [{ title: 'All', page: 'index' }]
};

const write = (value: unknown) => JSON.stringify(value, null, 2);

describe('parseManifest', () => {
	test('reads access in its short and long forms', () => {
		const { value, diagnostics } = parseManifest(write(manifest));
		expect(diagnostics).toEqual([]);
		expect(value).toEqual({
			...manifest,
			uses: [],
			capabilities: [],
			access: {
				views: {
					open: { read: [{ roles: ['project-user'] }], columns: {} },
					tickets: {
						read: [{ roles: ['agent'] }, { roles: ['project-user'], where: 'assignee = principal()' }],
						columns: { cost: ['agent'] }
					}
				},
				commands: { CloseTicket: [{ roles: ['agent'] }] }
			},
			navigation: [{ title: 'All', page: '' }]
		});
	});

	test.each<[string, string, string, number, number]>([
		['no JSON', '{\n  "name": \n}', 'JSON_SYNTAX', 3, 1],
		['a comment', '{\n  // hello\n  "name": "a", "version": "1.0.0", "title": "A"}', 'JSON_SYNTAX', 2, 3],
		[
			'a key twice',
			'{"name": "a", "version": "1.0.0", "title": "A",\n "name": "b"}',
			'JSON_DUPLICATE_KEY',
			2,
			2
		],
		[
			'an unknown key',
			'{"name": "a", "version": "1.0.0", "title": "A",\n  "acces": {}}',
			'JSON_UNKNOWN_KEY',
			2,
			3
		],
		['a missing key', '{"name": "a", "version": "1.0.0"}', 'JSON_MISSING_KEY', 1, 1],
		['a list', '[]', 'JSON_TYPE', 1, 1],
		['a name in capitals', '{"name": "A", "version": "1.0.0", "title": "A"}', 'MANIFEST_NAME', 1, 10],
		['a name of Loam', '{"name": "build", "version": "1.0.0", "title": "A"}', 'MANIFEST_NAME', 1, 10],
		['no version', '{"name": "a", "version": "one", "title": "A"}', 'MANIFEST_VERSION', 1, 26],
		[
			'an unknown role',
			'{"name": "a", "version": "1.0.0", "title": "A", "access": {"views": {"v": [\n"project-users"]}}}',
			'ROLE_UNKNOWN',
			2,
			1
		],
		[
			'a capability',
			'{"name": "a", "version": "1.0.0", "title": "A", "capabilities": ["http"]}',
			'CAPABILITY_UNKNOWN',
			1,
			65
		]
	])('refuses %s', (_, text, reason, line, column) => {
		const { value, diagnostics } = parseManifest(text);
		expect(value).toBeUndefined();
		expect(diagnostics[0]).toMatchObject({ file: 'module.json', reason, line, column });
	});

	test('says what was meant', () => {
		const { diagnostics } = parseManifest(write({ ...manifest, navigaton: [] }));
		expect(diagnostics[0]?.hint).toMatch(/^Did you mean "navigation"\?/);
	});

	test('finds every mistake in one pass', () => {
		const { diagnostics } = parseManifest('{"name": 1, "version": "x", "title": [], "nav": 2}');
		expect(diagnostics.map((d) => d.reason).sort()).toEqual([
			'JSON_TYPE',
			'JSON_TYPE',
			'JSON_UNKNOWN_KEY',
			'MANIFEST_VERSION'
		]);
	});
});

describe('a text that is no JSON', () => {
	const told = (text: string) =>
		parseManifest(text).diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);

	test('is told once a line, however often the parser stumbles', () => {
		expect(told("{ 'name': 'a', 'title': 'b' }")).toEqual(['1:3 This is not JSON: invalid symbol.']);
		expect(told('some words and no more')).toHaveLength(1);
		expect(told('{"a": [1,, 2,,],\n"b": tru,\n"c": 1}')).toEqual([
			'1:10 This is not JSON: value expected.',
			'2:6 This is not JSON: invalid symbol.'
		]);
	});

	test('misses its comma where it should stand', () => {
		expect(told('{\n  "name": "a"\n\n  "title": "b"\n}')).toEqual([
			'2:13 A comma is missing at the end of this line.'
		]);
		expect(told('{ "name": "a" "title": "b" }')).toEqual(['1:13 A comma is missing here.']);
	});
});

describe('parsePage', () => {
	const page = {
		title: 'Board',
		data: { tickets: { view: 'open', order: 'opened_at desc' } },
		card: { type: 'AdaptiveCard' }
	};
	test('fills in what is left out', () => {
		expect(parsePage(write(page), 'pages/a/[id].page.json').value).toEqual({
			file: 'pages/a/[id].page.json',
			route: ['a', '[id]'],
			title: 'Board',
			data: { tickets: { view: 'open', order: ['opened_at desc'], limit: 200, live: true } },
			card: { type: 'AdaptiveCard' }
		});
	});
	test.each([
		[{ ...page, data: { params: { view: 'x' } } }, 'BINDING_NAME'],
		[{ ...page, data: { a: { view: 'x', limit: 5000 } } }, 'JSON_TYPE'],
		[{ ...page, data: { a: { view: 'x', order: ['a; drop'] } } }, 'ORDER_SYNTAX'],
		[{ ...page, data: { a: { query: 'x' } } }, 'JSON_UNKNOWN_KEY'],
		[{ ...page, card: [] }, 'JSON_TYPE']
	])('refuses %o', (value, reason) => {
		expect(parsePage(write(value), 'pages/a.page.json').diagnostics[0]?.reason).toBe(reason);
	});
});

describe('routes', () => {
	const pages = ['index', 'tickets/index', 'tickets/new', 'tickets/[id]', '[other]/new'].map(
		(path) => parsePage('{"title": "", "card": {}}', `pages/${path}.page.json`).value!
	);
	test.each<[string[], string | undefined, Record<string, string>]>([
		[[], 'pages/index.page.json', {}],
		[['tickets'], 'pages/tickets/index.page.json', {}],
		[['tickets', 'new'], 'pages/tickets/new.page.json', {}],
		[['tickets', '7'], 'pages/tickets/[id].page.json', { id: '7' }],
		[['notes', 'new'], 'pages/[other]/new.page.json', { other: 'notes' }],
		[['notes', 'old'], undefined, {}]
	])('%j is %s', (segments, file, params) => {
		const match = matchRoute(pages, segments);
		expect(match?.page.file).toBe(file);
		expect(match?.params ?? {}).toEqual(params);
	});
	test('refuses two files of one address', () => {
		const twice = ['a/[id]', 'a/[key]', 'b', 'b/index', '[x]/c/[x]'].map(
			(path) => parsePage('{"title": "", "card": {}}', `pages/${path}.page.json`).value!
		);
		expect(checkRoutes(twice).map((d) => [d.file, d.reason])).toEqual([
			['pages/a/[key].page.json', 'ROUTE_TWICE'],
			['pages/b/index.page.json', 'ROUTE_TWICE'],
			['pages/[x]/c/[x].page.json', 'ROUTE_PARAMETER_TWICE']
		]);
	});
});

describe('files', () => {
	test.each([
		['module.json', 'manifest'],
		['schema.proto', 'schema'],
		['migrations/0001_init.sql', 'migration'],
		['views/open_tickets.sql', 'view'],
		['logic/close_ticket.ts', 'logic'],
		['logic/shared/points.ts', 'logic'],
		['pages/reports/[year].page.json', 'page'],
		['locales/pt-BR.json', 'locale'],
		['seeds/demo.json', 'seed'],
		['tests/close_ticket.test.ts', 'test'],
		['README.md', 'text'],
		['views/../module.json', undefined],
		['/etc/passwd', undefined],
		['views/Open.sql', undefined],
		['logic/a.js', undefined],
		['pages/[Id].page.json', undefined],
		['migrations/init.sql', undefined],
		['node_modules/a/index.js', undefined]
	])('%s is %s', (path, kind) => expect(fileKind(path)).toBe(kind));

	const base: [string, string][] = [
		['module.json', '{}'],
		['schema.proto', '']
	];
	test.each<[string, [string, string][], string]>([
		['a strange path', [...base, ['a.exe', '']], 'PATH_UNKNOWN'],
		['a large file', [...base, ['README.md', 'x'.repeat(1_000_001)]], 'FILE_TOO_LARGE'],
		['a NUL', [...base, ['README.md', 'a\0b']], 'FILE_NOT_TEXT'],
		['half a surrogate', [...base, ['README.md', 'a\ud800b']], 'FILE_NOT_TEXT'],
		['no manifest', [['schema.proto', '']], 'FILE_MISSING'],
		[
			'too many',
			[...base, ...Array.from({ length: 2000 }, (_, i): [string, string] => [`views/v${i}.sql`, ''])],
			'MODULE_TOO_LARGE'
		]
	])('refuses %s', (_, files, reason) => {
		expect(checkFiles(new Map(files)).map((d) => d.reason)).toEqual([reason]);
	});
});

describe('contentHash', () => {
	test('does not depend on the order of files', async () => {
		const a = await contentHash(
			new Map([
				['b', '1'],
				['a', '2']
			])
		);
		expect(a).toBe(
			await contentHash(
				new Map([
					['a', '2'],
					['b', '1']
				])
			)
		);
		expect(a).toMatch(/^[0-9a-f]{64}$/);
	});
	test('depends on where a file ends', async () => {
		expect(await contentHash(new Map([['a', 'bc']]))).not.toBe(await contentHash(new Map([['ab', 'c']])));
	});
});

test('locate finds a value, and a key, and the nearest parent', () => {
	const text = '{\n  "access": { "views": { "open": [] } }\n}';
	expect(locate(text, ['access', 'views', 'open'])).toMatchObject({ line: 2, column: 34 });
	expect(locate(text, ['access', 'views', 'open'], 'key')).toMatchObject({ line: 2, column: 26 });
	expect(locate(text, ['access', 'commands', 'X'])).toMatchObject({ line: 2, column: 13 });
});

test('locales and seeds are read by shape', () => {
	expect(parseLocale('{"a": "b"}', 'locales/en.json').value).toEqual({ a: 'b' });
	expect(parseLocale('{"a": 1}', 'locales/en.json').diagnostics).toHaveLength(1);
	expect(parseSeeds('{"t": [{"a": 1}]}', 'seeds/demo.json').value).toEqual({ t: [{ a: 1 }] });
	expect(parseSeeds('{"t": [1]}', 'seeds/demo.json').diagnostics).toHaveLength(1);
});
