import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BindingData, PageData } from './page-data.ts';
import { crossPacked, packed, packPage, unpackPage } from './page-transport.ts';

const columns = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z_0-9]{0,8}$/), { minLength: 1, maxLength: 5 });
const value = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.integer(),
	fc.boolean(),
	fc.constant(null),
	fc.jsonValue()
);

const binding: fc.Arbitrary<BindingData> = columns.chain((names) =>
	fc.array(fc.tuple(fc.string(), fc.tuple(...names.map(() => value))), { maxLength: 6 }).map((rows) => ({
		shape: { project: 'home/main', table: 'desk.tickets', release: 'abc' },
		handle: 'h',
		offset: '1_0',
		// As they come over the wire: JSON knows no negative zero.
		rows: JSON.parse(
			JSON.stringify(
				rows.map(([key, values]) => ({
					key,
					value: Object.fromEntries(names.map((name, at) => [name, values[at]]))
				}))
			)
		) as BindingData['rows'],
		complete: true,
		schema: {},
		order: [],
		limit: 100,
		live: true
	}))
);

const page = (bindings: Record<string, BindingData>): PageData => ({
	file: 'pages/index.page.json',
	title: '${title}',
	card: { type: 'AdaptiveCard', body: [{ type: 'TextBlock', text: '</script>\u2028' }] },
	project: 'home/main',
	module: 'desk',
	release: 'abc',
	params: {},
	query: {},
	principal: { id: null, name: '', roles: [] },
	locale: { language: 'de', zone: 'Europe/Berlin' },
	now: '2026-11-20T12:00:00.000Z',
	bindings,
	procedures: {}
});

test('a page that crossed is the page that was sent', () => {
	fc.assert(
		fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), binding, { maxKeys: 3 }), (bindings) => {
			const sent = page(bindings);
			expect(unpackPage(packPage(sent))).toEqual(sent);
		}),
		{ numRuns: 200 }
	);
});

test('only what was marked is packed', () => {
	const sent = page({});
	expect(packed(sent)).toBe(false);
	expect(packed(crossPacked(sent))).toBe(packPage(sent));
	for (const other of [undefined, null, 'page', 7, {}, []]) expect(packed(other)).toBe(false);
});
