import { queryDepends } from '../depends.ts';
import type { Dependence } from '../expression.ts';
import { islandOfQuery, reaching } from '../join-tree.ts';
import { sourcesOf } from '../lineage.ts';
import type { ViewPlan } from '../plan.ts';
import { anchorSources, isDerived, isUnanchored, withArguments } from '../program/derived.ts';
import { inputRows, type Stages } from './parts.ts';
import type { CostClass, Hop, Step } from './types.ts';
import { amountOf, subqueryHop, walk, type Found } from './walk.ts';

/** By what a change comes into a stage: one of its sources, or a stage that a subquery in it reads. */
export type Input =
	{ readonly kind: 'source'; readonly source: number } | { readonly kind: 'part'; readonly part: Dependence };

/** The rows of a join that are computed again: what `lineageStages` does with changed keys. */
export function rowsStep(plan: ViewPlan, stages: Stages, input: Input): Step {
	const found = foundBy(plan, stages, input);
	const most = [inputRows(stages, plan)];
	const within = subqueryHops(plan, stages);
	if (!found) return { stage: plan.hash, class: 'all', hops: within, rows: most, most, gives: most };
	const hops = found.map(({ hop }) => hop);
	const rows = amountOf(stages, hops);
	return { stage: plan.hash, class: classOf(hops), hops: [...hops, ...within], rows, most, gives: rows };
}

function classOf(hops: readonly Hop[]): CostClass {
	if (hops.some(({ finds }) => finds === 'all')) return 'all';
	return hops.every(({ finds }) => finds === 'one') ? 'row' : 'matches';
}

/** Undefined: all rows. */
function foundBy(plan: ViewPlan, stages: Stages, input: Input): Found[] | undefined {
	const island = islandOfQuery(plan.query);
	if (isUnanchored(plan)) return undefined;
	if (!isDerived(plan))
		return input.kind === 'source' ? walk(plan, stages, island, [input.source]) : undefined;
	const touched = anchorsFrom(plan, stages, input);
	return touched && [...touched, ...walk(plan, stages, island, anchorSources(plan))];
}

/** How the anchors are found whose rows are made again. */
function anchorsFrom(plan: ViewPlan, stages: Stages, input: Input): Found[] | undefined {
	const anchors = anchorSources(plan);
	const island = islandOfQuery(plan.query);
	const needed = (sources: readonly number[]) => reaching(island, ...withArguments(plan, sources));
	if (input.kind === 'part') {
		const { on } = input.part;
		return on && walk(plan, stages, needed(on.flatMap(sourcesOf)), [], on);
	}
	if (anchors.every((anchor) => anchor === input.source)) return [];
	return walk(plan, stages, needed([input.source]), [input.source]);
}

/** What subqueries in expressions look up for each row; one that is a single row costs nothing. */
function subqueryHops(plan: ViewPlan, stages: Stages): Hop[] {
	return queryDepends(plan.query).flatMap((part) => {
		const { grouping } = stages.all.get(plan.refs[part.stage]!)!.query;
		if (grouping?.groups.length === 0) return [];
		const hop = subqueryHop(plan, stages, part);
		return [{ ...hop, looks: amountOf(stages, [hop]) }];
	});
}
