import { expect, test } from 'vitest';
import { nextPatch, withVersion } from './version.ts';

test.each([
	['0.1.0', '0.1.1'],
	['1.2.9', '1.2.10'],
	['0.0.99999999999999999999', '0.0.100000000000000000000'],
	['1.0.0-beta', '1.0.0-beta.1'],
	['1.0.0-beta.9', '1.0.0-beta.10']
])('after %s comes %s', (version, next) => {
	expect(nextPatch(version)).toBe(next);
});

test('another version leaves the rest of the text as it is', () => {
	const text = '{ "name": "a",\n\n  "version" : "0.1.0"  , "title": "0.1.0" }\n';
	expect(withVersion(text, '0.1.1')).toBe(text.replace('"version" : "0.1.0"', '"version" : "0.1.1"'));
});
