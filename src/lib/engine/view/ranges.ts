import { queryDepends } from './depends.ts';
import { islandOfQuery } from './join-tree.ts';
import { isCall } from './lineage.ts';
import type { ViewPlan } from './plan.ts';
import type { ViewProgram } from './types.ts';

/**
 * By what a new view can be filled range by range: a table that every row has a row of, so that its keys lead
 * to all rows. Not where stages are read, whose rows have no ranges; nor where a range would cost more than
 * its own rows: where `rereads`, every range would read all that its groups had before. Nor where a row is
 * there without any.
 */
export function rangesOf({ query, lineage }: ViewPlan, rereads: boolean): Pick<ViewProgram, 'ranges'> {
	const { sources } = query.scope;
	const inner = islandOfQuery(query).sources;
	const usesStages = sources.some(({ stage }) => stage !== undefined) || queryDepends(query).length > 0;
	const isAlways = query.grouping?.sets.some((set) => set.length === 0) ?? false;
	if (usesStages || rereads || isAlways || query.over) return {};
	// The rows then come in the order of their own key.
	const tables = inner.filter((one) => !isCall(query.scope, one));
	const source = lineage.find((one) => tables.includes(one)) ?? tables[0];
	return source === undefined ? {} : { ranges: [sources[source]!.table.name] };
}
