import { beforeAll, describe, expect, test } from 'vitest';
import { compileCard, ItemScope, readText, rootScope, validateCard, verbsOf } from '#engine/card';
import type { Access, PageSpec, ReleaseArtifact } from '#engine/module';
import { testArtifact, testViewer } from '../test-viewer.ts';
import { generatedPages } from './pages.ts';

const proto = `syntax = "proto3";
package desk;
import "loam/options.proto";
import "google/protobuf/timestamp.proto";
enum Status { open = 0; in_progress = 1; }
message Order {
  option (loam.table) = { label: "Customer's order" };
  int32 number = 1 [(loam.column).key = true];
  string title = 2 [(loam.column).required = true];
  Status status = 3;
  google.protobuf.Timestamp placed_at = 4;
  string note = 5 [(loam.column).multiline = true];
  int32 cost = 6;
  repeated string tags = 7;
  bool paid = 8;
  string customer_id = 9 [(loam.column) = { references: "Customer", label: "Customer" }];
}
message Customer {
  option (loam.table) = {};
  string id = 1 [(loam.column).key = true];
  string name = 2 [(loam.column).required = true];
}
message Share {
  option (loam.table) = {};
  string order_id = 1 [(loam.column).key = true];
  string person_id = 2 [(loam.column).key = true];
}
`;

const access: Access = {
	views: {
		orders: { read: [{ roles: ['project-user'] }], columns: { cost: ['agent'] } },
		customers: { read: [{ roles: ['agent'] }], columns: {} }
	},
	commands: {
		CreateOrder: [{ roles: ['agent'] }],
		UpdateOrder: [{ roles: ['project-user'] }],
		DeleteOrder: [{ roles: ['agent'] }]
	}
};

let artifact: ReleaseArtifact;
beforeAll(() => {
	artifact = testArtifact(proto, access);
});

const pagesFor = (...roles: string[]) => generatedPages(testViewer(artifact, ...roles));
const routes = (pages: readonly PageSpec[]) => pages.map(({ route }) => route.join('/'));
const page = (route: string, ...roles: string[]) =>
	pagesFor(...roles).find((candidate) => candidate.route.join('/') === route)!;
const words = (spec: PageSpec) => JSON.stringify(spec.card);
/** Every text of a card. */
const texts = (json: unknown): string[] =>
	typeof json === 'string'
		? [json]
		: typeof json === 'object' && json !== null
			? Object.values(json).flatMap(texts)
			: [];

describe('the screens that a viewer gets', () => {
	test.each([
		['nobody', [], ['']],
		[
			'a user, who may read and change orders',
			['project-user'],
			['', 'orders', 'orders/[id]', 'orders/[id]/edit']
		],
		[
			'an agent, who may make and delete them and read customers',
			['project-user', 'desk:agent'],
			['', 'orders', 'orders/new', 'orders/[id]', 'orders/[id]/edit', 'customers', 'customers/[id]']
		],
		[
			'an admin, who may all; what has a key of two columns is listed and made only',
			['project-admin'],
			[
				'',
				...['orders', 'customers'].flatMap((table) => [
					table,
					`${table}/new`,
					`${table}/[id]`,
					`${table}/[id]/edit`
				]),
				'shares',
				'shares/new'
			]
		]
	])('are for %s', (_, roles, expected) => {
		expect(routes(pagesFor(...roles))).toEqual(expected);
	});

	test('name no column that they may not read, in no screen', () => {
		for (const spec of pagesFor('project-user')) expect(words(spec), spec.file).not.toContain('cost');
		expect(words(page('orders', 'desk:agent', 'project-user'))).toContain('${cost}');
	});

	test('call no command that they may not call', () => {
		const verbs = (...roles: string[]) => verbsOf(page('orders/[id]', ...roles).card);
		expect(verbs('project-user')).toEqual([]);
		expect(verbs('project-user', 'desk:agent')).toEqual(['DeleteOrder']);
		expect(words(page('orders', 'project-user'))).not.toContain('orders/new');
	});

	test('show a key as the name of its row only where that row may be read', () => {
		expect(page('orders/[id]', 'project-user').data).not.toHaveProperty('of_customers');
		const agent = page('orders/[id]', 'project-user', 'desk:agent');
		expect(agent.data).toHaveProperty('of_customers.view', 'customers');
	});

	test('pass the gate that an author’s own pages pass', () => {
		for (const spec of pagesFor('project-admin')) {
			const bindings = Object.fromEntries(
				Object.entries(spec.data).map(([name, { view }]) => [
					name,
					{
						columns: artifact.tables
							.find((table) => table.name === view)
							?.columns.map((column) => column.name)
					}
				])
			);
			const source = JSON.stringify({ title: spec.title, card: spec.card });
			expect(validateCard(spec.file, source, { bindings }), spec.file).toEqual([]);
		}
	});
});

describe('what a screen says', () => {
	const row = { number: 12345, title: 'Chairs', status: 'in_progress', tags: ['a', 'b'], paid: true };
	const read = (source: string, data: object) => readText(source)(rootScope(data));

	test('a row whose key is a number is found again at its address', () => {
		const table = compileCard(page('orders', 'project-user').card).body.flatMap(({ item }) =>
			item.kind === 'Table' ? item.rows : []
		);
		const action = table[0]!.item.action;
		const scope = new ItemScope(
			rootScope({ rows: [row] }),
			() => row,
			() => 0
		);
		expect(action?.kind === 'Action.OpenUrl' && action.url(scope)).toBe('orders/12345');
	});

	test('leads on where a row must belong to another and there is none', () => {
		const form = page('orders/new', 'project-user', 'desk:agent');
		const told = texts(form.card).find((one) => one.startsWith('There is no customer yet'));
		expect(told).toBe('There is no customer yet.');
		const admin = texts(page('orders/new', 'project-admin').card);
		expect(admin).toContain('There is no customer yet. [Create one first](customers/new).');
	});

	test('counts its rows in the table’s own words', () => {
		const text = texts(page('orders', 'project-user').card).find((one) => one.includes('The first'))!;
		const many = (length: number) => read(text, { rows: Array.from({ length }) });
		expect([many(1), many(3), many(500)]).toEqual(["1 customer's order", '3 orders', 'The first 500 orders']);
	});

	test('is named after its row, or after its table where there is none', () => {
		const { title } = page('orders/[id]', 'project-user');
		expect(read(title, { item: [row] })).toBe('Chairs');
		expect(read(title, { item: [] })).toBe("Customer's order");
	});
});
