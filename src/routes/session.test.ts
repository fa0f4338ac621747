import { expect, test } from 'vitest';
import { localPath } from './session.ts';

test.each([
	['/home/main/desk?x=1#y', '/home/main/desk?x=1#y'],
	['//evil.example', '/'],
	['/\\evil.example', '/'],
	['https://evil.example', '/'],
	['javascript:alert(1)', '/'],
	['/a\n//evil.example', '/'],
	['', '/'],
	[null, '/']
])('a sign-in that should lead to %j leads to %s', (given, expected) => {
	expect(localPath(given)).toBe(expected);
});
