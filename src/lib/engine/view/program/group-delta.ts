import type { ArgumentColumn } from './group-columns.ts';
import type { GroupView, StateColumn } from './group-view.ts';
import { lineageStages } from './lineage-table.ts';

/** Group columns and what the difference of the lineage adds up to in each group. */
export function deltaColumns({ columns }: GroupView): StateColumn[] {
	return [
		...columns.groups,
		...columns.dependents,
		{ name: '_came', type: 'bigint' },
		{ name: '_went', type: 'bigint' },
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [{ name: `_c${a.index}`, type: 'bigint' }] : []),
			...(a.sum ? [{ name: `_s${a.index}`, type: a.sum.type }] : []),
			...(a.sum?.scaled ? [{ name: `_p${a.index}`, type: 'numeric' }] : []),
			...(a.sum?.folding === 'finite' ? [{ name: `_odd${a.index}`, type: 'boolean' }] : []),
			...(a.low ? [`_inlo${a.index}`, `_outlo${a.index}`].map((name) => ({ name, type: a.type })) : []),
			...(a.high ? [`_inhi${a.index}`, `_outhi${a.index}`].map((name) => ({ name, type: a.type })) : [])
		])
	];
}

/** The lineage's merge and `delta`, one row for each group that it touched. */
export function deltaStages(view: GroupView): string {
	const { plan, columns, lineage } = view;
	const names = lineage.payload.map((column) => column.name);
	const side = (came: boolean) =>
		`SELECT ${[`${came} AS came`, ...names.map((name) => `m.${came ? 'n' : 'o'}_${name} AS ${name}`)].join(', ')} FROM moved AS m WHERE m.${came ? 'has' : 'had'}`;
	const values = [
		...columns.groups.map(({ name }) => `s.${name}`),
		...columns.dependents.map(({ name }) => `(array_agg(s.${name}) FILTER (WHERE s.came))[1] AS ${name}`),
		'count(*) FILTER (WHERE s.came) AS _came',
		'count(*) FILTER (WHERE NOT s.came) AS _went',
		...columns.arguments.flatMap(deltaOfArgument)
	];
	const by =
		columns.groups.length > 0
			? `GROUP BY ${columns.groups.map(({ name }) => `s.${name}`).join(', ')}`
			: 'HAVING count(*) > 0';
	return `${lineageStages(plan, lineage, true)},
sides AS (
	${side(true)}
	UNION ALL
	${side(false)}
), delta AS (
	SELECT ${values.join(',\n\t\t')}
	FROM sides AS s ${by}
)`;
}

function deltaOfArgument(a: ArgumentColumn): string[] {
	const value = `s.${a.name}`;
	const of = (aggregate: string, condition: string) => `${aggregate}(${value}) FILTER (WHERE ${condition})`;
	const result: string[] = [];
	if (a.counted) result.push(`${of('count', 's.came')} - ${of('count', 'NOT s.came')} AS _c${a.index}`);
	if (a.sum) {
		const finite = a.sum.folding === 'finite' ? ` AND ${isFinite(value, a.type)}` : '';
		const zero = `'0'::${a.sum.type}`;
		result.push(
			`COALESCE(${of('sum', `s.came${finite}`)}, ${zero}) - COALESCE(${of('sum', `NOT s.came${finite}`)}, ${zero}) AS _s${a.index}`
		);
	}
	if (a.sum?.scaled) {
		const weights = (side: string) =>
			`COALESCE(sum(${scaleWeight(value)}) FILTER (WHERE ${side} AND ${isFinite(value, a.type)}), 0)`;
		result.push(`${weights('s.came')} - ${weights('NOT s.came')} AS _p${a.index}`);
	}
	if (a.sum?.folding === 'finite')
		result.push(`COALESCE(bool_or(NOT ${isFinite(value, a.type)}), false) AS _odd${a.index}`);
	if (a.low)
		result.push(
			`${of('min', 's.came')} AS _inlo${a.index}`,
			`${of('min', 'NOT s.came')} AS _outlo${a.index}`
		);
	if (a.high)
		result.push(
			`${of('max', 's.came')} AS _inhi${a.index}`,
			`${of('max', 'NOT s.came')} AS _outhi${a.index}`
		);
	return result;
}

/** NaN and the infinities cannot be subtracted again. */
export function isFinite(value: string, type: string): string {
	if (type === 'interval') return `isfinite(${value})`;
	return `(${value} NOT IN ('NaN', 'Infinity', '-Infinity'))`;
}

/**
 * A sum's scale is the largest of its values', also after others went. Each value counts as a power of
 * 10^12 by its scale: such weights can be added and subtracted, and their length tells the largest scale.
 */
export function scaleWeight(value: string): string {
	return `('1e' || 12 * scale(${value}))::numeric`;
}
