import { describe, expect, test } from 'vitest';
import { ShapeStream } from '@electric-sql/client';
import {
	cacheHeaders,
	compareRows,
	etagMatches,
	formatHandle,
	formatOffset,
	headerJson,
	isAfter,
	journalOffset,
	messageEncoder,
	nextCursor,
	parseArray,
	parseHandle,
	parseOffset,
	parseOrderTerm,
	parseRow,
	parsers,
	parseShapeQuery,
	parseValue,
	projectChange,
	relationPrefix,
	rowKey,
	schemaOf,
	upToDateMessage,
	type Projection
} from './index.ts';

describe('offsets', () => {
	test.each(['-1', 'now', '0_0', '0_7', '0_inf', '5_0', '18446744073709551615_12'])(
		'%s is read and written',
		(text) => {
			expect(formatOffset(parseOffset(text)!)).toBe(text);
		}
	);

	test.each(['', '5', '-2', '5_', '_5', '05_1', '5_01', '5_-1', 'inf_0', '5_1_1', '5_1 ', '0x5_0'])(
		'%j is none',
		(text) => {
			expect(parseOffset(text)).toBeUndefined();
		}
	);

	test('position 0 is the end of the snapshot', () => {
		expect(formatOffset(journalOffset(0n))).toBe('0_inf');
	});

	test.each([
		['5_0', 5n, 1, false],
		['5_0', 5n, 9, false],
		['5_0', 6n, 1, true],
		['5_2', 5n, 2, false],
		['5_2', 5n, 3, true],
		['5_2', 6n, 1, true],
		['5_2', 4n, 9, false]
	] as const)('after %s: is batch %s, op %s there? %s', (text, seq, op, after) => {
		expect(isAfter(parseOffset(text) as never, seq, op)).toBe(after);
	});
});

describe('handles', () => {
	test('name shape, position, chunks and a nonce', () => {
		const handle = { shape: 'a'.repeat(24), position: 17n, chunks: 3, nonce: 'k3j9x0' };
		expect(parseHandle(formatHandle(handle))).toEqual(handle);
	});

	test.each([
		'',
		'x',
		`${'a'.repeat(24)}-1`,
		`${'a'.repeat(23)}-1-0-abcdef`,
		`${'a'.repeat(24)}--1-0-abcdef`,
		`${'a'.repeat(24)}-1-abcdef`
	])('%j is none', (text) => expect(parseHandle(text)).toBeUndefined());
});

describe('keys', () => {
	test('quote, escape, and tell NULL from the empty text', () => {
		expect(relationPrefix(['a.b', 'c/d'])).toBe('"a..b"."c//d"');
		expect(rowKey(['1', null, '', 'a/b'])).toBe('"1"/_/""/"a//b"');
	});
});

describe('messages', () => {
	const encoder = messageEncoder(['tickets', 'open']);
	test('a row of the snapshot has no lsn', () => {
		expect(JSON.parse(encoder.row('"1"', { id: '1', title: 'a "b"' }))).toEqual({
			key: '"tickets"."open"/"1"',
			value: { id: '1', title: 'a "b"' },
			headers: { operation: 'insert', relation: ['tickets', 'open'] }
		});
	});

	test('a change carries its place and all its transactions', () => {
		const place = { seq: 7n, op: 2, txids: [11n, 12n], last: true };
		const text = encoder.change({ operation: 'delete', key: '"1"', value: { id: '1' } }, place);
		expect(JSON.parse(text)).toEqual({
			key: '"tickets"."open"/"1"',
			value: { id: '1' },
			headers: {
				operation: 'delete',
				txids: [11, 12],
				relation: ['tickets', 'open'],
				lsn: '7',
				op_position: 2,
				last: true
			}
		});
	});

	test('a batch of many transactions names them once, at its end', () => {
		const txids = Array.from({ length: 1000 }, (_, n) => BigInt(n));
		const named = (last: boolean) => {
			const change = { operation: 'delete', key: '"1"', value: { id: '1' } } as const;
			const text = encoder.change(change, { seq: 7n, op: 2, txids, last });
			return (JSON.parse(text) as { headers: { txids?: number[] } }).headers.txids?.length;
		};
		expect([named(false), named(true)]).toEqual([undefined, 1000]);
	});

	test('up-to-date says nothing of position 0, of which the client would make an offset of the snapshot', () => {
		expect(upToDateMessage(0n)).toBe('{"headers":{"control":"up-to-date"}}');
		expect(JSON.parse(upToDateMessage(9n))).toEqual({
			headers: { control: 'up-to-date', global_last_seen_lsn: '9' }
		});
	});
});

