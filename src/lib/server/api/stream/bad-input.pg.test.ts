import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Access } from '#engine/module';
import { idOf, liveHouse, type LiveHouse } from '#support/live';

const column = (name: string, type: string, keyIndex?: number) => ({
	name,
	type,
	dims: 0,
	notNull: keyIndex !== undefined,
	...(keyIndex === undefined ? {} : { keyIndex })
});

const user = ['project-user'];
const access: Access = {
	views: {
		tickets: { read: [{ roles: user }], columns: { secret: ['project-admin'] } },
		mine: { read: [{ roles: user, where: 'assignee = principal()' }], columns: {} },
		closed: { read: [{ roles: ['project-admin'] }], columns: {} }
	},
	commands: {}
};

let house: LiveHouse;
beforeAll(async () => {
	house = await liveHouse({
		views: [
			{
				name: 'tickets',
				columns: [
					column('id', 'integer', 0),
					column('title', 'text'),
					column('points', 'bigint'),
					column('secret', 'text')
				]
			},
			{
				name: 'mine',
				columns: [column('id', 'integer', 0), column('points', 'integer'), column('assignee', 'uuid')]
			},
			{ name: 'closed', columns: [column('id', 'integer', 0)] }
		],
		access,
		deletion: true,
		timers: { longPollMs: 200, eventsMs: 200, keepAliveMs: 100 }
	});
	for (const name of ['ada', 'bob']) house.grant(name, 'project-user');
	house.grant('stranger');
	await house.write(
		`INSERT INTO i1.tickets VALUES (1, 'one', 1, 's')`,
		`INSERT INTO i1.mine VALUES (1, 0, '${idOf('ada')}'), (2, 1, '${idOf('bob')}')`
	);
});
afterAll(() => house.stop());

const as = (name: string) => ({ authorization: `Bearer ${name}` });

async function ask(
	params: Record<string, string>,
	headers: Record<string, string> = as('ada'),
	init: RequestInit = {}
) {
	const response = await fetch(house.shapeUrl(params), { ...init, headers });
	const text = await response.text();
	return { status: response.status, headers: response.headers, text };
}

const begin = { table: 'tickets.tickets', offset: '-1' };
const follow = { table: 'tickets.tickets', handle: `${'0'.repeat(24)}-1-0-abcdef` };

