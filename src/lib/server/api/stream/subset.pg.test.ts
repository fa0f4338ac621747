import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ShapeStream, type ChangeMessage, type Message, type Row } from '@electric-sql/client';
import { liveLimits } from '#core/live';
import { liveHouse, type LiveHouse } from '#support/live';

const column = (name: string, type: string, keyIndex?: number) => ({
	name,
	type,
	dims: 0,
	notNull: keyIndex !== undefined,
	...(keyIndex === undefined ? {} : { keyIndex })
});
let house: LiveHouse;
beforeAll(async () => {
	house = await liveHouse({
		views: [
			{
				name: 'items',
				columns: [
					column('id', 'bigint', 0),
					column('title', 'text'),
					column('points', 'integer'),
					column('data', 'json'),
					column('secret', 'text')
				]
			}
		],
		access: {
			views: {
				items: {
					read: [{ roles: ['project-user'], where: 'points < 100' }],
					columns: { secret: ['project-admin'] }
				}
			},
			commands: {}
		},
		timers: { longPollMs: 1_000, eventsMs: 3_000, keepAliveMs: 500 },
		limits: { ...liveLimits, subset: { rows: 200, size: 100_000, time: 1_000 } },
		deletion: true
	});
	house.grant('ada', 'project-user');
	await house.write(
		`INSERT INTO i1.items SELECT n, 'title ' || lpad(n::text, 3, '0'), n, NULL, 's' || n FROM generate_series(1, 120) n`,
		`INSERT INTO i1.items VALUES (9007199254740993, 'large', -1, NULL, 's')`
	);
});
afterAll(() => house.stop());

const headers = { authorization: 'Bearer ada' };
const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

interface SubsetAnswer {
	readonly metadata: Record<string, unknown>;
	readonly data: { key: string; value: Record<string, string | null>; headers: Record<string, unknown> }[];
}

async function subset(params: Record<string, string>, more: Record<string, string> = { offset: 'now' }) {
	const named = Object.entries(params).map(([name, value]) => [`subset__${name}`, value]);
	const url = house.shapeUrl({ table: 'tickets.items', ...more, ...(Object.fromEntries(named) as object) });
	return answerOf(await fetch(url, { headers }));
}

async function post(body: string, more: Record<string, string> = { offset: 'now' }) {
	const url = house.shapeUrl({ table: 'tickets.items', ...more });
	return answerOf(
		await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body })
	);
}

async function answerOf(response: Response) {
	return {
		status: response.status,
		headers: response.headers,
		json: (await response.json()) as SubsetAnswer & { errors?: Record<string, string[]> }
	};
}

const ids = ({ json }: { json: SubsetAnswer }) => json.data.map(({ value }) => value['id']);

