import { columnOf, type CatalogColumn } from './catalog.ts';
import { identity } from './expression.ts';
import { isGroupNotNull, type Grouping } from './grouping.ts';
import { lineageSources } from './lineage.ts';
import { absentName, keyName } from './program/lineage-table.ts';
import type { Query } from './query.ts';
import { columnSpec } from './scope.ts';

/**
 * The columns that tell a stage's rows apart for those that read it: none is ever NULL. Types that only
 * Postgres knows are ''.
 */
export function stageKey(query: Query, lineage: readonly number[] = lineageOf(query)): CatalogColumn[] {
	if (query.grouping) return groupKey(query, query.grouping);
	if (query.union) return unionKey;
	return lineage.flatMap((source) => {
		const { table, nullable } = query.scope.sources[source]!;
		const hidden = { nullable: false, hidden: true };
		const key = table.key.map((name, index): CatalogColumn => ({
			...table.columns.find((column) => column.name === name)!,
			...hidden,
			name: keyName(source, index),
			// of a row that lacks the source the key has a stand-in
			...(nullable ? {} : shownAs(query, keyOutput(query, source, name)))
		}));
		return nullable ? [...key, { ...hidden, name: absentName(source), type: 'boolean', array: false }] : key;
	});
}

/** The branch, and the key that the row has there. */
const unionKey: CatalogColumn[] = [
	{ name: '_b', type: 'smallint', array: false, nullable: false, hidden: true },
	{ name: '_k', type: 'text', array: false, nullable: false, hidden: true }
];

/** Sources whose keys make the row key of a view without groups, as indexes into FROM. */
export function lineageOf(query: Query): number[] {
	if (query.union) return [];
	return lineageSources(query, (source) => isKeyShown(query, source));
}

function isKeyShown(query: Query, source: number): boolean {
	return query.scope.sources[source]!.table.key.every((column) => keyOutput(query, source, column) >= 0);
}

/** The index of the output that is this key column of a source, or -1. */
export function keyOutput({ scope, outputs }: Query, source: number, key: string): number {
	const names = [key, columnOf(scope.sources[source]!.table, key)!.shownAs];
	return outputs.findIndex(
		({ expression }) =>
			expression.kind === 'column' && expression.source === source && names.includes(expression.column)
	);
}

function shownAs({ outputs }: Query, output: number): Pick<CatalogColumn, 'shownAs'> {
	const name = outputs[output]?.name;
	return name === undefined ? {} : { shownAs: name };
}

/** One column for a group that is never NULL; for others what stands in for NULL, and whether it does. */
function groupKey(query: Query, grouping: Grouping): CatalogColumn[] {
	const { scope, outputs } = query;
	const hidden = { array: false, nullable: false, hidden: true };
	const groups = grouping.groups.flatMap((group, index) => {
		const known = group.kind === 'column' ? columnSpec(scope, group) : undefined;
		const own = { ...hidden, type: known?.type ?? '', array: known?.array ?? false };
		if (!isGroupNotNull(grouping, scope, index)) return [own, { ...hidden, type: 'boolean' }];
		const output = outputs.findIndex(({ expression }) => identity(expression) === identity(group));
		return [{ ...own, ...shownAs(query, output) }];
	});
	const columns = [...(grouping.sets.length > 1 ? [{ ...hidden, type: 'smallint' }] : []), ...groups];
	return (columns.length > 0 ? columns : [{ ...hidden, type: 'integer' }]).map((column, index) => ({
		...column,
		name: `_t${index}`
	}));
}
