import { describe, expect, test } from 'vitest';
import { platformTables, type CatalogTable } from '../catalog.ts';
import { planView } from '../plan.ts';
import { viewCost } from './cost.ts';
import { missingIndexes, ownMissingIndexes } from './missing.ts';
import type { ViewCost } from './types.ts';

const column = (name: string, type = 'text') => ({ name, type, array: false, nullable: false });
const tables: readonly CatalogTable[] = [
	{ name: 'projects', key: ['id'], columns: [column('id'), column('name'), column('lead_id', 'uuid')] },
	{
		name: 'tickets',
		key: ['id'],
		columns: [column('id'), column('project_id'), column('title'), column('kind')]
	},
	{ name: 'lines', key: ['ticket_id', 'n'], columns: [column('ticket_id'), column('n'), column('part')] },
	...platformTables
];

/** Types matter where aggregates are kept; the pg test has them. */
async function cost(sql: string, views: Readonly<Record<string, string>> = {}): Promise<ViewCost> {
	const named = Object.entries(views).map(([name, text]) => ({ name, file: `views/${name}.sql`, sql: text }));
	const outcome = await planView({ name: 'v', file: 'views/v.sql', sql, tables, views: named });
	if (!outcome.ok) throw new Error(JSON.stringify(outcome.diagnostics));
	return viewCost(
		outcome.plan,
		Array.from({ length: 40 }, () => 'text')
	);
}

const joinedTickets = 'SELECT t.id, p.name FROM tickets t JOIN projects p ON p.id = t.project_id';

test('stages are told in words, each after those that it reads', async () => {
	const { stages } = await cost(
		`WITH counts AS (SELECT project_id, count(*) AS n FROM tickets GROUP BY project_id)
		 SELECT p.name, c.n, rank() OVER (PARTITION BY p.lead_id ORDER BY c.n) AS place FROM projects p JOIN counts c ON c.project_id = p.id`
	);
	expect(stages.map(({ kind, does }) => [kind, does])).toEqual([
		['groups', 'Groups by project_id: rows of tickets'],
		['rows', expect.stringMatching(/^Joins projects and /)],
		['windows', expect.stringMatching(/^Window functions over .*, for each /)]
	]);
	expect(stages[0]!.reads).toEqual([{ kind: 'table', name: 'tickets' }]);
	expect(stages.at(-1)).toMatchObject({ title: 'v', isView: true });
});

test.each([
	[
		'SELECT id, title FROM tickets',
		'through',
		'Rows of tickets; read from the table itself, nothing is stored'
	],
	['SELECT DISTINCT kind FROM tickets', 'groups', 'Without doubles by kind: rows of tickets'],
	['SELECT count(*) AS n FROM tickets', 'groups', 'Counts up all rows as one group: rows of tickets'],
	[
		'SELECT id FROM tickets ORDER BY title LIMIT 3 OFFSET 2',
		'first',
		'The first 3 rows after 2 of rows in an order'
	],
	[
		'SELECT id FROM tickets UNION ALL SELECT id FROM projects',
		'union',
		'The rows of branch 1 and branch 2, one after the other'
	],
	[
		'SELECT t.id, p.name FROM tickets t LEFT JOIN projects p ON p.id = t.project_id',
		'rows',
		'Joins tickets and projects, also rows without a partner'
	]
])('%s', async (sql, kind, does) => {
	expect((await cost(sql)).stages.at(-1)).toMatchObject({ kind, does });
});

test('each place of a table has a way of its own', async () => {
	const { changes } = await cost('SELECT a.id FROM tickets a JOIN tickets b ON b.id = a.project_id');
	expect(changes.map(({ table, alias, steps }) => [table, alias, steps.map((step) => step.class)])).toEqual([
		['tickets', 'a', ['row']],
		['tickets', 'b', ['matches']]
	]);
});

describe('missing indexes', () => {
	const none = new Map<string, string[][]>();

	test('are those by which rows are found and that no key serves', async () => {
		expect(missingIndexes(await cost(joinedTickets), none)).toEqual([
			{ table: 'tickets', columns: ['project_id'] }
		]);
		const byPart = await cost('SELECT t.id, l.part FROM tickets t JOIN lines l ON l.ticket_id = t.id');
		expect(missingIndexes(byPart, none)).toEqual([]);
		const bySecond = await cost('SELECT t.id, l.part FROM tickets t JOIN lines l ON l.n = t.id');
		expect(missingIndexes(bySecond, none)).toEqual([{ table: 'lines', columns: ['n'] }]);
	});

	test('any index that begins with one of the columns serves', async () => {
		const twice = await cost(
			'SELECT a.id, b.id AS other FROM tickets a JOIN tickets b ON b.kind = a.kind AND b.title = a.title'
		);
		expect(missingIndexes(twice, none)).toEqual([{ table: 'tickets', columns: ['kind', 'title'] }]);
		expect(missingIndexes(twice, new Map([['tickets', [['title', 'id']]]]))).toEqual([]);
		expect(missingIndexes(twice, new Map([['tickets', [['id', 'title']]]]))).toHaveLength(1);
	});

	test('are of subqueries, too', async () => {
		const exists = await cost(
			'SELECT p.id FROM projects p WHERE EXISTS (SELECT FROM tickets t WHERE t.title = p.name)'
		);
		expect(missingIndexes(exists, none)).toEqual([{ table: 'projects', columns: ['name'] }]);
		const outer = await cost(
			'SELECT p.id, t.title FROM projects p LEFT JOIN tickets t ON t.project_id = p.id'
		);
		expect(missingIndexes(outer, none)).toEqual([{ table: 'tickets', columns: ['project_id'] }]);
	});

	test('are none of people, which no module can index', async () => {
		const led = await cost('SELECT p.id, w.name FROM projects p JOIN people w ON w.name = p.name');
		expect(missingIndexes(led, none)).toEqual([{ table: 'projects', columns: ['name'] }]);
	});

	test('are none of the clock, which touches all that it is compared with', async () => {
		const late = await cost(
			`SELECT t.id FROM tickets t JOIN clock c ON c.every = 'day' WHERE t.title < c.today::text`
		);
		expect(missingIndexes(late, none)).toEqual([]);
		const classes = late.changes.map(({ table, steps }) => [table, steps.map((step) => step.class)]);
		expect(classes).toEqual([
			['tickets', ['row']],
			['clock', ['all']]
		]);
	});

	test('of a view that is read are told of that view', async () => {
		const views = { joined: joinedTickets };
		const over = await cost('SELECT name, count(*) AS n FROM joined GROUP BY name', views);
		expect(missingIndexes(over, none)).toEqual([{ table: 'tickets', columns: ['project_id'] }]);
		expect(ownMissingIndexes(over, none)).toEqual([]);
	});
});