describe('a subset', () => {
	test('has the rows, their metadata, and a place to go on from', async () => {
		const answer = await subset({
			where: 'points > $1',
			params: '{"1":"97"}',
			order_by: 'points DESC',
			limit: '5'
		});
		expect(answer.status).toBe(200);
		expect(ids(answer)).toEqual(['99', '98']);
		const { metadata, data } = answer.json;
		expect(metadata).toEqual({
			xmin: expect.stringMatching(/^\d+$/),
			xmax: expect.stringMatching(/^\d+$/),
			xip_list: expect.any(Array),
			snapshot_mark: expect.any(Number),
			database_lsn: String(house.live.position())
		});
		expect(data[0]).toEqual({
			key: '"tickets"."items"/"99"',
			value: { id: '99', title: 'title 099', points: '99', data: null },
			headers: {
				operation: 'insert',
				relation: ['tickets', 'items'],
				snapshot_mark: metadata['snapshot_mark']
			}
		});
		expect(answer.headers.get('electric-snapshot')).toBe('true');
		expect(answer.headers.get('cache-control')).toBe('no-cache');
		expect(answer.headers.get('electric-offset')).toBe(`${house.live.position()}_0`);
		expect(JSON.parse(answer.headers.get('electric-schema')!)).toHaveProperty('title');
		const handle = answer.headers.get('electric-handle')!;
		const offset = answer.headers.get('electric-offset')!;
		const next = await fetch(house.shapeUrl({ table: 'tickets.items', offset, handle }), { headers });
		expect(next.status).toBe(200);
	});

	test('by POST is the same, and keeps every digit', async () => {
		const body =
			'{"where":"id = $1","params":{"1":9007199254740993},"limit":1,"offset":0,"order_by":"\\"id\\" ASC NULLS LAST"}';
		expect(ids(await post(body))).toEqual(['9007199254740993']);
		expect(ids(await post('{"where":"id = ANY($1)","params":{"1":[3,5,null]},"order_by":"id"}'))).toEqual([
			'3',
			'5'
		]);
		expect((await post('')).json.data.length).toBe(100);
	});

	test('may order and compare text as the database does', async () => {
		const answer = await subset({
			where: `title > 'title 098'`,
			order_by: 'title DESC, "id"',
			limit: '10',
			offset: '1'
		});
		expect(ids(answer)).toEqual(['98', '9007199254740993'].slice(0, ids(answer).length));
		expect(
			ids(await subset({ where: `title > 'title 098' AND title LIKE 't%'`, order_by: 'title' }))
		).toEqual(['99']);
	});

	test('is within the rows and columns that the reader may read', async () => {
		expect(ids(await subset({ where: 'points >= 99', order_by: 'id' }))).toEqual(['99']);
		const refused = await subset({ where: `secret = 's1'` });
		expect([refused.status, refused.json.errors]).toEqual([
			400,
			{ subset__where: ['There is no column secret. Columns: id, title, points, data.'] }
		]);
		expect((await subset({ order_by: 'secret' })).json.errors).toEqual({
			subset__order_by: ['There is no readable column "secret".']
		});
	});

	test('that fails tells nothing of rows that the reader may not see', async () => {
		// Row 110 has points 110, which no rule lets through.
		expect((await subset({ where: '1 / (points - 110) < 5' })).status).toBe(200);
		const seen = await subset({ where: '1 / (points - 50) < 5' });
		expect([seen.status, seen.json.errors?.['subset__where']?.[0]]).toEqual([
			400,
			expect.stringContaining('division by zero')
		]);
	});

	test.each([
		[{ limit: '5' }, 'subset__order_by', /required when limit/],
		[{ limit: '0', order_by: 'id' }, 'subset__limit', /whole number from 1/],
		[{ limit: '-3', order_by: 'id' }, 'subset__limit', /whole number/],
		[{ offset: 'x', order_by: 'id' }, 'subset__offset', /whole number/],
		[{ order_by: 'id; DROP TABLE x' }, 'subset__order_by', /must be columns/],
		[{ order_by: 'lower(title)' }, 'subset__order_by', /must be columns/],
		[{ order_by: 'data' }, 'subset__order_by', /has no such order/],
		[{ where: 'title = 5' }, 'subset__where', /number cannot be compared/],
		[{ where: 'id = $1' }, 'subset__params', /give params\[1\]/],
		[{ where: 'id = $1', params: '{"1":"x"}' }, 'subset__params', /must be a bigint/],
		[{ where: 'id = $1', params: '[1]' }, 'subset__params', /JSON object/],
		[{ where: 'id = $1', params: '{' }, 'subset__params', /valid JSON/],
		[{ where: 'id IN (SELECT 1)' }, 'subset__where', /no subqueries/],
		[{ where: 'x '.repeat(6_000) }, 'subset__where', /at most 10000 characters/]
	] as [Record<string, string>, string, RegExp][])(
		'%j is the fault of %s',
		async (params, field, message) => {
			const { status, json } = await subset(params);
			expect(status).toBe(400);
			expect(json.errors?.[field]?.[0]).toMatch(message);
		}
	);

	test('by POST tells what is wrong with the body', async () => {
		expect((await post('{')).json.errors).toEqual({ body: ['must be valid JSON'] });
		expect((await post('[]')).json.errors).toEqual({ body: ['must be a JSON object'] });
		expect((await post('{"where":[7]}')).json.errors).toEqual({ subset__where: ['is invalid'] });
		expect((await post('x'.repeat(2_000_000))).status).toBe(413);
	});

	test('is refused past a number of rows, and past a time', async () => {
		house.grant('root', 'project-admin');
		const asRoot = { headers: { authorization: 'Bearer root' } };
		await house.write(
			'INSERT INTO i1.items SELECT n, NULL, 1, NULL, NULL FROM generate_series(1000, 1200) n'
		);
		const url = (more: object) => house.shapeUrl({ table: 'tickets.items', offset: 'now', ...more });
		const large = await answerOf(await fetch(url({ subset__order_by: 'id' }), asRoot));
		expect([large.status, large.json.errors?.['subset__limit']?.[0]]).toEqual([
			400,
			expect.stringContaining('at most 200 rows')
		]);
		await house.write('DELETE FROM i1.items WHERE id BETWEEN 1000 AND 1200');
	});

	test('of a shape that has changed sends its reader back', async () => {
		const answer = await subset(
			{ where: 'points = 1' },
			{ offset: '0_inf', handle: `${'0'.repeat(24)}-1-0-abcdef` }
		);
		expect(answer.status).toBe(409);
		const handle = answer.headers.get('electric-handle')!;
		expect((await subset({ where: 'points = 1' }, { offset: '0_inf', handle })).status).toBe(200);
	});
});

