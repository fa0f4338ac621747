import { printOverTables } from '../expression.ts';
import { islandOfQuery } from '../join-tree.ts';
import { closure, determining, sourcesOf } from '../lineage.ts';
import type { ViewPlan } from '../plan.ts';
import { isDerived } from '../program/derived.ts';
import { groupColumns } from '../program/group-columns.ts';
import { inputRows, product, type Stages } from './parts.ts';
import type { Input } from './rows-step.ts';
import type { CostClass, Factor, Step } from './types.ts';

/** What the changed rows that go into groups do to them; `rows` is the step that found those. */
export function groupStep(
	plan: ViewPlan,
	types: readonly string[],
	stages: Stages,
	input: Input,
	{ gives: changed }: Step
): Step {
	const { sets } = plan.query.grouping!;
	const groups = product(isOneGroup(plan, input) ? [] : changed, sets.length > 1 ? [sets.length] : []);
	const kind = classOf(plan, types);
	const whole = inputRows(stages, plan);
	const size = inputRows(stages, plan, smallest(plan).map(printOverTables));
	const reads: Record<CostClass & ('group' | 'extreme' | 'regroup' | 'all'), Pick<Step, 'rows' | 'most'>> = {
		group: { rows: groups, most: [countOf(size)] },
		extreme: { rows: product([size], groups), most: [whole] },
		regroup: { rows: product([size], groups), most: [whole] },
		all: { rows: [whole], most: [whole] }
	};
	return { stage: plan.hash, class: kind, hops: [], ...reads[kind], gives: groups };
}

function classOf(plan: ViewPlan, types: readonly string[]): 'group' | 'extreme' | 'regroup' | 'all' {
	const { again, measures } = groupColumns(plan, types);
	if (again.length > 0) return smallest(plan).length === 0 ? 'all' : 'regroup';
	// sums of numeric are read again, too, but only where one of the values was no number
	return measures.some(({ low, high }) => low || high) ? 'extreme' : 'group';
}

/** The set with the largest groups. */
function smallest({ query }: ViewPlan) {
	const { groups, sets } = query.grouping!;
	const set = [...sets].sort((a, b) => a.length - b.length)[0]!;
	return set.map((index) => groups[index]!);
}

function countOf(size: Factor): Factor {
	return typeof size === 'object' && size.by !== undefined ? { rows: size.by } : 1;
}

/** Whether all rows that join a changed one are of one group: what makes it follows from that row. */
function isOneGroup(plan: ViewPlan, input: Input): boolean {
	const { scope, grouping } = plan.query;
	if (grouping!.groups.length === 0) return true;
	if (input.kind === 'part' || isDerived(plan)) return false;
	const known = closure(scope, determining(islandOfQuery(plan.query)), [input.source]);
	return grouping!.groups.flatMap(sourcesOf).every((source) => known.has(source));
}
