import { dependsOf, type Dependence } from './expression.ts';
import { allConditions, islandOfQuery } from './join-tree.ts';
import type { Query } from './query.ts';

/** The stages that subqueries in a query's expressions read. */
export function queryDepends(query: Query): Dependence[] {
	const { grouping, outputs, scope } = query;
	const expressions = [
		...allConditions(islandOfQuery(query)),
		...outputs.map(({ expression }) => expression),
		...scope.sources.flatMap(({ call }) => (call ? [call] : [])),
		...(grouping ? [...grouping.groups, ...grouping.dependents, ...grouping.aggregates] : [])
	];
	const found = expressions.flatMap(dependsOf);
	return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()];
}
