import { describe, expect, test } from 'vitest';
import { matches, type FilterColumn } from '#engine/filter';
import { commandAccess, readAccess, withImplied } from './index.ts';

const columns: FilterColumn[] = [
	{ name: 'id', type: 'uuid' },
	{ name: 'status', type: 'text' },
	{ name: 'points', type: 'bigint' },
	{ name: 'done', type: 'boolean' },
	{ name: 'assignee', type: 'uuid' }
];
const me = '0198c0de-0000-7000-8000-000000000001';
const row = { id: me, status: 'open', points: '7', done: 'f', assignee: null };

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
	const view = { name: 'tickets', columns };

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

	test('of anyone to a view that is open, and to nothing else', () => {
		const open = {
			name: 'news',
			access: {
				views: {
					tickets: {
						read: [{ roles: ['anyone'], where: 'done' }],
						columns: { points: ['anyone'], id: ['lead'] }
					}
				},
				commands: { Post: [{ roles: ['anyone'] }] }
			}
		};
		const nobody = readAccess(open, view, new Set());
		expect([nobody.allowed, nobody.columns]).toEqual([true, ['status', 'points', 'done', 'assignee']]);
		expect(nobody.filter).toBeDefined();
		expect(commandAccess(open, 'Post', new Set()).allowed).toBe(false);
		expect(commandAccess(open, 'Post', new Set(['project-user'])).allowed).toBe(false);
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
