import { againSql, type DistinctColumn, type Measure } from './group-columns.ts';
import { isFinite, scaleWeight } from './group-delta.ts';
import { distinctFill } from './group-distinct.ts';
import { mergeGroups } from './group-merge.ts';
import {
	groupedBySets,
	identityOf,
	sameIdentity,
	stateColumns,
	visibleDifference,
	type GroupView
} from './group-view.ts';
import { identityColumns, lineageFill, shownRows } from './lineage-table.ts';

/** The whole lineage, then every group from it. */
export function fullStatements(view: GroupView): string {
	const { plan, columns, lineage, table } = view;
	const ties = identityColumns(lineage).map((name) => `l.${name}`);
	const values = [
		...columns.dependents.map(({ name }) => `any_value(l.${name}) AS ${name}`),
		'count(*) AS _n',
		...columns.measures.flatMap(wholeMeasure),
		...columns.distincts.flatMap(wholeDistinct),
		...columns.again.map((column) => `${againSql(plan, columns, column, 'l.', ties)} AS ${column.name}`)
	];
	const anyForm = new Set([
		...columns.again.flatMap((column) => (column.anyForm ? [column.name] : [])),
		...columns.measures.flatMap(({ index }) => [`_lo${index}`, `_hi${index}`])
	]);
	const next = [
		...identityOf(view).map(({ name }) => `COALESCE(k.${name}, s.${name}) AS ${name}`),
		...stateColumns(view).map(({ name }) => {
			if (name === '_n') return 'COALESCE(k._n, 0) AS x__n';
			return anyForm.has(name)
				? `CASE WHEN k.${name} = s.${name} THEN s.${name} ELSE k.${name} END AS x_${name}`
				: `k.${name} AS x_${name}`;
		})
	];
	const rows = `FROM ${shownRows(lineage)} AS l`;
	return `${[lineageFill(plan, lineage), distinctFill(view, rows)].filter(Boolean).join('\n')}
RETURN QUERY
WITH k AS (
	${groupedBySets(view, 'l', rows, values)}
), next AS (
	SELECT ${next.join(', ')} FROM k FULL JOIN ${table} AS s ON ${sameIdentity(view, 's', 'k')}
), folded AS (
	${mergeGroups(view)}
)
${visibleDifference(view, 'quiet')};
IF quiet THEN
	ANALYZE ${lineage.name}; ANALYZE ${table};
END IF;`;
}

function wholeDistinct({ index, of, filter, sum }: DistinctColumn): string[] {
	const value = `DISTINCT l.${of.name}`;
	const where = filter ? ` FILTER (WHERE l.${filter.name})` : '';
	return [
		`count(${value})${where} AS _e${index}`,
		...(sum ? [`COALESCE(sum(${value})${where}, '0'::${sum}) AS _f${index}`] : [])
	];
}

function wholeMeasure(m: Measure): string[] {
	const value = m.of ? `l.${m.of.name}` : '*';
	const where = (...conditions: string[]) => {
		const all = [...conditions, ...(m.filter ? [`l.${m.filter.name}`] : [])];
		return all.length > 0 ? ` FILTER (WHERE ${all.join(' AND ')})` : '';
	};
	return [
		...(m.counted ? [`count(${value})${where()} AS _c${m.index}`] : []),
		...(m.trues ? [`count(${value})${where(value)} AS _t${m.index}`] : []),
		...(m.sum ? [`COALESCE(sum(${value})${where()}, '0'::${m.sum.type}) AS _s${m.index}`] : []),
		...(m.sum?.scaled
			? [`COALESCE(sum(${scaleWeight(value)})${where(isFinite(value, m.of!.type))}, 0) AS _p${m.index}`]
			: []),
		...(m.low ? [`min(${value})${where()} AS _lo${m.index}`] : []),
		...(m.high ? [`max(${value})${where()} AS _hi${m.index}`] : [])
	];
}