describe('a malformed', () => {
	test.each<[string, Record<string, string>[]]>([
		[
			'offset',
			[
				'',
				'x',
				'5',
				'-2',
				'5_',
				'_5',
				'5_x',
				'05_1',
				'1_1_1',
				'-1 ',
				'1e3_0',
				'０_0',
				'9'.repeat(21) + '_0',
				`1_${'9'.repeat(11)}`
			].map((offset) => ({ ...follow, offset }))
		],
		[
			'handle',
			['', ' ', 'a b', 'ä', '"x"', "'; --", '<b>', 'x'.repeat(201), '../x', 'a\nb'].map((handle) => ({
				...follow,
				offset: '1_0',
				handle
			}))
		],
		['expired_handle', ['a b', 'x'.repeat(201)].map((handle) => ({ ...begin, expired_handle: handle }))],
		[
			'cursor',
			['x', '-1', '1.5', '1e9', ' 1', '9'.repeat(21)].map((cursor) => ({
				...follow,
				offset: '1_0',
				live: 'true',
				cursor
			}))
		],
		[
			'where',
			[
				'(',
				'id =',
				'id = 1; DROP TABLE x',
				'id = 1 --',
				`title = 'x`,
				'nope = 1',
				`secret = 's'`,
				'id',
				`title = 1`,
				'count(*) > 1',
				'pg_sleep(1) IS NULL',
				'EXISTS (SELECT 1)',
				'i1.tickets.id = 1',
				'id = 1 UNION SELECT 1',
				'\u0000'
			].map((where) => ({ ...begin, where }))
		],
		[
			'params',
			[
				{ where: 'id = $1' },
				{ where: 'id = $1', 'params[2]': '1' },
				{ where: 'id = $1', 'params[1]': 'x' },
				{ where: 'id = $1', 'params[1]': '99999999999' },
				{ params: '{' },
				{ params: '[1]' },
				{ params: '7' },
				{ params: '{"1":{}}' },
				{ 'params[]': '1' },
				{ 'params[a b]': '1' },
				{ 'params[1': '1' }
			].map((params) => ({ ...begin, ...(params as Record<string, string>) }))
		],
		[
			'columns',
			[
				'',
				',',
				'id,',
				'id,,title',
				'"id',
				'nope',
				'secret',
				'id,nope',
				'title',
				'*',
				'id;',
				'i d',
				'count(*)'
			].map((columns) => ({ ...begin, columns }))
		],
		[
			'table',
			[
				'',
				'tickets',
				'a.b.c',
				'tickets.',
				'.tickets',
				'tickets.nope',
				'nope.tickets',
				'"tickets',
				'tickets.tickets;'
			].map((table) => ({ ...begin, table }))
		],
		['project', ['', 'home', '/', 'home/', 'a/b/c', 'a b/c'].map((project) => ({ ...begin, project }))],
		['release', ['x', '0123', 'g'.repeat(12), '0123456789ab'].map((release) => ({ ...begin, release }))],
		['replica', [{ ...begin, replica: 'half' }]],
		['log', [{ ...begin, log: 'some' }]],
		['live', [{ ...follow, offset: '1_0', live: 'perhaps' }]],
		['live_sse', [{ ...follow, offset: '1_0', live_sse: 'true' }]]
	])('%s is the protocol’s 400', async (field, requests) => {
		for (const request of requests) {
			const { status, headers, text } = await ask(request);
			expect([request, status]).toEqual([request, 400]);
			const { message, errors } = JSON.parse(text) as { message: string; errors: Record<string, string[]> };
			expect([message, Object.keys(errors)]).toEqual(['Invalid request', [field]]);
			for (const said of errors[field]!) expect(said).toMatch(/\w/);
			expect(headers.get('cache-control')).toBe('no-store');
			expect(text).not.toMatch(/"s"|i1\b|at \w+ \(|node_modules/);
		}
	});

	test('handle that another server may have given is a must-refetch', async () => {
		for (const handle of ['61397-1732203471924000', 'x', `${'0'.repeat(24)}-1-abcdef`]) {
			const { status, headers } = await ask({ ...follow, offset: '1_0', handle });
			expect([status, headers.has('electric-handle')]).toEqual([409, true]);
		}
	});

	test('anything is never the server’s fault', async () => {
		const names = [
			'offset',
			'handle',
			'cursor',
			'where',
			'params',
			'params[1]',
			'columns',
			'replica',
			'log',
			'live',
			'release',
			'table',
			'subset__where',
			'subset__limit',
			'subset__order_by',
			'subset__params',
			'expired_handle'
		];
		const word = fc.oneof(
			fc.string({ unit: 'binary', maxLength: 40 }),
			fc.constantFrom(
				'-1',
				'now',
				'0_0',
				'1_0',
				'id = $1',
				`title LIKE '%'`,
				'id,title',
				'{"1":"1"}',
				'full',
				'true'
			)
		);
		const request = fc.dictionary(fc.constantFrom(...names), word, { maxKeys: 5 });
		await fc.assert(
			fc.asyncProperty(request, async (given) => {
				const { status, text } = await ask({ ...begin, ...given });
				expect([given, status]).toEqual([given, expect.toBeOneOf([200, 400, 403, 409])]);
				if (status === 400)
					expect(Object.keys((JSON.parse(text) as { errors: object }).errors)).not.toEqual([]);
			}),
			{ numRuns: 300 }
		);
	}, 60_000);
});

describe('a limit is named where it is passed', () => {
	test.each<[string, string, RegExp]>([
		['a long filter', `title = '${'x'.repeat(10_000)}'`, /at most 10000 characters/],
		['a deep one', `${'('.repeat(2_000)}true${')'.repeat(2_000)}`, /nests at most \d+ deep/],
		['a chain of NOT', `${'NOT '.repeat(2_000)}true`, /nests at most \d+ deep/],
		['one of a thousand joins', `id IN (SELECT 1 ${'JOIN t ON true '.repeat(500)})`, /no subqueries/]
	])('%s', async (_what, where, message) => {
		const { status, text } = await ask({ ...begin, where });
		expect(status).toBe(400);
		expect((JSON.parse(text) as { errors: { where: string[] } }).errors.where[0]).toMatch(message);
	});

	test('a body of ten megabytes', async () => {
		const body = JSON.stringify({ where: `title = '${'x'.repeat(10 * 2 ** 20)}'` });
		const { status, text } = await ask(begin, as('ada'), { method: 'POST', body });
		expect([status, text]).toEqual([413, expect.stringContaining('at most 1024 KiB')]);
	});

	test('a filter that is slow to match is still quick', async () => {
		await house.write(`INSERT INTO i1.tickets VALUES (50, repeat('a', 5000), NULL, NULL)`);
		const started = performance.now();
		const { status, headers } = await ask({ ...begin, where: `title LIKE '${'%a'.repeat(1_000)}%b'` });
		expect(status).toBe(200);
		const handle = headers.get('electric-handle')!;
		const rest = { table: begin.table, where: `title LIKE '${'%a'.repeat(1_000)}%b'`, handle };
		await house.write(`UPDATE i1.tickets SET title = title || 'a' WHERE id = 50`);
		expect((await ask({ ...rest, offset: '0_0' })).status).toBe(200);
		expect(performance.now() - started).toBeLessThan(3_000);
		await house.write('DELETE FROM i1.tickets WHERE id = 50');
	});
});

/** Two requests of which only one names what is there. */
const pairs: [string, Record<string, string>, Record<string, string>][] = [
	['a view', { table: 'tickets.tickets' }, { table: 'tickets.nope' }],
	['a view that is for admins', { table: 'tickets.closed' }, { table: 'tickets.nope' }],
	['a module', { table: 'tickets.tickets' }, { table: 'nope.nope' }],
	['a project', { table: 'tickets.tickets' }, { table: 'tickets.tickets', project: 'home/nope' }],
	['a column', { table: 'tickets.tickets', columns: 'id' }, { table: 'tickets.tickets', columns: 'nope' }],
	[
		'a filter',
		{ table: 'tickets.tickets', where: 'id = 1' },
		{ table: 'tickets.tickets', where: 'nope = 1' }
	],
	['a release', { table: 'tickets.tickets' }, { table: 'tickets.tickets', release: '0123456789ab' }],
	[
		'a subset',
		{ table: 'tickets.tickets', subset__where: 'id = 1' },
		{ table: 'tickets.tickets', subset__where: 'nope = 1' }
	]
];

describe('what is somebody else’s', () => {
	test.each(pairs)('%s answers a stranger as if it were not there', async (_what, there, nowhere) => {
		for (const headers of [{}, as('stranger'), as('nobody')]) {
			const answers = [];
			for (const request of [there, nowhere])
				for (const method of ['GET', 'DELETE']) {
					const { status, text } = await ask({ offset: '-1', ...request }, headers, { method });
					const named = request['project'] ?? 'home/main';
					answers.push(JSON.stringify([status, text.replaceAll(named, 'PROJECT')]));
				}
			expect(new Set(answers).size).toBe(1);
			expect(answers[0]).toMatch(/^\[40[13],/);
		}
	});

	test('a view of the same module is 403, and no mistake names it', async () => {
		expect((await ask({ table: 'tickets.closed', offset: '-1' })).status).toBe(403);
		const { status, text } = await ask({ table: 'tickets.nope', offset: '-1' });
		expect([status, text]).toEqual([400, expect.stringContaining('tickets, mine')]);
		expect(text).not.toContain('closed');
	});

	test('a row is nothing: not in the log, not in a subset, not by an error, not by a handle', async () => {
		const mine = { table: 'tickets.mine', offset: '-1' };
		const ofAda = await ask(mine);
		expect(ofAda.text).not.toContain(idOf('bob'));
		// Ada's row has 0 points, Bob's has 1: a filter that fails for one of them tells only its owner.
		expect((await ask({ ...mine, where: '1 / (points - 1) < 0' })).status).toBe(200);
		expect((await ask({ ...mine, where: '1 / points = 1' })).status).toBe(400);
		expect((await ask({ ...mine, where: '1 / points = 1' }, as('bob'))).status).toBe(200);
		expect((await ask({ ...mine, subset__where: '1 / (points - 1) < 0' })).status).toBe(200);
		const handle = ofAda.headers.get('electric-handle')!;
		for (const offset of ['0_0', '0_inf', '1_0']) {
			const stolen = await ask({ table: 'tickets.mine', offset, handle }, as('bob'));
			expect([stolen.status, stolen.text]).toEqual([409, '[{"headers":{"control":"must-refetch"}}]']);
		}
		expect((await ask({ handle, table: '' }, as('stranger'), { method: 'DELETE' })).status).toBeLessThan(500);
	});
});
