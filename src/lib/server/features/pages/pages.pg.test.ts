import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Access, PageSpec, ReleaseArtifact } from '#engine/module';
import { withImplied } from '#engine/policy';
import type { ViewColumn } from '#engine/view';
import { idOf, liveHouse, type LiveHouse } from '#support/live';
import { createPages, type Pages } from './pages.ts';
import { testArtifact } from './test-viewer.ts';

/** Pages over the real core/live: which page an address is, and which rows a viewer gets in it. */
let house: LiveHouse;
let pages: Pages;
let artifact: ReleaseArtifact;

const column = (name: string, type: string, keyIndex?: number): ViewColumn =>
	({ name, type, dims: 0, notNull: true, keyIndex }) as ViewColumn;
const access: Access = {
	views: {
		orders: {
			read: [{ roles: ['desk:agent'] }, { roles: ['project-user'], where: 'owner_id = principal()' }],
			columns: { cost: ['desk:agent'] }
		}
	},
	commands: { CreateOrder: [{ roles: ['project-user'] }] }
};
const proto = `syntax = "proto3";
package desk;
import "loam/options.proto";
message Order {
  option (loam.table) = {};
  string id = 1 [(loam.column).key = true];
  string owner_id = 2 [(loam.column).references = "people"];
  string title = 3;
  int32 cost = 4;
}
message Secret { option (loam.table) = {}; string id = 1 [(loam.column).key = true]; string text = 2; }
`;
const page = (route: string, where?: string): PageSpec => ({
	file: `pages/${route || 'index'}.page.json`,
	route: route.split('/').filter(Boolean),
	title: 'Orders',
	data: { orders: { view: 'orders', order: ['title'], limit: 10, live: true, ...(where ? { where } : {}) } },
	card: { type: 'AdaptiveCard', actions: [{ type: 'Action.Execute', verb: 'CreateOrder' }] }
});

beforeAll(async () => {
	house = await liveHouse({
		views: [
			{
				name: 'orders',
				columns: [
					column('id', 'uuid', 0),
					column('owner_id', 'uuid'),
					column('title', 'text'),
					column('cost', 'integer')
				]
			}
		],
		access
	});
	const rows = [
		['a', 'ada', 'Apples', 3],
		['b', 'ben', 'Beans', 4],
		['c', 'ada', 'Carrots', 5]
	] as const;
	await house.write(
		...rows.map(
			([id, owner, title, cost]) =>
				`INSERT INTO i1.orders VALUES ('${idOf(id)}', '${idOf(owner)}', '${title}', ${cost})`
		)
	);
	artifact = testArtifact(proto, access, {
		pages: [page(''), page('orders/[id]', "id = param('id')"), page('mine', "title = param('title')")]
	});
	pages = createPages({ live: house.live, now: () => '2026-11-20T12:00:00.000Z' });
});
afterAll(() => house.stop());

async function load(path: string, who: string, roles: string[], query: Record<string, string> = {}) {
	const { release, ...installation } = await house.installation();
	const views = [
		...release.artifact.views,
		...artifact.views.filter(({ name }) => name !== 'orders')
	] as ReleaseArtifact['views'];
	// The access is named by the module that liveHouse serves.
	const manifest = { ...artifact.manifest, name: 'desk' };
	const served = { ...release, artifact: { ...artifact, manifest, views } };
	return pages.load({
		installation: { ...installation, release: served },
		segments: path.split('/').filter(Boolean),
		query,
		principal: { id: idOf(who), name: who, email: undefined, sysAdmin: false, grantsVersion: 1n },
		roles: withImplied(roles),
		locale: { language: 'de', zone: 'Europe/Berlin' }
	});
}

const titles = (loaded: Awaited<ReturnType<typeof load>>) =>
	loaded.bindings['orders']!.rows.map(({ value }) => value['title']);

describe('the rows of a page', () => {
	test.each([
		['their own', 'ada', ['project-user'], ['Apples', 'Carrots']],
		['another’s own', 'ben', ['project-user'], ['Beans']],
		['all, by a role of the module', 'ben', ['desk:agent'], ['Apples', 'Beans', 'Carrots']]
	])('are %s', async (_, who, roles, expected) => {
		expect(titles(await load('', who, roles))).toEqual(expected);
	});

	test('have the columns that the viewer may read, and lead on to the live shape', async () => {
		const { bindings, release } = await load('', 'ada', ['project-user']);
		const { rows, shape, schema, handle, offset } = bindings['orders']!;
		expect(Object.keys(rows[0]!.value)).toEqual(['id', 'owner_id', 'title']);
		expect(Object.keys(schema)).toEqual(['id', 'owner_id', 'title']);
		expect(shape).toEqual({ project: 'home/main', table: 'tickets.orders', release });
		expect([handle, offset].every(Boolean)).toBe(true);
		const agent = await load('', 'ada', ['desk:agent']);
		expect(agent.bindings['orders']!.rows[0]!.value['cost']).toBe(3);
	});

	test('are chosen by the address and the query, and by nothing that the filter does not name', async () => {
		const one = await load(`orders/${idOf('c')}`, 'ada', ['project-user'], { title: 'Beans', other: 'x' });
		expect(titles(one)).toEqual(['Carrots']);
		expect(one.bindings['orders']!.shape.params).toEqual({ id: idOf('c') });
		expect(titles(await load(`orders/${idOf('b')}`, 'ada', ['project-user']))).toEqual([]);
		expect(titles(await load('mine', 'ada', ['project-user'], { title: 'Apples' }))).toEqual(['Apples']);
	});
});

describe('the page of an address', () => {
	test('knows its viewer, its clock and its commands', async () => {
		expect(await load('', 'ada', ['project-user'])).toMatchObject({
			file: 'pages/index.page.json',
			principal: { id: idOf('ada'), name: 'ada', roles: ['project-user'] },
			locale: { language: 'de', zone: 'Europe/Berlin' },
			now: '2026-11-20T12:00:00.000Z',
			procedures: { CreateOrder: 'desk.OrderService/CreateOrder' }
		});
	});

	test.each([
		['orders', 'generated/orders'],
		// The author has a page for any order: the form is still nearer to its address.
		['orders/new', 'generated/orders/new'],
		[`orders/${idOf('a')}`, 'pages/orders/[id].page.json']
	])('%s is %s', async (path, file) => {
		expect((await load(path, 'ada', ['project-user'])).file).toBe(file);
	});

	test.each([
		['nothing', 'project-user', 'PAGE_UNKNOWN'],
		['orders/not-an-id', 'project-user', 'PAGE_PARAMETERS'],
		['secrets', 'project-user', 'PAGE_FORBIDDEN'],
		[`orders/${idOf('a')}/edit`, 'project-user', 'PAGE_FORBIDDEN'],
		['', 'desk:other', 'VIEW_FORBIDDEN']
	])('%s for %s is %s', async (path, role, reason) => {
		await expect(load(path, 'ada', [role])).rejects.toMatchObject({ reason });
	});
});
