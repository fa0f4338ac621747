import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Principal } from '#core/identity';
import { CallerLookup, isSameOrigin, type Callers } from './caller.ts';

let version = 1n;
let heardAt = 0;
const people = new Set<string>();
const authenticate = vi.fn(async (headers: { authorization?: string; cookie?: string }) => {
	const name = headers.authorization ?? headers.cookie;
	return name !== undefined && people.has(name) ? principal(name) : undefined;
});
const principal = (name: string): Principal => ({
	id: name,
	name,
	email: undefined,
	sysAdmin: false,
	grantsVersion: version
});
const identity: Callers = {
	authenticate: authenticate as never,
	refresh: async ({ name }) => (people.has(name) ? principal(name) : undefined),
	rolesIn: () => new Set(),
	grantsVersion: () => version,
	grantsHeardAt: () => heardAt,
	onGrantsChanged: () => () => {}
};
const origin = 'https://loam.example';
let callers: CallerLookup;

beforeEach(() => {
	vi.useFakeTimers();
	[version, heardAt] = [1n, Date.now()];
	people.clear();
	people.add('ada');
	authenticate.mockClear();
	callers = new CallerLookup(identity, origin);
});
afterEach(() => vi.useRealTimers());

describe('whose request it is', () => {
	test.each([
		[{}, true],
		[{ origin: 'https://loam.example' }, true],
		[{ origin: 'http://inside:4000', host: 'inside:4000' }, true],
		[{ origin: 'https://evil.example', host: 'loam.example' }, false],
		[{ origin: 'null', host: 'loam.example' }, false],
		[{ 'sec-fetch-site': 'cross-site' }, false],
		[{ 'sec-fetch-site': 'same-site', origin: 'https://loam.example' }, false],
		[{ 'sec-fetch-site': 'same-origin' }, true],
		[{ 'sec-fetch-site': 'none' }, true]
	] as const)('%o is of this origin: %s', (headers, same) => {
		expect(isSameOrigin(headers, origin)).toBe(same);
	});

	test('a cookie counts only where the page is of this origin; a token counts anywhere', async () => {
		const foreign = { origin: 'https://evil.example', host: 'loam.example' };
		expect((await callers.callerOf({ cookie: 'ada' })).principal?.id).toBe('ada');
		expect((await callers.callerOf({ cookie: 'ada', ...foreign })).principal).toBeUndefined();
		expect((await callers.callerOf({ authorization: 'ada', ...foreign })).principal?.id).toBe('ada');
	});

	test('is looked up once in half a minute; who was not let in is looked up again', async () => {
		const one = await callers.callerOf({ cookie: 'ada' });
		expect(await callers.callerOf({ cookie: 'ada' })).toBe(one);
		expect(authenticate).toHaveBeenCalledTimes(1);
		vi.advanceTimersByTime(31_000);
		expect(await callers.callerOf({ cookie: 'ada' })).not.toBe(one);
		expect((await callers.callerOf({ cookie: 'bob' })).principal).toBeUndefined();
		people.add('bob');
		expect((await callers.callerOf({ cookie: 'bob' })).principal?.id).toBe('bob');
	});
});

describe('what a caller may be told', () => {
	test('nothing once the grants have changed, until they were read again', async () => {
		const caller = await callers.callerOf({ cookie: 'ada' });
		expect(caller.isCurrent()).toBe(true);
		version++;
		expect(caller.isCurrent()).toBe(false);
		await caller.refresh();
		expect(caller.isCurrent()).toBe(true);
	});

	test('nothing more once the session has ended', async () => {
		const caller = await callers.callerOf({ cookie: 'ada' });
		people.delete('ada');
		version++;
		await expect(caller.refresh()).rejects.toMatchObject({ reason: 'SIGN_IN_NEEDED' });
		expect(caller.isCurrent()).toBe(false);
	});

	test('nothing by a node that has not heard of the grants for a while', async () => {
		const caller = await callers.callerOf({ cookie: 'ada' });
		vi.advanceTimersByTime(20_000);
		expect(caller.isCurrent()).toBe(false);
		expect(() => caller.assertFresh()).toThrow(expect.objectContaining({ reason: 'GRANTS_STALE' }));
		heardAt = Date.now();
		expect(caller.isCurrent()).toBe(true);
		expect(() => caller.assertFresh()).not.toThrow();
	});

	test('shapes that it was given before, only with the rights of then', async () => {
		const caller = await callers.callerOf({ cookie: 'ada' });
		caller.remember('a', { hash: 'h' } as never);
		expect(caller.opened('a')).toEqual({ hash: 'h' });
		await caller.refresh();
		expect(caller.opened('a')).toBeUndefined();
	});
});
