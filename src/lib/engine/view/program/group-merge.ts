import { deleteWhere } from './group-fold.ts';
import { identityOf, returning, sameIdentity, stateColumns, type GroupView } from './group-view.ts';
import { differ } from './text.ts';

/** Writes `next` (what tells groups apart, and the other columns as `x_…`) into the groups. */
export function mergeGroups(view: GroupView): string {
	const state = stateColumns(view).map((column) => column.name);
	const identity = identityOf(view).map((column) => column.name);
	return `MERGE INTO ${view.table} AS s USING next AS n ON ${sameIdentity(view, 's', 'n')}
	${deleteWhere(view, 'n.x__n = 0', 's')}WHEN MATCHED AND ${differ(
		state.map((name) => `n.x_${name}`),
		state.map((name) => `s.${name}`)
	)}
		THEN UPDATE SET ${state.map((name) => `${name} = n.x_${name}`).join(', ')}
	WHEN NOT MATCHED AND n.x__n > 0 THEN INSERT (${[...identity, ...state].join(', ')}) VALUES (${[...identity.map((name) => `n.${name}`), ...state.map((name) => `n.x_${name}`)].join(', ')})
	RETURNING ${returning(view)}`;
}
