import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

describe('readConfig', () => {
	test('has a default for everything', () => {
		const { trustedProxies, ...rest } = readConfig({}, '/srv/loam');
		expect(trustedProxies.visitor('127.0.0.1', '203.0.113.7')).toBe('127.0.0.1');
		expect(rest).toEqual({
			host: '127.0.0.1',
			port: 4000,
			dataDir: '/srv/loam/.loam',
			databaseUrl: undefined,
			origin: 'http://localhost:4000',
			admin: undefined,
			logLevel: 'info',
			journal: { bytes: 2 ** 30, ageMs: 7 * 24 * 3_600_000 },
			shapeDeletion: false
		});
	});

	test('takes amounts with fractions', () => {
		const { journal } = readConfig({ LOAM_JOURNAL_MB: '1.5', LOAM_JOURNAL_HOURS: '0.01' }, '/');
		expect(journal).toEqual({ bytes: 1.5 * 2 ** 20, ageMs: 36_000 });
	});

	test.each([
		[{ PORT: 'http' }, 'PORT'],
		[{ PORT: '70000' }, 'PORT'],
		[{ DATABASE_URL: 'mysql://a:secret@b/c' }, 'DATABASE_URL'],
		[{ ORIGIN: 'loam' }, 'ORIGIN'],
		[{ LOAM_ADMIN_EMAIL: 'a@b.c' }, 'LOAM_ADMIN_PASSWORD'],
		[{ LOAM_ADMIN_EMAIL: 'a@b.c', LOAM_ADMIN_PASSWORD: 'short' }, 'LOAM_ADMIN_PASSWORD'],
		[{ LOAM_SHAPE_DELETION: 'yes' }, 'LOAM_SHAPE_DELETION'],
		[{ LOAM_LOG: 'loud' }, 'LOAM_LOG'],
		[{ LOAM_JOURNAL_MB: '1 GB' }, 'LOAM_JOURNAL_MB'],
		[{ LOAM_JOURNAL_HOURS: '0' }, 'LOAM_JOURNAL_HOURS']
	])('refuses %o and names the variable', (env, variable) => {
		expect(() => readConfig(env, '/')).toThrow(
			expect.objectContaining({ reason: 'CONFIG_INVALID', meta: { variable } })
		);
	});

	test('never repeats a URL, which may hold a password', () => {
		expect(() => readConfig({ DATABASE_URL: 'mysql://a:secret@b/c' }, '/')).not.toThrow(/secret/);
	});
});
