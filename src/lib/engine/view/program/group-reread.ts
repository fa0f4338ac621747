import type { ArgumentColumn, GroupColumns } from './group-columns.ts';
import { deltaColumns, deltaStages, isFinite } from './group-delta.ts';
import { sameGroup } from './group-match.ts';
import { mergeGroups } from './group-merge.ts';
import { type GroupView, stateColumns, visibleDifference } from './group-view.ts';

/**
 * First the lineage, giving the deltas; then, in a statement that sees it written, the groups. A group is
 * read again only where its deltas cannot tell: the extreme may have gone, or a sum is not finite.
 */
export function rereadingStatements(view: GroupView, rowType: string): string {
	const { columns, table, lineage } = view;
	const names = deltaColumns(view).map((column) => column.name);
	const kept = stateColumns(view).map(({ name }) => `s.${name} AS s_${name}`);
	return `DECLARE
	deltas ${rowType}[];
BEGIN
WITH ${deltaStages(view)}
SELECT array_agg(ROW(${names.map((name) => `d.${name}`).join(', ')})::${rowType}) INTO deltas FROM delta AS d;
IF deltas IS NULL THEN
	RETURN;
END IF;
RETURN QUERY
WITH known AS (
	SELECT d.*, ${kept.join(', ')},
		${needsReread(columns)} AS again
	FROM unnest(deltas) AS d LEFT JOIN ${table} AS s ON ${sameGroup(columns.groups, 's', 'd')}
), next AS (
	SELECT ${[...columns.groups.map(({ name }) => `k.${name}`), ...nextColumns(view)].join(', ')}
	FROM known AS k LEFT JOIN LATERAL (
		SELECT ${rereadColumns(columns).join(', ')} FROM ${lineage.name} AS l WHERE k.again AND ${sameGroup(columns.groups, 'l', 'k')}
	) AS r ON true
), folded AS (
	${mergeGroups(view)}
)
${visibleDifference(view, 'false')};
END;`;
}

/** Where the deltas leave a group's aggregates open. Over `d` and the group `s`, which may not be there. */
function needsReread(columns: GroupColumns): string {
	if (columns.again.length > 0) return 'true';
	return `(${columns.arguments
		.flatMap(needsOf)
		.map((need) => `COALESCE(${need}, false)`)
		.join(' OR ')})`;
}

function needsOf(a: ArgumentColumn): string[] {
	return [
		...(a.sum?.folding === 'finite'
			? [`d._odd${a.index}`, `NOT ${isFinite(`s._s${a.index}`, a.sum.type)}`]
			: []),
		...(a.low
			? [
					`d._outlo${a.index} <= s._lo${a.index} AND NOT COALESCE(d._inlo${a.index} <= s._lo${a.index}, false)`
				]
			: []),
		...(a.high
			? [
					`d._outhi${a.index} >= s._hi${a.index} AND NOT COALESCE(d._inhi${a.index} >= s._hi${a.index}, false)`
				]
			: [])
	];
}

/** Aggregates over the rows `l` of one group. */
function rereadColumns(columns: GroupColumns): string[] {
	return [
		...columns.arguments.flatMap((a) => [
			...(a.sum?.folding === 'finite' ? [`sum(l.${a.name}) AS _s${a.index}`] : []),
			...(a.low ? [`min(l.${a.name}) AS _lo${a.index}`] : []),
			...(a.high ? [`max(l.${a.name}) AS _hi${a.index}`] : [])
		]),
		...columns.again.map((column) => `${column.sql} AS ${column.name}`)
	];
}

/** A group's columns after the change, as `x_…`: out of what was (`k.s_…`), the deltas (`k.…`) and what was read again (`r`). */
function nextColumns({ columns }: GroupView): string[] {
	const again = (name: string, otherwise: string, zero?: string) =>
		`CASE WHEN k.again THEN ${zero ? `COALESCE(r.${name}, ${zero})` : `r.${name}`} ELSE ${otherwise} END AS x_${name}`;
	return [
		...columns.dependents.map(
			({ name }) => `CASE WHEN k._came > 0 THEN k.${name} ELSE k.s_${name} END AS x_${name}`
		),
		'COALESCE(k.s__n, 0) + k._came - k._went AS x__n',
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [`COALESCE(k.s__c${a.index}, 0) + k._c${a.index} AS x__c${a.index}`] : []),
			...(a.sum ? [nextSum(a, a.sum, again)] : []),
			...(a.sum?.scaled ? [`COALESCE(k.s__p${a.index}, 0) + k._p${a.index} AS x__p${a.index}`] : []),
			...(a.low ? [nextExtreme(`_lo${a.index}`, `LEAST(k.s__lo${a.index}, k._inlo${a.index})`)] : []),
			...(a.high ? [nextExtreme(`_hi${a.index}`, `GREATEST(k.s__hi${a.index}, k._inhi${a.index})`)] : [])
		]),
		...columns.again.map(({ name }) => `r.${name} AS x_${name}`)
	];
}

/** An equal value of another form (1.0 and 1.00) changes nothing. */
function nextExtreme(name: string, folded: string): string {
	return `CASE WHEN NOT k.again THEN ${folded} WHEN r.${name} = k.s_${name} THEN k.s_${name} ELSE r.${name} END AS x_${name}`;
}

function nextSum(
	a: ArgumentColumn,
	sum: { type: string; folding: string },
	again: (name: string, otherwise: string, zero?: string) => string
): string {
	const zero = `'0'::${sum.type}`;
	const folded = `COALESCE(k.s__s${a.index}, ${zero}) + k._s${a.index}`;
	return sum.folding === 'finite' ? again(`_s${a.index}`, folded, zero) : `${folded} AS x__s${a.index}`;
}