describe('the official client', () => {
	function open() {
		const aborter = new AbortController();
		stops.push(() => aborter.abort());
		return new ShapeStream<Row>({
			url: `${house.url}/v1/shape`,
			params: { project: 'home/main', table: 'tickets.items' },
			headers,
			log: 'changes_only',
			offset: 'now',
			signal: aborter.signal
		});
	}

	/** What a client holds: rows of its subsets, kept up with the changes that concern them. */
	function hold(stream: ShapeStream<Row>) {
		const rows = new Map<string, Row>();
		const refused: string[] = [];
		stream.subscribe((messages: Message<Row>[]) => {
			for (const message of messages) {
				if (!('key' in message)) continue;
				const { key, value, headers: of } = message as ChangeMessage<Row>;
				if (of.operation === 'insert') rows.set(key, value);
				else if (!rows.has(key)) refused.push(key);
				else if (of.operation === 'delete') rows.delete(key);
				else rows.set(key, { ...rows.get(key), ...value });
			}
		});
		return { rows, refused };
	}

	test('takes subsets in the middle of a workload, and misses nothing of them', async () => {
		const stream = open();
		const { rows } = hold(stream);
		const writing = (async () => {
			for (let n = 0; n < 40; n++)
				await house.write(`UPDATE i1.items SET title = 'new ${n}' WHERE id IN (1, 2, 3)`);
		})();
		for (let n = 0; n < 4; n++) {
			await stream.requestSnapshot({
				where: `id <= 3`,
				orderBy: 'id',
				limit: 10,
				method: n % 2 ? 'POST' : 'GET'
			});
		}
		await writing;
		const key = '"tickets"."items"/"2"';
		const deadline = Date.now() + 5_000;
		while (rows.get(key)?.['title'] !== 'new 39' && Date.now() < deadline)
			await new Promise((done) => setTimeout(done, 20));
		for (const id of [1, 2, 3])
			expect(rows.get(`"tickets"."items"/"${id}"`)).toMatchObject({ title: 'new 39' });
	});
});

describe('a shape that is deleted', () => {
	const url = (params: Record<string, string>) => house.shapeUrl({ table: 'tickets.items', ...params });

	test('sends its readers back, and its next readers are well', async () => {
		const first = await fetch(url({ offset: '-1' }), { headers });
		const handle = first.headers.get('electric-handle')!;
		const waiting = fetch(url({ offset: '0_inf', handle, live: 'true' }), { headers });
		await new Promise((done) => setTimeout(done, 50));
		const deleted = await fetch(`${house.url}/v1/shape?handle=${handle}`, { method: 'DELETE', headers });
		expect(deleted.status).toBe(202);
		const told = await waiting;
		expect(told.status).toBe(409);
		const next = told.headers.get('electric-handle')!;
		expect(next).not.toBe(handle);
		expect((await fetch(url({ offset: '0_inf', handle }), { headers })).status).toBe(409);
		expect((await fetch(url({ offset: '0_inf', handle: next }), { headers })).status).toBe(200);
		const again = await fetch(url({ offset: '-1' }), { headers });
		expect(again.headers.get('electric-handle')).not.toBe(handle);
	});

	test('is named by its definition, or by both', async () => {
		const first = await fetch(url({ offset: '-1', where: 'points = 1' }), { headers });
		const handle = first.headers.get('electric-handle')!;
		const remove = async (params: Record<string, string>) =>
			(await fetch(url(params), { method: 'DELETE', headers })).status;
		expect(await remove({ handle, where: 'points = 2' })).toBe(404);
		expect(await remove({ handle, where: 'points = 1' })).toBe(202);
		expect(await remove({ where: 'points = 1' })).toBe(202);
		expect(await remove({ where: 'nope = 1' })).toBe(400);
		expect((await fetch(`${house.url}/v1/shape`, { method: 'DELETE', headers })).status).toBe(400);
		expect((await fetch(`${house.url}/v1/shape?handle=x`, { method: 'DELETE', headers })).status).toBe(404);
	});
});

describe('a filter that fails for a row', () => {
	test('ends the shape, and says why to whoever begins it anew', async () => {
		const where = '10 / (points - 7) < 100';
		const url = (params: Record<string, string>) =>
			house.shapeUrl({ table: 'tickets.items', where, ...params });
		expect((await fetch(url({ offset: '-1' }), { headers })).status).toBe(400);
		await house.write('UPDATE i1.items SET points = 8 WHERE id = 7');
		const first = await fetch(url({ offset: '-1' }), { headers });
		expect(first.status).toBe(200);
		const handle = first.headers.get('electric-handle')!;
		const waiting = fetch(url({ offset: '0_inf', handle, live: 'true' }), { headers });
		await new Promise((done) => setTimeout(done, 50));
		await house.write('UPDATE i1.items SET points = 7 WHERE id = 7');
		expect((await waiting).status).toBe(409);
		const refused = await answerOf(await fetch(url({ offset: '-1' }), { headers }));
		expect([refused.status, refused.json.errors?.['where']?.[0]]).toEqual([
			400,
			expect.stringContaining('division by zero')
		]);
		await house.write('UPDATE i1.items SET points = 9 WHERE id = 7');
		expect((await fetch(url({ offset: '-1' }), { headers })).status).toBe(200);
	});
});
