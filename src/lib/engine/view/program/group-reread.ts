import { againSql, type Measure } from './group-columns.ts';
import { deltaColumns, deltaStages, isFinite } from './group-delta.ts';
import { sameGroup } from './group-match.ts';
import { mergeGroups } from './group-merge.ts';
import {
	identityOf,
	sameIdentity,
	setNumber,
	stateColumns,
	visibleDifference,
	type GroupView
} from './group-view.ts';
import { identityColumns, shownRows } from './lineage-table.ts';

/**
 * First the lineage, giving the deltas; then, in a statement that sees it written, the groups. A group is
 * read again only where its deltas cannot tell: the extreme may have gone, or a sum is not finite.
 */
export function rereadingStatements(view: GroupView, rowType: string): string {
	const { table } = view;
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
		${needsReread(view)} AS again
	FROM unnest(deltas) AS d LEFT JOIN ${table} AS s ON ${sameIdentity(view, 's', 'd')}
), next AS (
	SELECT ${[...identityOf(view).map(({ name }) => `k.${name}`), ...nextColumns(view)].join(', ')}
	FROM known AS k LEFT JOIN LATERAL (
		${rereads(view).join('\n\t\tUNION ALL\n\t\t')}
	) AS r ON true
), folded AS (
	${mergeGroups(view)}
)
${visibleDifference(view, 'false')};
END;`;
}

/** Where the deltas leave a group's aggregates open. Over `d` and the group `s`, which may not be there. */
function needsReread({ columns }: GroupView): string {
	if (columns.again.length > 0) return 'true';
	return `(${columns.measures
		.flatMap(needsOf)
		.map((need) => `COALESCE(${need}, false)`)
		.join(' OR ')})`;
}

function needsOf({ index, sum, low, high }: Measure): string[] {
	return [
		...(sum?.folding === 'finite' ? [`d._odd${index}`, `NOT ${isFinite(`s._s${index}`, sum.type)}`] : []),
		...(low
			? [`d._outlo${index} <= s._lo${index} AND NOT COALESCE(d._inlo${index} <= s._lo${index}, false)`]
			: []),
		...(high
			? [`d._outhi${index} >= s._hi${index} AND NOT COALESCE(d._inhi${index} >= s._hi${index}, false)`]
			: [])
	];
}

/** One row for the group `k`: a SELECT for each set, of which only the group's own gives it. */
function rereads(view: GroupView): string[] {
	const { columns, lineage, sets } = view;
	const own = setNumber(view);
	return sets.map((set, number) => {
		const groups = set.map((index) => columns.rowGroups[index]!);
		const same = groups.length > 0 ? [sameGroup(groups, 'l', 'k')] : [];
		const isOwn = own.map(({ name }) => `k.${name} = ${number}`);
		const having = isOwn.length > 0 ? ` HAVING ${isOwn.join()}` : '';
		return `SELECT ${rereadColumns(view).join(', ')} FROM ${shownRows(lineage)} AS l WHERE ${['k.again', ...isOwn, ...same].join(' AND ')}${having}`;
	});
}

/** Aggregates over the rows `l` of one group. */
function rereadColumns({ plan, columns, lineage }: GroupView): string[] {
	const ties = identityColumns(lineage).map((name) => `l.${name}`);
	return [
		...columns.measures.flatMap((m) => {
			const filter = m.filter ? ` FILTER (WHERE l.${m.filter.name})` : '';
			const of = (name: string) => `${name}(l.${m.of!.name})${filter}`;
			return [
				...(m.sum?.folding === 'finite' ? [`${of('sum')} AS _s${m.index}`] : []),
				...(m.low ? [`${of('min')} AS _lo${m.index}`] : []),
				...(m.high ? [`${of('max')} AS _hi${m.index}`] : [])
			];
		}),
		...columns.again.map((column) => `${againSql(plan, columns, column, 'k.', ties)} AS ${column.name}`)
	];
}

/** A group's columns after the change, as `x_…`: out of what was (`k.s_…`), the deltas (`k.…`) and what was read again (`r`). */
function nextColumns({ columns }: GroupView): string[] {
	const folded = (name: string) => `COALESCE(k.s_${name}, 0) + k.${name} AS x_${name}`;
	return [
		...columns.dependents.map(
			({ name }) => `CASE WHEN k._came > 0 THEN k.${name} ELSE k.s_${name} END AS x_${name}`
		),
		'COALESCE(k.s__n, 0) + k._came - k._went AS x__n',
		...columns.measures.flatMap((m) => [
			...(m.counted ? [folded(`_c${m.index}`)] : []),
			...(m.trues ? [folded(`_t${m.index}`)] : []),
			...(m.sum ? [nextSum(m)] : []),
			...(m.sum?.scaled ? [folded(`_p${m.index}`)] : []),
			...(m.low ? [nextExtreme(`_lo${m.index}`, `LEAST(k.s__lo${m.index}, k._inlo${m.index})`)] : []),
			...(m.high ? [nextExtreme(`_hi${m.index}`, `GREATEST(k.s__hi${m.index}, k._inhi${m.index})`)] : [])
		]),
		...columns.distincts.flatMap(({ index, sum }) => [
			folded(`_e${index}`),
			...(sum ? [folded(`_f${index}`)] : [])
		]),
		...columns.again.map(({ name, anyForm }) =>
			anyForm ? `${oldForm(name, `r.${name}`)} AS x_${name}` : `r.${name} AS x_${name}`
		)
	];
}

/** An equal value of another form (1.0 and 1.00) changes nothing. */
function oldForm(name: string, now: string): string {
	return `CASE WHEN ${now} = k.s_${name} THEN k.s_${name} ELSE ${now} END`;
}

function nextExtreme(name: string, folded: string): string {
	return `CASE WHEN NOT k.again THEN ${folded} ELSE ${oldForm(name, `r.${name}`)} END AS x_${name}`;
}

function nextSum({ index, sum }: Measure): string {
	const zero = `'0'::${sum!.type}`;
	const name = `_s${index}`;
	const folded = `COALESCE(k.s_${name}, ${zero}) + k.${name}`;
	if (sum!.folding === 'exact') return `${folded} AS x_${name}`;
	return `CASE WHEN k.again THEN COALESCE(r.${name}, ${zero}) ELSE ${folded} END AS x_${name}`;
}
