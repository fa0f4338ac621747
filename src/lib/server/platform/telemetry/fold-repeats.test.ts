import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger, type LogRecord } from '#kernel';
import { foldRepeats } from './index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function logged() {
	const records: LogRecord[] = [];
	return {
		records,
		log: createLogger(
			foldRepeats((record) => records.push(record), 60_000),
			'core/x'
		)
	};
}

test('an outage is one record at its start and one a window', () => {
	const { records, log } = logged();
	for (let second = 0; second < 90; second++) {
		log.warn('it can not be reached', { error: new Error(`connect 127.0.0.1:${5000 + second}`) });
		vi.advanceTimersByTime(1_000);
	}
	expect(records.map(({ fields }) => fields['repeated'])).toEqual([undefined, 59, undefined]);
	expect(records[1]!.fields['seconds']).toBe(59);
	vi.advanceTimersByTime(60_000);
	expect(records.at(-1)!.fields['repeated']).toBe(29);
});

test('what differs is told, and what is no warning is never kept back', () => {
	const { records, log } = logged();
	for (const room of ['a', 'b']) log.child(room).error('broken');
	for (const cause of ['one', 'two']) log.error('broken', { error: new Error(cause) });
	for (let n = 0; n < 3; n++) log.info('the same');
	expect(records).toHaveLength(7);
});

test('a single one has no echo', () => {
	const { records, log } = logged();
	log.warn('once');
	vi.advanceTimersByTime(600_000);
	expect(records).toHaveLength(1);
});
