import type { Json } from '#kernel';
import type { PageData } from '#engine/card';
import { rows } from './rows.ts';

const text = (value: string, more: Record<string, Json> = {}): Json => ({
	type: 'TextBlock',
	text: value,
	wrap: true,
	...more
});
const cell = (item: Json): Json => ({ type: 'TableCell', items: [item] });

const card: Json = {
	type: 'AdaptiveCard',
	version: '1.6',
	body: [
		text('Tickets', { style: 'heading', size: 'extraLarge' }),
		text('${count(tickets)} tickets', { isSubtle: true }),
		{
			type: 'Table',
			columns: [
				{ width: 1 },
				{ width: 3 },
				{ width: 1 },
				{ width: 2 },
				{ width: 1, horizontalCellContentAlignment: 'right' }
			],
			rows: [
				{
					type: 'TableRow',
					cells: ['No.', 'Title', 'Status', 'Assignee', 'Points'].map((title) => cell(text(title)))
				},
				{
					type: 'TableRow',
					$data: '${tickets}',
					selectAction: { type: 'Action.OpenUrl', title: 'Open ${title}', url: 'tickets/${id}' },
					cells: [
						cell(text('${name}', { isSubtle: true })),
						cell(text('${title}', { weight: 'bolder' })),
						cell(text("${if(status == 'open', 'Open', 'Done')}")),
						cell(text('${assignee}')),
						cell(text('${points}'))
					]
				}
			]
		}
	]
};

/** The page as the server hands it to its renderer. */
export const page: PageData = {
	file: 'pages/index.page.json',
	title: 'Tickets',
	card,
	project: 'home/main',
	module: 'tickets',
	release: '0123456789ab',
	params: {},
	query: {},
	principal: { id: null, name: 'Ada', roles: ['project-user'] },
	locale: { language: 'en', zone: 'Europe/Berlin' },
	now: '2026-11-20T12:00:00.000Z',
	bindings: {
		tickets: {
			shape: { project: 'home/main', table: 'tickets.board', release: '0123456789ab' },
			handle: 'h',
			offset: '1_0',
			rows,
			complete: true,
			schema: {
				id: { type: 'uuid', pk_index: 0, not_null: true },
				name: { type: 'text', not_null: true },
				title: { type: 'text', not_null: true },
				status: { type: 'text', not_null: true },
				assignee: { type: 'text' },
				points: { type: 'int4', not_null: true }
			},
			order: [],
			limit: 200,
			live: true
		}
	},
	procedures: {}
};
