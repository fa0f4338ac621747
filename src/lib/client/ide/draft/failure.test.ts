import { expect, test } from 'vitest';
import { AppError, type ErrorCode } from '#kernel';
import { failureOf, isStale } from './failure.ts';

const error = (code: ErrorCode, reason = 'X') => new AppError({ code, reason, message: 'No.' });

test.each<[string, unknown, string]>([
	['a line that is down', new TypeError('fetch failed'), 'failed'],
	['a server that is not there', error('unavailable'), 'failed'],
	['too many requests', error('resource_exhausted'), 'failed'],
	['more at once than a request may have', error('resource_exhausted', 'BODY_TOO_LARGE'), 'refused'],
	['a file that no module can have', error('invalid_argument'), 'refused'],
	['a session that ended', error('unauthenticated'), 'refused']
])('%s', (_, thrown, type) => {
	expect(failureOf(7, thrown)).toMatchObject({ type, id: 7 });
});

test('a draft that is newer is neither', () => {
	expect(isStale(error('aborted'))).toBe(true);
	expect(isStale(error('unavailable'))).toBe(false);
});
