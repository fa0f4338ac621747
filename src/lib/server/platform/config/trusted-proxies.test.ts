import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { readTrustedProxies } from './trusted-proxies.ts';

const visitor = '203.0.113.7';

describe('the visitor’s address', () => {
	test.each([
		['nobody is trusted', undefined, '10.0.0.2', visitor, '10.0.0.2'],
		['nothing was forwarded', '10.0.0.0/8', '10.0.0.2', undefined, '10.0.0.2'],
		['a proxy forwards', '10.0.0.2', '10.0.0.2', visitor, visitor],
		['a network of proxies', '10.0.0.0/8', '10.9.9.9', visitor, visitor],
		['another than the proxy says so', '10.0.0.2', '10.0.0.3', visitor, '10.0.0.3'],
		['two proxies', '10.0.0.0/8', '10.0.0.2', `${visitor}, 10.0.0.3`, visitor],
		['a visitor who lies', '10.0.0.0/8', '10.0.0.2', `1.2.3.4, ${visitor}`, visitor],
		['a visitor who says to be a proxy', '10.0.0.0/8', '10.0.0.2', `10.0.0.9, ${visitor}`, visitor],
		['proxies alone', '10.0.0.0/8', '10.0.0.2', '10.0.0.5, 10.0.0.3', '10.0.0.5'],
		['what is no address', '10.0.0.0/8', '10.0.0.2', `${visitor}, unknown, 10.0.0.3`, '10.0.0.3'],
		['IPv4 inside IPv6', '127.0.0.1', '::ffff:127.0.0.1', visitor, visitor],
		['IPv6', '::1, fd00::/8', 'fd00::2', '2001:db8::1', '2001:db8::1'],
		['ports', '127.0.0.1', '127.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
		['a port after IPv4', '127.0.0.1', '127.0.0.1', `${visitor}:4711`, visitor]
	])('where %s', (_, trusted, connected, forwarded, expected) => {
		expect(readTrustedProxies(trusted).visitor(connected, forwarded)).toBe(expected);
	});
});

test.each(['proxy.example.org', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '*'])(
	'%s is refused',
	(text) => {
		expect(() => readConfig({ LOAM_TRUSTED_PROXY: text, ORIGIN: 'https://loam.example.org' }, '/')).toThrow(
			expect.objectContaining({ reason: 'CONFIG_INVALID', meta: { variable: 'LOAM_TRUSTED_PROXY' } })
		);
	}
);

test('behind a proxy only ORIGIN can say which address people use', () => {
	expect(() => readConfig({ LOAM_TRUSTED_PROXY: '127.0.0.1' }, '/')).toThrow(
		expect.objectContaining({ reason: 'CONFIG_INVALID', meta: { variable: 'ORIGIN' } })
	);
});