describe('what a shape shows of a change', () => {
	const shape: Projection = {
		columns: ['id', 'state', 'title'],
		keyColumns: ['id'],
		replica: 'default',
		includes: (row) => row['state'] === 'open'
	};
	const open = { id: '1', state: 'open', title: 'a', hidden: 'x' };
	const closed = { ...open, state: 'closed' };
	const change = (old: typeof open | null, after: typeof open | null, of: Partial<Projection> = {}) =>
		projectChange({ operation: 'update', key: 'k', old, new: after }, { ...shape, ...of });

	test('moving in is an insert of the whole row, without what was', () => {
		expect(change(closed, open, { replica: 'full' })).toEqual({
			operation: 'insert',
			key: 'k',
			value: { id: '1', state: 'open', title: 'a' }
		});
	});

	test('moving out is a delete', () => {
		expect(change(open, closed)).toEqual({ operation: 'delete', key: 'k', value: { id: '1' } });
		expect(change(open, closed, { replica: 'full' })?.value).toEqual({ id: '1', state: 'open', title: 'a' });
	});

	test('outside it is nothing', () => {
		expect(change(closed, { ...closed, title: 'b' })).toBeUndefined();
		expect(change(null, closed)).toBeUndefined();
		expect(change(closed, null)).toBeUndefined();
	});

	test('an update carries the key and what changed', () => {
		const after = { ...open, title: 'b' };
		expect(change(open, after)).toEqual({ operation: 'update', key: 'k', value: { id: '1', title: 'b' } });
		expect(change(open, after, { replica: 'full' })).toEqual({
			operation: 'update',
			key: 'k',
			value: { id: '1', state: 'open', title: 'b' },
			oldValue: { title: 'a' }
		});
	});

	test('an update of what is not shown is none', () => {
		expect(change(open, { ...open, hidden: 'y' })).toBeUndefined();
	});

	test('where the key stands in no column the whole row is sent', () => {
		const after = { ...open, title: 'b' };
		expect(change(open, after, { keyColumns: [] })?.value).toEqual({ id: '1', state: 'open', title: 'b' });
		expect(change(open, null, { keyColumns: [] })?.value).toEqual({ id: '1', state: 'open', title: 'a' });
	});
});

describe('the schema header', () => {
	test('has the catalogue names, and nothing outside ASCII', () => {
		const schema = schemaOf([
			{ name: 'id', type: 'uuid', dims: 0, notNull: true, keyIndex: 0 },
			{ name: 'größe', type: 'timestamp with time zone', dims: 1, notNull: false }
		]);
		expect(schema).toEqual({
			id: { type: 'uuid', pk_index: 0, not_null: true },
			größe: { type: 'timestamptz', dims: 1 }
		});
		const header = headerJson(schema);
		expect(header).toMatch(/^[\x20-\x7e]*$/);
		expect(JSON.parse(header)).toEqual(schema);
	});
});

describe('cursors', () => {
	const at = Date.UTC(2024, 9, 9) + 45_000;
	test('end the current interval', () => expect(nextCursor(at, 20, undefined)).toBe('60'));
	test('move on where the reader has that one', () => {
		expect(nextCursor(at, 20, '60', () => 0)).toBe('61');
		expect(nextCursor(at, 20, '60', () => 0.9999)).toBe('3660');
	});
	test('take no notice of what is no cursor', () => expect(nextCursor(at, 20, 'abc')).toBe('60'));
});

describe('caching', () => {
	test('what depends on the person is never public', () => {
		for (const kind of [
			'initial',
			'catch-up',
			'live',
			'sse',
			'must-refetch',
			'must-refetch-unknown'
		] as const) {
			expect(cacheHeaders(kind, true)['cache-control']).toMatch(/^public/);
			expect(cacheHeaders(kind, false)).toEqual({
				'cache-control': expect.stringMatching(/^private/),
				vary: 'Authorization, Cookie'
			});
		}
	});
	test('etags match alone and in a list, weak or not', () => {
		expect(etagMatches('"a"', '"a"')).toBe(true);
		expect(etagMatches('"b", W/"a"', '"a"')).toBe(true);
		expect(etagMatches('"b"', '"a"')).toBe(false);
		expect(etagMatches(undefined, '"a"')).toBe(false);
	});
});

describe('requests', () => {
	const parse = (query: string) => parseShapeQuery(new URLSearchParams(query));
	test('are read whole', () => {
		const text =
			'project=home/main&table=tickets.open&release=0123456789ab&where=a=$1&params[1]=x&params[name]=y' +
			'&columns="id","a ""b""",Title&replica=full&log=changes_only&offset=5_2&handle=h&live=true&live_sse=true' +
			'&cursor=60&expired_handle=e&cache-buster=1';
		expect(parse(text)).toEqual({
			ok: true,
			query: {
				project: 'home/main',
				module: 'tickets',
				view: 'open',
				release: '0123456789ab',
				where: 'a=$1',
				params: { '1': 'x', name: 'y' },
				columns: ['id', 'a "b"', 'title'],
				replica: 'full',
				log: 'changes_only',
				offset: { kind: 'journal', seq: 5n, op: 2 },
				handle: 'h',
				live: true,
				sse: true,
				cursor: '60',
				expiredHandle: 'e'
			}
		});
	});

	test('take params as JSON, too', () => {
		const parsed = parse(`project=a/b&table=c.d&offset=-1&params=${encodeURIComponent('{"1":5}')}`);
		expect(parsed).toMatchObject({ ok: true, query: { params: { '1': '5' } } });
	});

	test('tell of every mistake at once', () => {
		const parsed = parse('table=nodot&offset=x&live=7&params=[1]&replica=some');
		expect(parsed).toMatchObject({ ok: false });
		if (!parsed.ok) {
			expect(Object.keys(parsed.errors).sort()).toEqual([
				'live',
				'offset',
				'params',
				'project',
				'replica',
				'table'
			]);
		}
	});

	test('a handle is of no concern at the beginning', () => {
		expect(parse('project=a/b&table=c.d&offset=-1&handle=h')).toMatchObject({
			ok: true,
			query: { handle: undefined }
		});
	});
});

