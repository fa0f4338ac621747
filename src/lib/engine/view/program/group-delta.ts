import type { Measure } from './group-columns.ts';
import { distinctDeltas, distinctStages } from './group-distinct.ts';
import { groupedBySets, setNumber, type GroupView, type StateColumn } from './group-view.ts';
import { lineageStages } from './lineage-table.ts';

/** Group columns and what the difference of the lineage adds up to in each group. */
export function deltaColumns(view: GroupView): StateColumn[] {
	const { columns } = view;
	return [
		...setNumber(view),
		...columns.groups,
		...columns.dependents,
		{ name: '_came', type: 'bigint' },
		{ name: '_went', type: 'bigint' },
		...columns.measures.flatMap((m) => [
			...(m.counted ? [{ name: `_c${m.index}`, type: 'bigint' }] : []),
			...(m.trues ? [{ name: `_t${m.index}`, type: 'bigint' }] : []),
			...(m.sum ? [{ name: `_s${m.index}`, type: m.sum.type }] : []),
			...(m.sum?.scaled ? [{ name: `_p${m.index}`, type: 'numeric' }] : []),
			...(m.sum?.folding === 'finite' ? [{ name: `_odd${m.index}`, type: 'boolean' }] : []),
			...(m.low ? ends(m, '_inlo', '_outlo') : []),
			...(m.high ? ends(m, '_inhi', '_outhi') : [])
		]),
		...columns.distincts.flatMap(({ index, sum }) => [
			{ name: `_e${index}`, type: 'bigint' },
			...(sum ? [{ name: `_f${index}`, type: sum }] : [])
		])
	];
}

function ends({ index, of }: Measure, ...names: string[]): StateColumn[] {
	return names.map((name) => ({ name: `${name}${index}`, type: of!.type }));
}

/** The lineage's merge and `delta`, one row for each group that it touched. */
export function deltaStages(view: GroupView): string {
	const { plan, columns, lineage } = view;
	const names = lineage.payload.map((column) => column.name);
	const side = (came: boolean) =>
		`SELECT ${[`${came} AS came`, ...names.map((name) => `m.${came ? 'n' : 'o'}_${name} AS ${name}`)].join(', ')} FROM moved AS m WHERE m.${came ? 'has' : 'had'}`;
	const values = [
		...columns.dependents.map(({ name }) => `any_value(s.${name}) FILTER (WHERE s.came) AS ${name}`),
		'count(*) FILTER (WHERE s.came) AS _came',
		'count(*) FILTER (WHERE NOT s.came) AS _went',
		...columns.measures.flatMap(deltaOfMeasure)
	];
	return `${lineageStages(plan, lineage, true)},
sides AS (
	${side(true)}
	UNION ALL
	${side(false)}
), ${deltaStage(view, groupedBySets(view, 's', 'FROM sides AS s', values, 'HAVING count(*) > 0'))}`;
}

/** `delta`, with what came of distinct values. */
function deltaStage(view: GroupView, rows: string): string {
	const stages = distinctStages(view);
	if (stages.length === 0) return `delta AS (\n\t${rows}\n)`;
	const { columns, joins } = distinctDeltas(view);
	return `plain AS (
	${rows}
), ${stages.join(',\n')},
delta AS (SELECT ${['d.*', ...columns].join(', ')} FROM plain AS d${joins})`;
}

function deltaOfMeasure(m: Measure): string[] {
	const value = m.of ? `s.${m.of.name}` : '*';
	const filter = m.filter ? ` AND s.${m.filter.name}` : '';
	const of = (aggregate: string, condition: string) =>
		`${aggregate}(${value}) FILTER (WHERE ${condition}${filter})`;
	const result: string[] = [];
	if (m.counted) result.push(`${of('count', 's.came')} - ${of('count', 'NOT s.came')} AS _c${m.index}`);
	if (m.trues)
		result.push(
			`${of('count', `s.came AND ${value}`)} - ${of('count', `NOT s.came AND ${value}`)} AS _t${m.index}`
		);
	if (m.sum) result.push(...deltaOfSum(m, value, filter));
	if (m.low)
		result.push(
			`${of('min', 's.came')} AS _inlo${m.index}`,
			`${of('min', 'NOT s.came')} AS _outlo${m.index}`
		);
	if (m.high)
		result.push(
			`${of('max', 's.came')} AS _inhi${m.index}`,
			`${of('max', 'NOT s.came')} AS _outhi${m.index}`
		);
	return result;
}

function deltaOfSum({ index, sum, of }: Measure, value: string, filter: string): string[] {
	const finite = isFinite(value, of!.type);
	const counts = (side: string) => `${side}${sum!.folding === 'finite' ? ` AND ${finite}` : ''}${filter}`;
	const total = (side: string) => `COALESCE(sum(${value}) FILTER (WHERE ${counts(side)}), '0'::${sum!.type})`;
	const result = [`${total('s.came')} - ${total('NOT s.came')} AS _s${index}`];
	if (sum!.scaled) {
		const weights = (side: string) =>
			`COALESCE(sum(${scaleWeight(value)}) FILTER (WHERE ${counts(side)}), 0)`;
		result.push(`${weights('s.came')} - ${weights('NOT s.came')} AS _p${index}`);
	}
	if (sum!.folding === 'finite')
		result.push(`COALESCE(bool_or(NOT ${finite}${filter}), false) AS _odd${index}`);
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
