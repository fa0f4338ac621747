import { expect, it } from 'vitest';
import type { Diagnostic } from '#kernel';
import { countByFile, gateAlone, mergeProblems, oncePerLine } from './problems.ts';

const problem = (
	file: string,
	line: number,
	message: string,
	more: Partial<Diagnostic> = {}
): Diagnostic => ({
	severity: 'error',
	file,
	line,
	column: 1,
	reason: 'X',
	message,
	...more
});

it('lists each problem once, errors first, by file and line', () => {
	const page = problem('pages/index.page.json', 4, 'no such view');
	const warning = problem('a.sql', 1, 'slow', { severity: 'warning' });
	const early = problem('pages/index.page.json', 2, 'no title');
	expect(mergeProblems([page], [], [warning, page, early])).toEqual([early, page, warning]);
});

it('TypeScript says the same on both sides under other reasons', () => {
	const here = problem('logic/a.ts', 3, 'Type A is not assignable', { reason: '2322' });
	const there = problem('logic/a.ts', 3, 'Type A  is not assignable', { reason: 'TYPES' });
	expect(mergeProblems([], [here], [there])).toEqual([here]);
});

it('what the browser finds too is not the gate’s alone', () => {
	const syntax = problem('pages/index.page.json', 5, 'This is not JSON', { reason: 'JSON_SYNTAX' });
	const other = problem('views/a.sql', 1, 'no such column');
	expect(gateAlone([{ ...syntax }, other], [syntax])).toEqual([other]);
});

it('counts by file', () => {
	const counts = countByFile([
		problem('a', 1, 'x'),
		problem('a', 2, 'y', { severity: 'warning' }),
		problem('b', 1, 'z')
	]);
	expect(counts.get('a')).toEqual({ errors: 1, warnings: 1 });
	expect(counts.get('b')).toEqual({ errors: 1, warnings: 0 });
});

it('the same words at one place are one problem, whoever says them', () => {
	const one = problem('module.json', 3, 'This is not JSON', { reason: 'JSON_SYNTAX' });
	const same = { ...one, reason: 'CARD' };
	expect(mergeProblems([one, { ...one }], [], [same])).toEqual([one]);
});

it('the same words at several places of a line are marked each and listed once', () => {
	const first = problem('pages/index.page.json', 1, '"x" is not in the rows', { column: 4 });
	const second = { ...first, column: 40 };
	const next = { ...first, line: 2 };
	const merged = mergeProblems([first, second, next], [], []);
	expect(merged).toEqual([first, second, next]);
	expect(oncePerLine(merged)).toEqual([first, next]);
});
