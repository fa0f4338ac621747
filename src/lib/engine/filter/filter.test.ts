import { describe, expect, test } from 'vitest';
import {
	canonical,
	checkFilter,
	combine,
	compileFilter,
	matches,
	parseFilter,
	routes,
	toSql,
	type FilterColumn
} from './index.ts';

const columns: FilterColumn[] = [
	{ name: 'id', type: 'uuid' },
	{ name: 'status', type: 'text' },
	{ name: 'points', type: 'bigint' },
	{ name: 'done', type: 'boolean' },
	{ name: 'assignee', type: 'uuid' },
	{ name: 'due', type: 'date' },
	{ name: 'seen', type: 'timestamptz' },
	{ name: 'tags', type: 'text', array: true },
	{ name: 'Weird "name"', type: 'character varying' },
	{ name: 'data', type: 'jsonb' },
	{ name: 'code', type: 'character(4)' },
	{ name: 'rate', type: 'numeric(10,2)' }
];
const me = '0198c0de-0000-7000-8000-000000000001';
const row = {
	id: me,
	status: 'open',
	points: '9007199254740993',
	done: 'f',
	assignee: null,
	due: '2026-02-28',
	seen: '2026-02-28 10:00:00.5+00',
	tags: '{a,NULL,"b \\"c\\""}',
	'Weird "name"': 'x',
	data: null,
	code: 'ab  ',
	rate: '7.10'
};

describe('matches', () => {
	test.each([
		[`status = 'open'`, true],
		[`status <> 'open'`, false],
		[`points = 9007199254740992`, false],
		[`points > 9007199254740992.5`, true],
		[`NOT done`, true],
		[`assignee = principal()`, false],
		[`NOT assignee = principal()`, false],
		[`assignee IS NULL AND id = principal()`, true],
		[`assignee = principal() OR status IN ('open', NULL)`, true],
		[`status NOT IN ('closed', NULL)`, false],
		[`status LIKE 'o%' AND status NOT ILIKE 'O_'`, true],
		[`due >= '2026-02-28' AND due < '2026-03-01'`, true],
		[`due BETWEEN '2026-02-01' AND '2026-02-28'`, true],
		[`seen = '2026-02-28T11:00:00.500+01:00'`, true],
		[`seen > date '2026-02-28' AND seen < due + 1`, true],
		[`data IS NULL`, true],
		[`"Weird ""name""" = param('w')`, true],
		[`param('missing') IS NULL`, true],
		[`(status) = ('open') AND TRUE`, true],
		[`id = '0198C0DE-0000-7000-8000-000000000001'`, true],
		[`id = '{0198c0de000070008000000000000001}'`, true],
		[`'a' = ANY (tags) AND NOT 'z' = ANY (tags)`, false],
		[`('z' = ANY (tags)) IS UNKNOWN`, true],
		[`tags @> '{a,"b \\"c\\""}' AND tags[1] = 'a' AND tags[4] IS NULL`, true],
		[`status = ANY ($1)`, true],
		[`rate * 2 = 14.2 AND (rate * 2)::text = '14.20'`, true],
		[`points % 2 = 1 AND -points < 0`, true],
		[`code = 'ab' AND code IN ('x', 'ab   ')`, true],
		[`upper(status) || '!' = 'OPEN!' AND length(status) = 4`, true],
		[`assignee IS NOT DISTINCT FROM NULL AND status IS DISTINCT FROM 'x'`, true],
		[`CASE WHEN done THEN status = 'x' ELSE points > 0 END`, true],
		[`status COLLATE "C" > 'Open'`, true],
		[`seen - interval '1 day 10 hours' = '2026-02-27 00:00:00.5+00'`, true],
		[`substring(status from 2 for 2) = 'pe' AND position('n' in status) = 4`, true],
		[`trim(both 'o' from status) = 'pen'`, true],
		[`principal() = id::text`, true]
	])('%s', (filter, expected) => {
		const env = { principal: me, params: { w: 'x', '1': '{open,"in progress"}' } };
		expect(matches(parseFilter(filter, columns), row, env)).toBe(expected);
	});

	test('an anonymous visitor is nobody', () => {
		expect(matches(parseFilter('id = principal()', columns), row, {})).toBe(false);
	});

	test('a value of the wrong type is named', () => {
		const filter = parseFilter(`id = param('id')`, columns);
		expect(() => matches(filter, row, { params: { id: 'abc' } })).toThrow(
			expect.objectContaining({ reason: 'FILTER_VALUE', meta: { parameter: 'id', type: 'uuid' } })
		);
	});

	test('a numbered parameter must be given', () => {
		expect(() => toSql(parseFilter('status = $2', columns), { params: { '1': 'x' } })).toThrow(
			expect.objectContaining({ reason: 'FILTER_PARAMETER' })
		);
	});

	test('reads rows out of jsonb as well as out of the WAL', () => {
		const filter = parseFilter('done', columns);
		expect(['t', 'true', 'f', 'false'].map((done) => matches(filter, { ...row, done }, {}))).toEqual([
			true,
			true,
			false,
			false
		]);
	});

	test('a row that Postgres could not answer for fails, in order', () => {
		const passes = compileFilter(parseFilter(`status = 'open' AND 10 / (points - 1) > 1`, columns), {});
		expect(passes({ ...row, points: '3' })).toBe(true);
		expect(passes({ ...row, points: '1', status: 'closed' })).toBe(false);
		expect(() => passes({ ...row, points: '1' })).toThrow(
			expect.objectContaining({ reason: 'FILTER_FAILS', message: 'division by zero' })
		);
		expect(() => compileFilter(parseFilter('1 / 0 = points', columns), {})).toThrow(/division by zero/);
	});

	test('a pattern of many stars takes no longer than its text', () => {
		const passes = compileFilter(parseFilter(`status LIKE '${'%a'.repeat(40)}%b'`, columns), {});
		const begin = performance.now();
		expect(passes({ ...row, status: 'a'.repeat(20_000) })).toBe(false);
		expect(performance.now() - begin).toBeLessThan(1_000);
	});
});

