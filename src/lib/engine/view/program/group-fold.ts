import { deltaStages } from './group-delta.ts';
import {
	identityOf,
	isAlways,
	returning,
	sameIdentity,
	stateColumns,
	visibleDifference,
	type GroupView
} from './group-view.ts';
import { differ } from './text.ts';

/** Counts and exact sums alone: the whole chain is one statement. */
export function foldingStatement(view: GroupView): string {
	const { table } = view;
	const next = stateColumns(view).map(({ name, type }) => {
		if (name.startsWith('_d'))
			return {
				name,
				type,
				sql: `CASE WHEN n._came > 0 THEN n.${name} ELSE s.${name} END`,
				first: `n.${name}`
			};
		const delta = name === '_n' ? '(n._came - n._went)' : `n.${name}`;
		return { name, type, sql: `s.${name} + ${delta}`, first: delta };
	});
	const update = `WHEN MATCHED AND ${differ(
		next.map((c) => c.sql),
		next.map((c) => `s.${c.name}`)
	)}
		THEN UPDATE SET ${next.map((c) => `${c.name} = ${c.sql}`).join(', ')}`;
	const all = [...identityOf(view).map(({ name }) => ({ name, first: `n.${name}` })), ...next];
	return `RETURN QUERY
WITH ${deltaStages(view)},
folded AS (
	MERGE INTO ${table} AS s USING delta AS n ON ${sameIdentity(view, 's', 'n')}
	${deleteWhere(view, 's._n + n._came - n._went = 0', 's')}${update}
	WHEN NOT MATCHED THEN INSERT (${all.map((c) => c.name).join(', ')}) VALUES (${all.map((c) => c.first).join(', ')})
	RETURNING ${returning(view)}
)
${visibleDifference(view, 'false')};`;
}

/** A branch of a merge that takes groups away which have no rows any more. */
export function deleteWhere(view: GroupView, isEmpty: string, row: string): string {
	const always = isAlways(view, row);
	if (always === 'true') return '';
	return `WHEN MATCHED AND ${isEmpty}${always ? ` AND NOT (${always})` : ''} THEN DELETE\n\t`;
}
