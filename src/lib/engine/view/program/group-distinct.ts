import type { DistinctColumn } from './group-columns.ts';
import { groupIndex, indexTerm, sameValue } from './group-match.ts';
import {
	groupedBySets,
	groupKeyColumns,
	identityOf,
	sameIdentity,
	setNumber,
	type GroupView
} from './group-view.ts';

/**
 * Each value that an aggregate with DISTINCT has seen in a group, with how many rows have it: a value counts
 * from its first row to its last. `{state}.x0_<hash>`
 */
export function distinctTable({ plan }: GroupView, { index }: DistinctColumn): string {
	return `{state}.x${index}_${plan.hash}`;
}

export function createDistincts(view: GroupView): string[] {
	const groups = [
		...setNumber(view).map(({ name, type }) => `${name} ${type} NOT NULL`),
		...view.columns.groups.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '' : ' NOT NULL'}`)
	];
	return view.columns.distincts.flatMap((distinct) => {
		const table = distinctTable(view, distinct);
		const columns = [...groups, `_v ${distinct.of.type} NOT NULL`, 'n bigint NOT NULL CHECK (n > 0)'];
		const terms = [...groupIndex(groupKeyColumns(view)).terms, indexTerm('_v', distinct.of.type)];
		return [
			`CREATE TABLE ${table} (${columns.join(', ')}) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)`,
			`CREATE INDEX ON ${table} (${terms.join(', ')})`
		];
	});
}

export function dropDistincts(view: GroupView): string[] {
	return view.columns.distincts.map((distinct) => `DROP TABLE IF EXISTS ${distinctTable(view, distinct)}`);
}

/** CTEs over `sides`: `e<index>` has, of each group that values came into or went from, by how much. */
export function distinctStages(view: GroupView): string[] {
	const identity = identityOf(view).map(({ name }) => name);
	return view.columns.distincts.flatMap((distinct) => {
		const { index, of, filter, sum } = distinct;
		const counted = [`s.${of.name} IS NOT NULL`, ...(filter ? [`s.${filter.name}`] : [])].join(' AND ');
		const net = '(count(*) FILTER (WHERE s.came) - count(*) FILTER (WHERE NOT s.came))';
		const seen = groupedBySets(
			view,
			's',
			`FROM sides AS s WHERE ${counted}`,
			[`s.${of.name} AS _v`, `${net} AS n`],
			`HAVING ${net} <> 0`,
			[`s.${of.name}`]
		);
		const either = (name: string) => `COALESCE(old.${name}, new.${name}) AS ${name}`;
		const same = [
			...(identity.length > 0 ? [sameIdentity(view, 's', 'n')] : []),
			sameValue('s._v', 'n._v', of.type)
		];
		const columns = [...identity, '_v', 'n'];
		const gained = (value: string) => {
			const total = (first: string) =>
				`COALESCE(sum(${value}) FILTER (WHERE ${first}), '0'::${sum ?? 'bigint'})`;
			return `${total('NOT m.had')} - ${total('NOT m.has')}`;
		};
		const values = [
			...identity.map((name) => `m.${name}`),
			`count(*) FILTER (WHERE NOT m.had) - count(*) FILTER (WHERE NOT m.has) AS _e${index}`,
			...(sum ? [`${gained('m._v')} AS _f${index}`] : [])
		];
		const by = identity.length > 0 ? ` GROUP BY ${identity.map((name) => `m.${name}`).join(', ')}` : '';
		return [
			`seen${index} AS (\n\t${seen}\n)`,
			`known${index} AS (
	MERGE INTO ${distinctTable(view, distinct)} AS s USING seen${index} AS n ON ${same.join(' AND ')}
	WHEN MATCHED AND s.n + n.n = 0 THEN DELETE
	WHEN MATCHED THEN UPDATE SET n = s.n + n.n
	WHEN NOT MATCHED THEN INSERT (${columns.join(', ')}) VALUES (${columns.map((name) => `n.${name}`).join(', ')})
	RETURNING ${[...identity, '_v'].map(either).join(', ')}, old.n IS NOT NULL AS had, new.n IS NOT NULL AS has
)`,
			`e${index} AS (SELECT ${values.join(', ')} FROM known${index} AS m${by})`
		];
	});
}

/** The columns of `delta`, out of the `e<index>` that are joined to it. */
export function distinctDeltas(view: GroupView): { readonly columns: string[]; readonly joins: string } {
	const { distincts } = view.columns;
	const columns = distincts.flatMap(({ index, sum }) => [
		`COALESCE(e${index}._e${index}, 0) AS _e${index}`,
		...(sum ? [`COALESCE(e${index}._f${index}, '0'::${sum}) AS _f${index}`] : [])
	]);
	const joins = distincts.map(({ index }) => {
		return ` LEFT JOIN e${index} ON ${sameIdentity(view, 'd', `e${index}`)}`;
	});
	return { columns, joins: joins.join('') };
}

/** Statements that make the tables anew out of the lineage, of which `from` gives the rows `l`. */
export function distinctFill(view: GroupView, from: string): string {
	return view.columns.distincts
		.map((distinct) => {
			const table = distinctTable(view, distinct);
			const { of, filter } = distinct;
			const counted = [`l.${of.name} IS NOT NULL`, ...(filter ? [`l.${filter.name}`] : [])].join(' AND ');
			const values = [`l.${of.name} AS _v`, 'count(*) AS n'];
			const rows = groupedBySets(view, 'l', `${from} WHERE ${counted}`, values, '', [`l.${of.name}`]);
			const columns = [...identityOf(view).map(({ name }) => name), '_v', 'n'];
			return `DELETE FROM ${table};\nINSERT INTO ${table} (${columns.join(', ')}) ${rows};\nANALYZE ${table};`;
		})
		.join('\n');
}