describe('parseFilter points at what is wrong', () => {
	test.each([
		['', 0, /filter ends/],
		['statuss = 1', 0, /no column statuss/],
		['status = 5', 9, /number cannot be compared with a text/],
		[`points = 'x'`, 9, /'x' is no bigint/],
		[`points = '7.5'`, 9, /'7.5' is no bigint/],
		[`status < 'x'`, 7, /database's collation/],
		[`status BETWEEN 'a' AND 'b'`, 0, /database's collation/],
		[`data = 'x'`, 0, /jsonb can only be asked IS NULL/],
		[`status = 'open`, 9, /never closed/],
		['status', 0, /is a text, not a condition/],
		['done AND', 8, /filter ends/],
		['done; DROP TABLE x', 4, /AND, OR or the end/],
		['now() = seen', 0, /no function now/],
		['current_user = status', 0, /changes from one moment/],
		['pg_sleep(5) IS NULL', 0, /no function pg_sleep/],
		['lowr(status) = status', 0, /Did you mean lower|no function lowr/],
		[`due = '2026-02-30'`, 6, /is no date/],
		[`due = 'tomorrow'`, 6, /is no date/],
		[`done = status`, 7, /text cannot be compared with a boolean/],
		[`status LIKE 'a\\'`, 12, /backslash/],
		[`points LIKE '1%'`, 0, /text only, not on bigint/],
		[`status ~ 'a'`, 7, /no ~ for/],
		[`(done = true) = points`, 1, /condition cannot be compared/],
		[`done AND\nnope = 1`, 9, /no column nope/],
		['id IN (SELECT id FROM secrets)', 7, /no subqueries/],
		['EXISTS (SELECT 1)', 0, /no subqueries/],
		['(points, done) = (1, true)', 7, /Rows cannot be compared/],
		['t.points = 1', 1, /without a table/],
		[`status = 'a' -- done`, 13, /no comments/],
		['points::regclass = 1', 8, /no type regclass/],
		['seen::text = status', 0, /cannot be made a text/],
		[`status::varchar(3) = 'ope'`, 15, /no length/],
		[`tags[1:2] = '{a}'`, 6, /slice/],
		[`points ^ 2 = 4`, 7, /no \^ for/],
		[`'a' = ANY (status)`, 11, /take an array/],
		[`tags > '{a}'`, 5, /no meaning for arrays/],
		[`done IS 7`, 8, /NULL, TRUE, FALSE/]
	])('%s', (filter, offset, message) => {
		const problem = checkFilter(filter, columns);
		expect(`${problem?.message} ${problem?.hint}`).toMatch(message);
		expect(problem?.offset).toBe(offset);
	});

	test('what is too long or too deep', () => {
		const found = (filter: string) => checkFilter(filter, columns)?.message;
		expect(found('('.repeat(60) + 'done' + ')'.repeat(60))).toMatch(/nests at most 50/);
		expect(found(`${'points + '.repeat(300)} 1 = 1`)).toMatch(/250 operators in a row/);
		expect(found('x'.repeat(10_001))).toMatch(/at most 10000 characters/);
	});

	test('line and column count from 1', () => {
		expect(() => parseFilter(`done AND\nnope = 1`, columns)).toThrow(
			expect.objectContaining({ meta: expect.objectContaining({ line: 2, column: 1 }) })
		);
	});

	test('what is no SQL is told apart from what is refused', () => {
		const meta = (near: unknown) => expect.objectContaining({ meta: near });
		expect(() => parseFilter('1 x 1', columns)).toThrow(
			meta(expect.objectContaining({ near: 'x', offset: 2 }))
		);
		expect(() => parseFilter('nope = 1', columns)).toThrow(
			meta(expect.not.objectContaining({ near: 'nope' }))
		);
	});
});

describe('toSql', () => {
	test('has every value as a parameter and every column quoted', () => {
		const filter = parseFilter(`"Weird ""name""" = 'a' AND points IN (1, 2) AND id = principal()`, columns);
		expect(toSql(filter, { principal: me }, { first: 3, alias: 'v' })).toEqual({
			text: `((v."Weird ""name""" = $3::text) AND (v."points" IN ($4::integer, $5::integer)) AND (v."id" = $6::uuid))`,
			values: ['a', '1', '2', me],
			mayFail: false
		});
	});

	test('keeps a filter that may fail in one piece', () => {
		const { text, mayFail } = toSql(parseFilter('done AND 1 / points = 1', columns), {});
		expect(text).toBe(`((("done") AND (($1::integer / "points") = $2::integer)) IS TRUE)`);
		expect(mayFail).toBe(true);
	});

	test('of no filters is every row or no row', () => {
		expect(toSql(combine('and', []), {}).text).toBe('(TRUE)');
		expect(toSql(combine('or', []), {}).text).toBe('(FALSE)');
		expect(matches(combine('or', []), row, {})).toBe(false);
	});

	test('orders text as the database does where only the database reads it', () => {
		const filter = parseFilter(`status > 'a'`, columns, { databaseOrder: true });
		expect(toSql(filter, {}).text).toBe('("status" > $1::text)');
		expect(() => compileFilter(filter, {})).toThrow(/only the database/);
	});
});

describe('canonical', () => {
	const same = (a: string, b: string) =>
		expect(canonical(parseFilter(a, columns), { principal: me, params: { s: 'open' } })).toBe(
			canonical(parseFilter(b, columns), { principal: me, params: { s: 'open' } })
		);
	test('forgets order and spelling', () => {
		same(`status = param('s') and done`, `DONE AND "status"='open'`);
		same(`points in (2,1,2)`, `points IN (1, 2)`);
	});
	test('tells principals apart', () => {
		const filter = parseFilter('assignee = principal()', columns);
		expect(canonical(filter, { principal: me })).not.toBe(canonical(filter, {}));
	});
	test('keeps the order of what may fail', () => {
		const text = (filter: string) => canonical(parseFilter(filter, columns), {});
		expect(text('1 / points = 1 AND done')).not.toBe(text('done AND 1 / points = 1'));
	});
});

describe('routes are values of which every passing row has one set', () => {
	const found = (filter: string, params = {}) =>
		routes(parseFilter(filter, columns), { params })?.map((route) => Object.fromEntries(route));
	test.each([
		[`status = 'open' AND $1 = id`, [{ status: 'open', id: me }]],
		[`done AND points IN (007)`, [{ points: '7' }]],
		[
			`status IN ('a', 'b') AND points = 1`,
			[
				{ points: '1', status: 'a' },
				{ points: '1', status: 'b' }
			]
		],
		[`status = 'a' OR points = 2`, [{ status: 'a' }, { points: '2' }]],
		[`status = ANY ('{a,b,NULL}')`, [{ status: 'a' }, { status: 'b' }]],
		[`status = 'a' AND status = 'b'`, []],
		[`status = NULL`, []],
		[`FALSE`, []],
		[`status = 'a' OR done`, undefined],
		[`status <> 'a'`, undefined],
		[`rate = 7`, [{ rate: '7' }]],
		[`rate IN (7.50, 70)`, [{ rate: '7.5' }, { rate: '70' }]],
		[`due = '2026-01-02'`, [{ due: '2026-01-02' }]],
		[`seen = '2026-01-02T03:04:05+02'`, [{ seen: '2026-01-02 01:04:05.000000+00' }]],
		[`seen = due`, undefined],
		[`tags = '{a}'`, undefined],
		[`code = 'ab '`, [{ code: 'ab' }]],
		[`NOT status = 'a'`, undefined],
		[`1 / points = 1 AND status = 'a'`, undefined],
		[`status = 'a' AND 1 / points = 1`, [{ status: 'a' }]]
	])('%s', (filter, expected) => {
		expect(found(filter, { '1': me.toUpperCase() })).toEqual(expected);
	});

	test('as long as they are few', () => {
		const list = (n: number) => Array.from({ length: n }, (_, i) => i).join(', ');
		expect(found(`points IN (${list(64)})`)).toHaveLength(64);
		expect(found(`points IN (${list(65)})`)).toBeUndefined();
		expect(found(`points IN (${list(20)}) AND status IN ('a', 'b', 'c', 'd')`)).toHaveLength(4);
	});
});
