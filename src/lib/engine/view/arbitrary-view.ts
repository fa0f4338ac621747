import type { CatalogTable } from './catalog.ts';

/** For tests: three tables of awkward types. */
export const modelTables: readonly CatalogTable[] = [
	{
		name: 'projects',
		key: ['id'],
		columns: [
			column('id', 'text'),
			column('name', 'text', true),
			column('region', 'text', true),
			column('budget', 'numeric', true)
		]
	},
	{
		name: 'tickets',
		key: ['id'],
		columns: [
			column('id', 'integer'),
			column('project_id', 'text', true),
			column('parent', 'integer', true),
			column('title', 'text'),
			column('points', 'integer', true),
			column('effort', 'bigint', true),
			column('cost', 'numeric', true),
			column('weight', 'double precision', true),
			column('done', 'boolean', true),
			column('due', 'date', true),
			column('opened_at', 'timestamptz'),
			column('spent', 'interval', true)
		]
	},
	{
		name: 'comments',
		key: ['ticket_id', 'n'],
		columns: [
			column('ticket_id', 'integer'),
			column('n', 'integer'),
			column('body', 'text', true),
			column('extra', 'jsonb', true),
			{ ...column('tags', 'text', true), array: true }
		]
	}
];

function column(name: string, type: string, nullable = false) {
	return { name, type, array: false, nullable };
}
