import type { CostClass } from './types.ts';

/** From what touches least to what touches most. */
export const costClasses: readonly CostClass[] = [
	'row',
	'first',
	'group',
	'matches',
	'extreme',
	'regroup',
	'partition',
	'all'
];
