import type { Expression } from '../expression.ts';
import { islandOfQuery } from '../join-tree.ts';
import type { ViewPlan } from '../plan.ts';
import { firstOf } from '../program/top-k.ts';
import { listOf } from './list.ts';
import { relationOf, type Stages } from './parts.ts';
import { stageKind } from './steps.ts';
import type { Relation, StageKind } from './types.ts';

/** The view's name, or what its author wrote: `cte totals`. */
export function titleOf({ name, hidden }: Pick<ViewPlan, 'name' | 'hidden'>): string {
	return hidden ? name.slice(name.indexOf(': ') + 2) : name;
}

/** What a stage does, for people. */
export function doesOf(plan: ViewPlan, stages: Stages): string {
	return sentences[stageKind(plan)](plan, namesOf(plan, stages));
}

function nameOf(relation: Relation, stages: Stages): string {
	return relation.kind === 'table' ? relation.name : titleOf(stages.all.get(relation.hash)!);
}

function namesOf(plan: ViewPlan, stages: Stages): string {
	const { sources } = plan.query.scope;
	const names = sources.flatMap(({ call, alias }, source) =>
		call ? (alias ? [`${alias}()`] : []) : [nameOf(relationOf(plan, source), stages)]
	);
	return names.length === 0 ? 'one row' : listOf(names);
}

const sentences: Readonly<Record<StageKind, (plan: ViewPlan, names: string) => string>> = {
	through: (plan, names) => `${joins(plan, names)}; read from the table itself, nothing is stored`,
	rows: joins,
	groups: (plan, names) => {
		const { groups, sets, aggregates } = plan.query.grouping!;
		const from = joins(plan, names);
		const first = from.charAt(0).toLowerCase() + from.slice(1);
		if (groups.length === 0) return `Counts up all rows as one group: ${first}`;
		const by = listOf(groups.map(columnName));
		const times = sets.length > 1 ? ` in ${sets.length} sets` : '';
		return aggregates.length === 0
			? `Without doubles by ${by}: ${first}`
			: `Groups by ${by}${times}: ${first}`;
	},
	windows: (plan, names) => {
		const first = firstOf(plan);
		const of = first?.limit === undefined ? '' : `, the first ${first.offset + first.limit} alone`;
		return `Window functions over ${names}${each(plan)}${of}`;
	},
	first: (plan, names) => {
		const { limit, offset } = firstOf(plan)!;
		const skipped = offset > 0 ? ` after ${offset}` : '';
		return `${limit === undefined ? 'The rows' : limit === 1 ? 'The first row' : `The first ${limit} rows`}${skipped} of ${names}${each(plan)}`;
	},
	union: (plan, names) => `The rows of ${names}, one after the other`
};

function joins({ query }: ViewPlan, names: string): string {
	const tables = query.scope.sources.filter(({ call }) => !call).length;
	const island = islandOfQuery(query);
	if (tables < 2) return `Rows of ${names}`;
	return `Joins ${names}${island.outer.length > 0 ? ', also rows without a partner' : ''}`;
}

function each({ query }: ViewPlan): string {
	const columns = query.over!.partition.map(({ column }) => column);
	return columns.length > 0 ? `, for each ${listOf(columns)}` : '';
}

function columnName(expression: Expression): string {
	return expression.kind === 'column' ? expression.column : 'an expression';
}
