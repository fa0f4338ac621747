import { describe, expect, it } from 'vitest';
import { parsePage, type FileKind } from '#engine/module';
import { nextNumber, suggestedName, templateOf, type TemplateContext } from './templates.ts';

const context: TemplateContext = {
	outline: {
		package: 'tickets',
		tables: [
			{
				message: 'Ticket',
				name: 'tickets',
				columns: ['id', 'title', 'project_id', 'status'].map((column) => ({ name: column, type: 'string' }))
			}
		],
		methods: [
			{ name: 'CloseTicket', service: 'Desk', request: 'CloseTicketRequest', response: 'CloseTicketResponse' }
		]
	},
	paths: ['pages/index.page.json', 'migrations/0001_init.sql', 'migrations/0007_more.sql']
};

describe('templates', () => {
	it.each(['pages/tickets.page.json', 'pages/tickets/[id].page.json', 'pages/about.page.json'])(
		'%s is a page without problems',
		(path) => {
			expect(parsePage(templateOf(path, 'page', context), path).diagnostics).toEqual([]);
			const empty = { ...context, outline: { package: '', tables: [], methods: [] } };
			expect(parsePage(templateOf(path, 'page', empty), path).diagnostics).toEqual([]);
		}
	);

	it('a detail page is found by its parameter', () => {
		expect(templateOf('pages/tickets/[key].page.json', 'page', context)).toContain("id = param('key')");
	});

	it('a view lists the columns of its table', () => {
		expect(templateOf('views/tickets_list.sql', 'view', context)).toBe(
			'SELECT t.id, t.title, t.project_id, t.status\nFROM tickets t\n'
		);
	});

	it('a handler has the types of its method', () => {
		const text = templateOf('logic/close_ticket.ts', 'logic', context);
		expect(text).toContain("import type { CloseTicketRequest, CloseTicketResponse, Loam } from 'loam'");
	});

	it.each([
		['page', 'tickets'],
		['logic', 'close_ticket'],
		['migration', '0008_change'],
		['view', 'tickets_list']
	] satisfies [FileKind, string][])('offers a free name for a %s', (kind, name) => {
		expect(suggestedName(kind, context)).toBe(name);
	});

	it('numbers the first migration 0001', () => expect(nextNumber([])).toBe('0001'));
});
