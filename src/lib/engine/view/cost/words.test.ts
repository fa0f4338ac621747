import { describe, expect, test } from 'vitest';
import type { EstimatedStep } from './estimate.ts';
import type { CostClass, StageCost } from './types.ts';
import { changeText, scanTexts, stepText, worstOf } from './words.ts';

const step = (kind: CostClass, about?: number, scans: EstimatedStep['scans'] = []): EstimatedStep => ({
	stage: 's',
	class: kind,
	hops: [],
	rows: [],
	gives: [],
	about,
	looks: 0,
	scans
});
const stages: readonly StageCost[] = [
	{ hash: 's', title: 'cte totals', isView: false, kind: 'rows', does: '', reads: [] }
];

test.each<[CostClass, number | undefined, string]>([
	['row', undefined, 'touches one row'],
	['row', 1, 'touches one row'],
	['row', 0.2, 'touches one row'],
	['row', 312, 'touches about 310 rows'],
	['first', 10, 'looks at the first 10 rows'],
	['first', 1, 'looks at the first row'],
	['group', 1, 'changes one group'],
	['group', 40, 'changes about 40 groups'],
	['matches', undefined, 'touches the rows that join it'],
	['matches', 99.6, 'touches about 100 rows that join it'],
	[
		'extreme',
		1234,
		'changes one group; reads its about 1,200 rows again where its least or greatest value goes'
	],
	['regroup', 1234, 'recomputes a group of about 1,200 rows'],
	['regroup', undefined, 'recomputes a group'],
	['partition', 5678, 'recomputes a partition of about 5,700 rows'],
	['all', 1_234_567, 'recomputes all, about 1,200,000 rows'],
	['all', undefined, 'recomputes all']
])('%s of %s: %s', (kind, about, text) => {
	expect(stepText({ class: kind, about })).toBe(text);
});

describe('a change', () => {
	test('is called by the step that touches most, and by all that is not next to nothing', () => {
		const steps = [
			step('row', 1),
			step('matches', 30),
			step('group', 1),
			step('regroup', 500),
			step('row', 1)
		];
		expect(worstOf(steps)).toBe(steps[3]);
		expect(changeText(steps, stages)).toBe(
			'touches about 30 rows that join it; recomputes a group of about 500 rows'
		);
		expect(changeText([step('row', 1), step('group', 1)], stages)).toBe('changes one group');
	});

	test('tells once what it reads as a whole, and why', () => {
		const table = { relation: { kind: 'table', name: 'tickets' }, columns: ['a', 'b'], about: 2000 } as const;
		const stage = { relation: { kind: 'stage', hash: 's' }, columns: [], about: undefined } as const;
		expect(scanTexts([table, stage, table], stages)).toEqual([
			'reads all of tickets (about 2,000 rows): there is no index on a and b',
			'reads all of cte totals'
		]);
		expect(changeText([step('row', 1, [stage])], stages)).toBe('touches one row; reads all of cte totals');
	});
});
