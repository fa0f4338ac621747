import { describe, expect, test } from 'vitest';
import type { Access } from '#engine/module';
import type { ViewSpec } from '#engine/view';
import type { Installation } from '#core/tenancy';
import type { LiveView } from '#core/views';
import { resolveShape } from './resolve.ts';
import { shownKey } from './row-key.ts';
import { selectShape } from './sql.ts';
import type { ShapeRequest } from './types.ts';

const column = (name: string, type: string, keyIndex?: number) => ({
	name,
	type,
	dims: 0,
	notNull: false,
	...(keyIndex === undefined ? {} : { keyIndex })
});
const spec = {
	name: 'tickets',
	hash: 'h1',
	opaqueKey: false,
	columns: [
		column('id', 'uuid', 0),
		column('key', 'text'),
		column('assignee', 'uuid'),
		column('salary', 'integer')
	],
	program: { read: 'SELECT k AS _key, * FROM {state}.x JOIN {data}.y' }
} as unknown as ViewSpec;

function installation(access: Partial<Access['views'][string]>): Installation {
	const views = { tickets: { read: [{ roles: ['project-user'] }], columns: {}, ...access } };
	const artifact = { manifest: { name: 'm', access: { views, commands: {} } }, views: [spec] };
	return { id: 'n1', module: 'm', release: { hash: 'ab12', artifact } } as unknown as Installation;
}

const view = (generation = 1): LiveView => ({ id: 1, spec, schema: 'i1', stateSchema: 'i1_v', generation });
const origin = { instance: 'i', timeline: '1' };
const ada = '00000000-0000-7000-8000-00000000000a';
const bob = '00000000-0000-7000-8000-00000000000b';

interface Change extends Partial<ShapeRequest> {
	readonly access?: Partial<Access['views'][string]>;
	readonly generation?: number;
	readonly origin?: typeof origin;
}

function resolve({ access = {}, generation = 1, origin: from = origin, ...request }: Change = {}) {
	const given = {
		installation: installation(access),
		view: 'tickets',
		roles: new Set(['project-user']),
		principal: ada
	};
	return resolveShape({ ...given, ...request }, { find: () => view(generation) }, from);
}

describe('the hash of a shape', () => {
	const own = { read: [{ roles: ['project-user'], where: 'assignee = principal()' }] };
	test.each<[string, Change, Change]>([
		['another instance', {}, { origin: { instance: 'j', timeline: '1' } }],
		['another timeline', {}, { origin: { instance: 'i', timeline: '2' } }],
		['a rebuilt view', {}, { generation: 2 }],
		['other columns', {}, { columns: ['id'] }],
		['whole rows', {}, { replica: 'full' }],
		['a filter', {}, { where: 'salary > 5' }],
		[
			'another parameter',
			{ where: 'salary > $1', params: { 1: '5' } },
			{ where: 'salary > $1', params: { 1: '6' } }
		],
		['another person, where rows are theirs', { access: own }, { access: own, principal: bob }]
	])('differs for %s', (_what, one, other) => {
		expect(resolve(one).hash).not.toBe(resolve(other).hash);
	});

	test.each<[string, Change, Change]>([
		['two people who see the same', {}, { principal: bob }],
		['roles that show the same', {}, { roles: new Set(['project-user', 'm:agent']) }],
		[
			'a filter in other words',
			{ where: "key = 'a' AND salary > 5" },
			{ where: '(salary > $1) AND key = $2', params: { 1: '5', 2: 'a' } }
		],
		['columns in another order', { columns: ['id', 'key'] }, { columns: ['key', 'id'] }]
	])('is the same for %s', (_what, one, other) => {
		expect(resolve(one).hash).toBe(resolve(other).hash);
	});
});

describe('what may stand in any cache', () => {
	const open = { read: [{ roles: ['project-user'] }] };
	test('nothing that wants a role', () => expect(resolve({ access: open }).isPublic).toBe(false));
	test('nothing that names the person in its own filter', () => {
		expect(resolve({ where: 'assignee = principal()' }).isPublic).toBe(false);
	});
});

describe('a key of a column that the reader may not see', () => {
	const access = { columns: { id: ['project-admin'] } };
	test('is shown as a hash that differs from shape to shape', () => {
		const shape = resolve({ access });
		expect(shape.columns).toEqual(['key', 'assignee', 'salary']);
		expect([shape.hidesKey, shape.keyColumns]).toEqual([true, []]);
		expect(shownKey(shape, '"secret"')).toMatch(/^"[0-9a-f]{24}"$/);
		expect(shownKey(shape, '"secret"')).toBe(shownKey(resolve({ access }), '"secret"'));
		expect(shownKey(resolve({ access, where: 'salary > 1' }), '"secret"')).not.toBe(
			shownKey(shape, '"secret"')
		);
	});
	test('stays as it is for who may', () => {
		const shape = resolve({ access, roles: new Set(['project-admin']) });
		expect(shownKey(shape, '"id"')).toBe('"id"');
	});
});

describe('the SELECT of a shape', () => {
	test('quotes, binds, and takes the key by its place', () => {
		const { text, values } = selectShape(
			resolve({ where: 'key = $1', params: { 1: `x' OR true --` } }),
			'LIMIT 5'
		);
		expect(text).toBe(
			`SELECT v."loam row key", v."id", v."key", v."assignee", v."salary" ` +
				`FROM (SELECT k AS _key, * FROM "i1_v".x JOIN "i1".y) AS v ("loam row key", "id", "key", "assignee", "salary") ` +
				`WHERE (v."key" = $1::text) LIMIT 5`
		);
		expect(values).toEqual([`x' OR true --`]);
	});
});
