import { isFinite, scaleWeight } from './group-delta.ts';
import { sameGroup } from './group-match.ts';
import { mergeGroups } from './group-merge.ts';
import { type GroupView, stateColumns, visibleDifference } from './group-view.ts';
import { lineageFill } from './lineage-table.ts';

/** The whole lineage, then every group from it. */
export function fullStatements(view: GroupView): string {
	const { plan, columns, lineage, table, global } = view;
	const values = [
		...columns.groups.map(({ name }) => `l.${name}`),
		...columns.dependents.map(({ name }) => `(array_agg(l.${name}))[1] AS ${name}`),
		'count(*) AS _n',
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [`count(l.${a.name}) AS _c${a.index}`] : []),
			...(a.sum ? [`COALESCE(sum(l.${a.name}), '0'::${a.sum.type}) AS _s${a.index}`] : []),
			...(a.sum?.scaled
				? [
						`COALESCE(sum(${scaleWeight(`l.${a.name}`)}) FILTER (WHERE ${isFinite(`l.${a.name}`, a.type)}), 0) AS _p${a.index}`
					]
				: []),
			...(a.low ? [`min(l.${a.name}) AS _lo${a.index}`] : []),
			...(a.high ? [`max(l.${a.name}) AS _hi${a.index}`] : [])
		]),
		...columns.again.map((column) => `${column.sql} AS ${column.name}`)
	];
	const by = global ? '' : ` GROUP BY ${columns.groups.map(({ name }) => `l.${name}`).join(', ')}`;
	const next = [
		...columns.groups.map(({ name }) => `COALESCE(k.${name}, s.${name}) AS ${name}`),
		...stateColumns(view).map(({ name }) => {
			if (name === '_n') return 'COALESCE(k._n, 0) AS x__n';
			return /^_(lo|hi)/.test(name)
				? `CASE WHEN k.${name} = s.${name} THEN s.${name} ELSE k.${name} END AS x_${name}`
				: `k.${name} AS x_${name}`;
		})
	];
	const join = global
		? ` LEFT JOIN ${table} AS s ON true`
		: ` FULL JOIN ${table} AS s ON ${sameGroup(columns.groups, 's', 'k')}`;
	return `${lineageFill(plan, lineage)}
RETURN QUERY
WITH k AS (
	SELECT ${values.join(', ')} FROM ${lineage.name} AS l${by}
), next AS (
	SELECT ${next.join(', ')} FROM k${join}
), folded AS (
	${mergeGroups(view)}
)
${visibleDifference(view, 'quiet')};
IF quiet THEN
	ANALYZE ${lineage.name}; ANALYZE ${table};
END IF;`;
}
