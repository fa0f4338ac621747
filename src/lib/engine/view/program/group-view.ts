import { printOverTables } from '../expression.ts';
import { aggregateArguments, type ViewPlan } from '../plan.ts';
import { differenceOf } from './function.ts';
import { groupColumns, type GroupColumns, printOverGroups } from './group-columns.ts';
import { groupTerms } from './group-match.ts';
import { keyOf } from './key.ts';
import { lineageTable, type LineageTable } from './lineage-table.ts';
import { rowJson, type TypedSql } from './text.ts';

export interface GroupView {
	readonly plan: ViewPlan;
	readonly types: readonly string[];
	readonly columns: GroupColumns;
	readonly lineage: LineageTable;
	/** `{state}.v_<hash>` */
	readonly table: string;
	/** No GROUP BY: one row, also of nothing. */
	readonly global: boolean;
}

export function groupView(plan: ViewPlan, types: readonly string[]): GroupView {
	const { groups, dependents } = plan.query.grouping!;
	const columns = groupColumns(plan, types);
	const payload = [
		...columns.groups.map((column, index) => ({ ...column, sql: printOverTables(groups[index]!) })),
		...columns.dependents.map((column, index) => ({ ...column, sql: printOverTables(dependents[index]!) })),
		...columns.arguments.map((column, index) => ({
			name: column.name,
			type: column.type,
			sql: printOverTables(aggregateArguments(plan.query)[index]!)
		}))
	];
	const lineage = lineageTable(plan, `{state}.l_${plan.hash}`, payload);
	return { plan, types, columns, lineage, table: `{state}.v_${plan.hash}`, global: groups.length === 0 };
}

export interface StateColumn {
	readonly name: string;
	readonly type: string;
}

/** Columns of the group table beside the group's own. */
export function stateColumns({ columns }: GroupView): StateColumn[] {
	return [
		...columns.dependents,
		{ name: '_n', type: 'bigint' },
		...columns.arguments.flatMap((a) => [
			...(a.counted ? [{ name: `_c${a.index}`, type: 'bigint' }] : []),
			...(a.sum ? [{ name: `_s${a.index}`, type: a.sum.type }] : []),
			...(a.sum?.scaled ? [{ name: `_p${a.index}`, type: 'numeric' }] : []),
			...(a.low ? [{ name: `_lo${a.index}`, type: a.type }] : []),
			...(a.high ? [{ name: `_hi${a.index}`, type: a.type }] : [])
		]),
		...columns.again
	];
}

export function createGroups(view: GroupView): string[] {
	const { table, columns, global, lineage } = view;
	const definitions = [
		...columns.groups.map((column) => `${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`),
		...stateColumns(view).map((column) => `${column.name} ${column.type}${notNullOf(column.name)}`)
	];
	const make = `CREATE TABLE ${table} (${definitions.join(', ')}) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.1)`;
	if (global) {
		const zeros = stateColumns(view).filter((column) => notNullOf(column.name) !== '');
		return [
			make,
			`INSERT INTO ${table} (${zeros.map((c) => c.name).join(', ')}) VALUES (${zeros.map((c) => `0::text::${c.type}`).join(', ')})`
		];
	}
	return [
		make,
		`CREATE UNIQUE INDEX ON ${table} (${groupTerms(columns.groups, '').join(', ')})`,
		...(columns.rereads
			? [`CREATE INDEX ON ${lineage.name} (${groupTerms(columns.groups, '').join(', ')})`]
			: [])
	];
}

/** A count below zero is a broken state: the statement fails, and a full difference mends it. */
function notNullOf(name: string): string {
	if (name === '_n' || name.startsWith('_c')) return ` NOT NULL CHECK (${name} >= 0)`;
	return /^_[sp]/.test(name) ? ' NOT NULL' : '';
}

export function visible(view: GroupView, row: string): TypedSql[] {
	const { plan, columns, types } = view;
	return plan.query.outputs.map((output, index) => ({
		name: output.name,
		sql: printOverGroups(plan, columns, output.expression, row),
		type: types[index]!
	}));
}

export function shown(view: GroupView, row: string): string {
	const { having } = view.plan.query.grouping!;
	return having ? `COALESCE(${printOverGroups(view.plan, view.columns, having, row)}, false)` : 'true';
}

export function keyOfRow(view: GroupView, row: string): string {
	return keyOf(
		view.plan,
		view.columns.groups.map((group) => ({
			sql: `${row}${group.name}`,
			type: group.type,
			nullable: group.nullable
		}))
	);
}

/** All columns of a group before and after, as `o_…` and `n_…`. */
export function returning(view: GroupView): string {
	return [...view.columns.groups, ...stateColumns(view)]
		.flatMap(({ name }) => [`old.${name} AS o_${name}`, `new.${name} AS n_${name}`])
		.join(', ');
}

export function visibleDifference(view: GroupView, quiet: string): string {
	const key = keyOf(
		view.plan,
		view.columns.groups.map((group) => ({
			sql: `(CASE WHEN f.n__n IS NULL THEN f.o_${group.name} ELSE f.n_${group.name} END)`,
			type: group.type,
			nullable: group.nullable
		}))
	);
	const had = `f.o__n IS NOT NULL AND ${shown(view, 'f.o_')} AS had`;
	const has = `f.n__n IS NOT NULL AND ${shown(view, 'f.n_')} AS has`;
	const rows = `${rowJson(visible(view, 'f.o_'))} AS o, ${rowJson(visible(view, 'f.n_'))} AS n`;
	return differenceOf(`SELECT ${had}, ${has}, ${key} AS k, ${rows} FROM folded AS f`, quiet);
}
