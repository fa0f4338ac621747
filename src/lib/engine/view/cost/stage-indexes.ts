import { identity } from '../expression.ts';
import { isGroupNotNull, isOutputNotNull, type Grouping } from '../grouping.ts';
import type { ViewPlan } from '../plan.ts';
import type { Query } from '../query.ts';
import { stageKey } from '../stage-key.ts';

/**
 * The indexes that the state of a stage has, as lists of its columns, hidden ones by their own names. Columns
 * of an index that no plain equality can use end its list.
 */
export function stageIndexes({ query, lineage }: ViewPlan): readonly (readonly string[])[] {
	const key = stageKey(query, lineage).map(({ name }) => name);
	if (query.grouping) return [key, groupsShown(query, query.grouping)];
	const { index, lookups = [] } = query;
	const equal = index ? [...index.equal, ...index.order.map(({ name }) => name)] : [];
	const usable = equal.findIndex((name, at) => at < index!.equal.length && isNullable(query, name));
	return [key, ...lookups, usable < 0 ? equal : equal.slice(0, usable)].filter((list) => list.length > 0);
}

function isNullable(query: Query, name: string): boolean {
	const output = query.outputs.find((one) => one.name === name)!;
	return !isOutputNotNull(query, output.expression);
}

/** The outputs that are the groups, from the first on: the index of groups is by the same. */
function groupsShown({ outputs, scope }: Query, grouping: Grouping): string[] {
	if (grouping.sets.length > 1) return [];
	const names = grouping.groups.map((group, index) =>
		isGroupNotNull(grouping, scope, index)
			? outputs.find(({ expression }) => identity(expression) === identity(group))?.name
			: undefined
	);
	const end = names.indexOf(undefined);
	return (end < 0 ? names : names.slice(0, end)) as string[];
}
