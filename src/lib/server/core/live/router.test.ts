import { expect, test } from 'vitest';
import type { ViewColumn, ViewSpec } from '#engine/view';
import type { Installation } from '#core/tenancy';
import type { JournalRow, LiveView } from '#core/views';
import { Feeds } from './feeds.ts';
import { feedLimits } from './feed.ts';
import { resolveShape } from './resolve.ts';
import type { Tail } from './tail.ts';
import type { ResolvedShape, ShapeRequest } from './types.ts';

/**
 * A change is looked at by the shapes alone that it concerns, wherever their equality filter comes from: the
 * reader's own `where`, its parameters, or the access rules: the others cost it nothing.
 */

const uuid = (n: number) => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;
const types = {
	id: 'integer',
	title: 'text',
	owner: 'uuid',
	day: 'date',
	at: 'timestamptz',
	price: 'numeric',
	version: 'integer'
};
const columns = Object.entries(types).map(([name, type]): ViewColumn => ({
	name,
	type,
	dims: 0,
	notNull: false,
	...(name === 'id' ? { keyIndex: 0 } : {})
}));
const specs = ['open', 'own'].map(
	(name) => ({ name, hash: name, columns, opaqueKey: false }) as unknown as ViewSpec
);
const roles = ['project-user'];
const access = {
	views: {
		open: { read: [{ roles }], columns: {} },
		own: { read: [{ roles, where: 'owner = principal()' }], columns: {} }
	},
	commands: {}
};
const installation = {
	id: 'n',
	module: 'm',
	release: { hash: 'r', artifact: { manifest: { name: 'm', access }, views: specs } }
} as unknown as Installation;
const views = {
	find: (_: unknown, hash: string): LiveView => ({
		id: specs.findIndex((spec) => spec.hash === hash),
		spec: specs.find((spec) => spec.hash === hash)!,
		schema: 's',
		stateSchema: 's',
		generation: 1
	})
};

function shape(request: Pick<ShapeRequest, 'view' | 'where' | 'params' | 'principal'>): ResolvedShape {
	const origin = { instance: 'i', timeline: '1' };
	return resolveShape({ installation, roles: new Set(roles), ...request }, views, origin);
}

/** Shape `n` of each kind, which a row has that is made of the same number. */
const kinds: readonly [string, others: number, (n: number) => ResolvedShape][] = [
	[
		'the text of its filter',
		100_000,
		(n) => shape({ view: 'open', principal: 'p', where: `title = 'title ${n}'` })
	],
	[
		'a parameter',
		10_000,
		(n) => shape({ view: 'open', principal: 'p', where: 'id = $1', params: { 1: String(n) } })
	],
	[
		'the filter beside other conditions',
		10_000,
		(n) => shape({ view: 'open', principal: 'p', where: `price > 0 AND title = 'title ${n}'` })
	],
	[
		'a date, a time and a number, however they are written',
		10_000,
		(n) =>
			shape({
				view: 'open',
				principal: 'p',
				where: `day = '2026-11-21' AND at = $1 AND price = $2`,
				params: { 1: `${momentOf(n).replace(' ', 'T')}Z`, 2: `${n}.000` }
			})
	],
	['the access rules', 50_000, (n) => shape({ view: 'own', principal: uuid(n) })],
	[
		'the filter and the access rules',
		10_000,
		(n) => shape({ view: 'own', principal: uuid(n), where: `title = 'title ${n}'` })
	]
];

/** Number `n` as a moment of the day. */
function momentOf(n: number): string {
	return new Date(Date.UTC(2026, 10, 21) + n).toISOString().replace('T', ' ').replace('Z', '');
}

const rowOf = (n: number, version: string) => ({
	version,
	id: String(n),
	title: `title ${n}`,
	owner: uuid(n),
	day: '2026-11-21',
	at: `${momentOf(n)}+00`,
	price: `${n}.00`
});

test.each(kinds)('told apart by %s', { timeout: 60_000 }, (_name, others, shapeOf) => {
	const tail = { position: () => 0n, floor: () => 0n, recent: () => [] } as unknown as Tail;
	const feeds = new Feeds(views, feedLimits);
	let looked = 0;
	for (let n = 1; n <= others; n++) {
		const of = shapeOf(n);
		feeds.open({ ...of, includes: (row) => (looked++, of.includes(row)) }, tail);
	}
	expect(feeds.size).toBe(others);
	const view = shapeOf(1).view.id;
	const row = (seq: number, from: number, to: number): JournalRow => ({
		seq: BigInt(seq),
		op: 0,
		view,
		operation: 'update',
		key: `"${to}"`,
		old: rowOf(from, '1'),
		new: rowOf(to, '2'),
		txids: [1n]
	});
	const concerned = (rows: readonly JournalRow[]) => feeds.append(rows).map(({ shape: { hash } }) => hash);
	expect(concerned([row(1, 7, 7)])).toEqual([shapeOf(7).hash]);
	// From one shape to another: both are told.
	expect(concerned([row(2, 8, others)]).sort()).toEqual([shapeOf(8).hash, shapeOf(others).hash].sort());
	expect(concerned([row(3, others + 1, others + 1)])).toEqual([]);
	expect(looked).toBeLessThanOrEqual(6);
});