describe('values', () => {
	test.each([
		['int4', '5', 5],
		['int8', '9007199254740993', '9007199254740993'],
		['int8', '42', 42],
		['numeric', '12.50', 12.5],
		['numeric', '0.1234567890123456789', '0.1234567890123456789'],
		['numeric', 'NaN', 'NaN'],
		['float8', '1e300', 1e300],
		['float8', 'Infinity', 'Infinity'],
		['bool', 't', true],
		['bool', 'f', false],
		['jsonb', '{"a": [1]}', { a: [1] }],
		['timestamptz', '2026-11-20 18:59:25.123456+00', '2026-11-20T18:59:25.123456Z'],
		['timestamptz', 'infinity', 'infinity'],
		['timestamp', '2026-11-20 18:59:25', '2026-11-20T18:59:25'],
		['date', '2026-11-20', '2026-11-20'],
		['uuid', '0192', '0192'],
		['text', '5', '5']
	])('%s %s', (type, text, value) => expect(parseValue(text, { type })).toEqual(value));

	test('arrays of any depth', () => {
		expect(parseArray('{1,NULL,3}', Number)).toEqual([1, null, 3]);
		expect(parseArray('{{1,2},{3,4}}', Number)).toEqual([
			[1, 2],
			[3, 4]
		]);
		expect(parseArray('{}', Number)).toEqual([]);
		expect(parseArray(String.raw`{"a \"b\", c","NULL",NULL,"",x,"\\"}`, (text) => text)).toEqual([
			'a "b", c',
			'NULL',
			null,
			'',
			'x',
			'\\'
		]);
		expect(parseArray('[0:1]={5,6}', Number)).toEqual([5, 6]);
	});

	test('are the same to the client as to the server', async () => {
		const row = {
			n: '12.50',
			big: '7',
			at: '2026-11-20 18:59:25+00',
			tags: '{a,"b c"}',
			ok: 't',
			none: null
		};
		const schema = {
			n: { type: 'numeric' },
			big: { type: 'int8' },
			at: { type: 'timestamptz' },
			tags: { type: 'text', dims: 1 },
			ok: { type: 'bool' },
			none: { type: 'int4' }
		};
		const message = { key: 'k', value: row, headers: { operation: 'insert' } };
		const stream = new ShapeStream({
			url: 'http://localhost/v1/shape',
			params: { table: 't' },
			subscribe: false,
			parser: parsers as never,
			fetchClient: async () =>
				new Response(JSON.stringify([message, { headers: { control: 'up-to-date' } }]), {
					headers: {
						'electric-handle': 'h',
						'electric-offset': '1_1',
						'electric-up-to-date': '',
						'electric-schema': JSON.stringify(schema)
					}
				})
		});
		const received = await new Promise((resolve) =>
			stream.subscribe((messages) => resolve((messages[0] as { value: unknown }).value))
		);
		expect(received).toEqual(parseRow(row, schema));
	});
});

describe('order', () => {
	const schema = { n: { type: 'int4' }, at: { type: 'timestamptz' }, name: { type: 'text' } };
	const sorted = (order: string[], rows: Record<string, never>[]) =>
		rows
			.map((value, index) => ({ key: String(index), value }))
			.sort(
				compareRows(
					order.map((text) => parseOrderTerm(text)!),
					schema
				)
			)
			.map(({ value }) => Object.values(value)[0]);

	test('numbers as numbers, nulls as in SQL', () => {
		const rows = [{ n: 10 }, { n: 9 }, { n: null }] as never;
		expect(sorted(['n'], rows)).toEqual([9, 10, null]);
		expect(sorted(['n desc'], rows)).toEqual([null, 10, 9]);
		expect(sorted(['n desc nulls last'], rows)).toEqual([10, 9, null]);
	});
	test('moments by time, whatever their digits', () => {
		const rows = [{ at: '2026-01-01T00:00:25.5Z' }, { at: '2026-01-01T00:00:25Z' }] as never;
		expect(sorted(['at'], rows)).toEqual(['2026-01-01T00:00:25Z', '2026-01-01T00:00:25.5Z']);
	});
	test('texts as people sort them', () => {
		expect(sorted(['name'], [{ name: 'b' }, { name: 'Ä' }, { name: 'a' }, { name: 'C' }] as never)).toEqual([
			'a',
			'Ä',
			'b',
			'C'
		]);
	});
	test.each(['n sideways', 'n, m', '1', 'n;'])('%s is no term', (text) => {
		expect(parseOrderTerm(text)).toBeUndefined();
	});
});
