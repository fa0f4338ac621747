import { sameGroup } from './group-match.ts';
import { type GroupView, returning, stateColumns } from './group-view.ts';
import { differ } from './text.ts';

/** Writes `next` (group columns, and the others as `x_…`) into the groups. */
export function mergeGroups(view: GroupView): string {
	const { columns, table, global } = view;
	const state = stateColumns(view).map((column) => column.name);
	const groups = columns.groups.map((column) => column.name);
	return `MERGE INTO ${table} AS s USING next AS n ON ${sameGroup(columns.groups, 's', 'n')}
	${global ? '' : 'WHEN MATCHED AND n.x__n = 0 THEN DELETE\n\t'}WHEN MATCHED AND ${differ(
		state.map((name) => `n.x_${name}`),
		state.map((name) => `s.${name}`)
	)}
		THEN UPDATE SET ${state.map((name) => `${name} = n.x_${name}`).join(', ')}
	WHEN NOT MATCHED AND n.x__n > 0 THEN INSERT (${[...groups, ...state].join(', ')}) VALUES (${[...groups.map((name) => `n.${name}`), ...state.map((name) => `n.x_${name}`)].join(', ')})
	RETURNING ${returning(view)}`;
}
