import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger, type LogRecord } from '#kernel';
import { Conditions } from './conditions.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

function watched() {
	const records: LogRecord[] = [];
	return { records, conditions: new Conditions(createLogger((record) => records.push(record))) };
}

test('a problem is logged once, shown with its beginning and its newest words, and ends', () => {
	const { records, conditions } = watched();
	for (let second = 0; second < 100; second++) {
		conditions.report('maintenance', second < 50 ? 'first' : 'second', new Error('cause'));
		vi.advanceTimersByTime(1_000);
	}
	expect(conditions.state()).toEqual({
		status: 'degraded',
		problems: [{ name: 'maintenance', message: 'second', since: new Date(0) }]
	});
	conditions.report('maintenance', undefined);
	conditions.report('maintenance', undefined);
	expect(conditions.state()).toEqual({ status: 'ready', problems: [] });
	expect(records.map(({ level, fields }) => [level, fields['condition'], fields['seconds']])).toEqual([
		['warn', 'maintenance', undefined],
		['info', 'maintenance', 100]
	]);
});

test('what passes by itself is not told', () => {
	const { records, conditions } = watched();
	conditions.report('maintenance', 'a connection is replaced');
	vi.advanceTimersByTime(900);
	expect(conditions.state().status).toBe('ready');
	conditions.report('maintenance', undefined);
	vi.advanceTimersByTime(10_000);
	expect(records).toEqual([]);
});

test('without a database this node can not serve', () => {
	const { conditions } = watched();
	conditions.report('disk', 'nearly full');
	vi.advanceTimersByTime(5_000);
	conditions.report('database', 'gone');
	vi.advanceTimersByTime(5_000);
	const { status, problems } = conditions.state();
	expect(status).toBe('unavailable');
	expect(problems.map(({ name }) => name)).toEqual(['disk', 'database']);
});
