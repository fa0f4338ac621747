import { describe, expect, test } from 'vitest';
import {
	canonical,
	checkFilter,
	combine,
	commandAccess,
	equalities,
	matches,
	parseFilter,
	readAccess,
	toSql,
	withImplied,
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
	{ name: 'Weird "name"', type: 'character varying' }
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
	tags: null,
	'Weird "name"': 'x'
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
		[`seen = '2026-02-28T11:00:00.500+01:00'`, true],
		[`tags IS NULL`, true],
		[`"Weird ""name""" = param('w')`, true],
		[`param('missing') IS NULL`, true],
		[`(status) = ('open') AND TRUE`, true],
		[`id = '0198C0DE-0000-7000-8000-000000000001'`, true]
	])('%s', (filter, expected) => {
		expect(matches(parseFilter(filter, columns), row, { principal: me, params: { w: 'x' } })).toBe(expected);
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
});

describe('parseFilter points at what is wrong', () => {
	test.each([
		['', 0, /filter ends/],
		['statuss = 1', 0, /no column statuss/],
		['status = 5', 9, /number cannot be compared with a text/],
		[`points = 'x'`, 9, /'x' is no bigint/],
		[`status < 'x'`, 7, /numbers, dates and times only/],
		[`tags = 'x'`, 0, /text\[\] can only be asked IS NULL/],
		[`status = 'open`, 9, /never closed/],
		['status', 0, /is a text, not a condition/],
		['done AND', 8, /filter ends/],
		['done; DROP TABLE x', 4, /no meaning/],
		['now() = seen', 0, /no function now/],
		['points BETWEEN 1 AND 2', 7, /BETWEEN/],
		[`status::text = 'a'`, 6, /cast/],
		['points + 1 = 2', 7, /AND, OR or the end/],
		[`due = '2026-02-30'`, 6, /is no date/],
		[`done = status`, 7, /text cannot be compared with a boolean/],
		[`status LIKE 'a\\'`, 12, /backslash/],
		[`status IN (status)`, 11, /not a column/],
		[`(done = true) = true`, 1, /condition cannot be compared/],
		[`done AND\nnope = 1`, 9, /no column nope/],
		['('.repeat(60) + 'done' + ')'.repeat(60), 51, /nests at most/]
	])('%s', (filter, offset, message) => {
		const problem = checkFilter(filter, columns);
		expect(problem?.message).toMatch(message);
		expect(problem?.offset).toBe(offset);
	});

	test('line and column count from 1', () => {
		expect(() => parseFilter(`done AND\nnope = 1`, columns)).toThrow(
			expect.objectContaining({ meta: expect.objectContaining({ line: 2, column: 1 }) })
		);
	});
});

describe('toSql', () => {
	test('has every value as a parameter and every column quoted', () => {
		const filter = parseFilter(`"Weird ""name""" = 'a' AND points IN (1, 2.5) AND id = principal()`, columns);
		expect(toSql(filter, { principal: me }, { first: 3, alias: 'v' })).toEqual({
			text: `((v."Weird ""name""" = $3::text) AND (v."points" IN ($4::bigint, $5::numeric)) AND (v."id" = $6::uuid))`,
			values: ['a', '1', '2.5', me]
		});
	});

	test('of no filters is every row or no row', () => {
		expect(toSql(combine('and', []), {}).text).toBe('(TRUE)');
		expect(toSql(combine('or', []), {}).text).toBe('(FALSE)');
		expect(matches(combine('or', []), row, {})).toBe(false);
	});
});

describe('canonical', () => {
	const same = (a: string, b: string) =>
		expect(canonical(parseFilter(a, columns), { principal: me, params: { s: 'open' } })).toBe(
			canonical(parseFilter(b, columns), { principal: me, params: { s: 'open' } })
		);
	test('forgets order and spelling', () => {
		same(`status = param('s') and done`, `DONE AND "status"='open'`);
		same(`points in (2,1,2)`, `points IN (1.0, 2)`);
	});
	test('tells principals apart', () => {
		const filter = parseFilter('assignee = principal()', columns);
		expect(canonical(filter, { principal: me })).not.toBe(canonical(filter, {}));
	});
});

test('equalities are what every passing row has', () => {
	const filter = parseFilter(
		`(status = 'open' AND $1 = id) AND (done OR points = 1) AND points IN (007)`,
		columns
	);
	expect([...equalities(filter, { params: { '1': me.toUpperCase() } })]).toEqual([
		['status', 'open'],
		['id', me],
		['points', '7']
	]);
});

describe('access', () => {
	const manifest = {
		name: 'tickets',
		access: {
			views: {
				tickets: {
					read: [
						{ roles: ['project-user'], where: 'assignee = principal()' },
						{ roles: ['agent'], where: `status = 'open'` },
						{ roles: ['lead'] }
					],
					columns: { points: ['agent'] }
				}
			},
			commands: {
				CloseTicket: [{ roles: ['agent'] }, { roles: ['project-user'], where: 'assignee = principal()' }]
			}
		}
	};
	const view = { name: 'tickets', columns: columns.slice(0, 5) };

	test.each([
		['guest', [], false, undefined, 0],
		['project-user', ['project-user'], true, `("assignee" = NULL)`, 4],
		['agent alone', ['tickets:agent'], true, undefined, 5],
		["another module's agent", ['crm:agent'], false, undefined, 0],
		['user and agent', ['project-user', 'tickets:agent'], true, undefined, 5],
		['lead', ['project-user', 'tickets:lead'], true, 'all', 4],
		['project-admin', ['project-admin'], true, 'all', 5],
		['org-admin', ['org-admin'], true, 'all', 5],
		['sys-admin', ['sys-admin'], true, 'all', 5]
	])('of %s to a view', (_who, roles, allowed, filter, readable) => {
		const access = readAccess(manifest, view, withImplied(roles));
		expect(access.allowed).toBe(allowed);
		expect(access.columns).toHaveLength(readable);
		if (filter === 'all') expect(access.filter).toBeUndefined();
		else if (allowed) expect(access.filter).toBeDefined();
	});

	test('rules of several roles add up', () => {
		const { filter } = readAccess(manifest, view, new Set(['project-user', 'tickets:agent']));
		const mine = { ...row, status: 'closed', assignee: me };
		expect(matches(filter!, mine, { principal: me })).toBe(true);
		expect(matches(filter!, { ...mine, assignee: null }, { principal: me })).toBe(false);
		expect(matches(filter!, { ...mine, assignee: null, status: 'open' }, { principal: me })).toBe(true);
	});

	test.each([
		['guest', [], { allowed: false, rowFilter: undefined }],
		['project-user', ['project-user'], { allowed: true, rowFilter: '(assignee = principal())' }],
		['agent', ['tickets:agent', 'project-user'], { allowed: true, rowFilter: undefined }],
		['project-admin', ['project-admin'], { allowed: true, rowFilter: undefined }]
	])('of %s to a command', (_who, roles, expected) => {
		expect(commandAccess(manifest, 'CloseTicket', new Set(roles))).toEqual(expected);
	});

	test.each(['constructor', '__proto__', 'toString', 'Nope'])(
		'nothing listed under %s means nobody',
		(name) => {
			expect(commandAccess(manifest, name, new Set(['project-user'])).allowed).toBe(false);
			expect(readAccess(manifest, { name, columns }, new Set(['project-user'])).allowed).toBe(false);
		}
	);
});
