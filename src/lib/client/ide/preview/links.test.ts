import { expect, it } from 'vitest';
import { parsePage } from '#engine/module';
import { followLink } from './links.ts';

const page = (file: string) => parsePage('{"title":"x","card":{"type":"AdaptiveCard"}}', file).value!;
const pages = ['pages/index.page.json', 'pages/tickets/[id].page.json'].map(page);
const base = '/home/main/tickets/';

it.each([
	['tickets/7', 'pages/tickets/[id].page.json', { id: '7' }, {}],
	['/home/main/tickets/tickets/a%20b?tab=2', 'pages/tickets/[id].page.json', { id: 'a b' }, { tab: '2' }],
	['/home/main/tickets', 'pages/index.page.json', {}, {}],
	['.', 'pages/index.page.json', {}, {}]
])('%s is a page', (url, file, params, query) => {
	expect(followLink(url, base, pages)).toMatchObject({
		kind: 'page',
		match: { page: { file }, params },
		query
	});
});

it.each(['https://example.org/', '/home/main/other/1', 'mailto:a@example.org', 'nowhere/at/all'])(
	'%s is none',
	(url) => {
		expect(followLink(url, base, pages).kind).toBe('elsewhere');
	}
);
