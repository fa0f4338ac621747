import { printOverTables } from '../expression.ts';
import { aggregateInputs } from '../grouping.ts';
import type { ViewPlan } from '../plan.ts';
import { differenceOf, ownKey } from './function.ts';
import { groupColumns, type GroupColumn, type GroupColumns, printOverGroups } from './group-columns.ts';
import { groupIndex, groupTerms, sameGroup } from './group-match.ts';
import { keyOf } from './key.ts';
import { lineageTable, type LineageTable } from './lineage-table.ts';
import { rowJson, type KeyPart, type TypedSql } from './text.ts';

export interface GroupView {
	readonly plan: ViewPlan;
	readonly types: readonly string[];
	readonly columns: GroupColumns;
	readonly lineage: LineageTable;
	/** `{state}.v_<hash>` */
	readonly table: string;
	/** As `Grouping.sets`. With several, a row's `_set` says to which it belongs. */
	readonly sets: readonly (readonly number[])[];
}

export function groupView(plan: ViewPlan, types: readonly string[]): GroupView {
	const { groups, dependents, sets } = plan.query.grouping!;
	const columns = groupColumns(plan, types);
	const inputs = aggregateInputs(plan.query.grouping!);
	const payload = [
		...columns.rowGroups.map((column, index) => ({ ...column, sql: printOverTables(groups[index]!) })),
		...columns.dependents.map((column, index) => ({ ...column, sql: printOverTables(dependents[index]!) })),
		...columns.inputs.map((column, index) => ({ ...column, sql: printOverTables(inputs[index]!) }))
	];
	const lineage = lineageTable(plan, `{state}.l_${plan.hash}`, payload);
	return { plan, types, columns, lineage, table: `{state}.v_${plan.hash}`, sets };
}

export interface StateColumn {
	readonly name: string;
	readonly type: string;
}

/** The column that tells to which grouping set a row belongs, where there are several. */
export function setNumber({ sets }: GroupView): StateColumn[] {
	return sets.length > 1 ? [{ name: '_set', type: 'smallint' }] : [];
}

/** Where a row belongs to a set that has its one row always: SQL over `row`, undefined where no row does. */
export function isAlways({ sets }: GroupView, row: string): string | undefined {
	const empty = sets.flatMap((set, index) => (set.length === 0 ? [index] : []));
	if (empty.length === 0) return undefined;
	return sets.length > 1 ? `${row}._set IN (${empty.join(', ')})` : 'true';
}

/** Columns of the group table beside those that tell groups apart. */
export function stateColumns({ columns }: GroupView): StateColumn[] {
	return [
		...columns.dependents,
		{ name: '_n', type: 'bigint' },
		...columns.measures.flatMap((m) => [
			...(m.counted ? [{ name: `_c${m.index}`, type: 'bigint' }] : []),
			...(m.trues ? [{ name: `_t${m.index}`, type: 'bigint' }] : []),
			...(m.sum ? [{ name: `_s${m.index}`, type: m.sum.type }] : []),
			...(m.sum?.scaled ? [{ name: `_p${m.index}`, type: 'numeric' }] : []),
			...(m.low ? [{ name: `_lo${m.index}`, type: m.of!.type }] : []),
			...(m.high ? [{ name: `_hi${m.index}`, type: m.of!.type }] : [])
		]),
		...columns.distincts.flatMap(({ index, sum }) => [
			{ name: `_e${index}`, type: 'bigint' },
			...(sum ? [{ name: `_f${index}`, type: sum }] : [])
		]),
		...columns.again
	];
}

/** Columns that tell groups apart. */
export function identityOf(view: GroupView): StateColumn[] {
	return [...setNumber(view), ...view.columns.groups];
}

/** Terms over a row of the group table by which a group is found; never NULL, and good for an index. */
export function identityTerms(view: GroupView, row: string | ((name: string) => string)): string[] {
	return groupTerms(groupKeyColumns(view), row);
}

/** The columns that tell groups apart. */
export function groupKeyColumns(view: GroupView): GroupColumn[] {
	return [...setNumber(view).map((number) => ({ ...number, nullable: false })), ...view.columns.groups];
}

/** The same as the key of a stage, which has a column also where there is one row alone. */
export function groupOwnKey(view: GroupView, column: (name: string) => string): string[] {
	const terms = identityTerms(view, column);
	return terms.length > 0 ? terms : ['0'];
}

export function sameIdentity(view: GroupView, one: string, other: string): string {
	return sameGroup(groupKeyColumns(view), one, other);
}

/**
 * SELECT of identity and `values` over `from`, whose rows `row` have the lineage's groups: one branch for
 * each set. `having` goes behind the branch of an empty set, which without it gives a row also of nothing;
 * where rows are grouped by more (`alsoBy`), behind each.
 */
export function groupedBySets(
	view: GroupView,
	row: string,
	from: string,
	values: readonly string[],
	having = '',
	alsoBy: readonly string[] = []
): string {
	const branches = view.sets.map((set, number) => {
		const own = set.map((index) => `${row}.${view.columns.groups[index]!.name}`);
		const identity = [
			...setNumber(view).map(({ name, type }) => `${number}::${type} AS ${name}`),
			...view.columns.groups.map(({ name, type }, index) =>
				set.includes(index) ? `${row}.${name}` : `NULL::${type} AS ${name}`
			)
		];
		const all = [...own, ...alsoBy];
		const by = all.length > 0 ? ` GROUP BY ${all.join(', ')}` : '';
		const filter = having && (all.length === 0 || alsoBy.length > 0) ? ` ${having}` : '';
		return `SELECT ${[...identity, ...values].join(',\n\t\t')}\n\t${from}${by}${filter}`;
	});
	return branches.join('\n\tUNION ALL\n\t');
}

export function createGroups(view: GroupView): string[] {
	const { table, columns } = view;
	const definitions = [
		...setNumber(view).map(({ name, type }) => `${name} ${type} NOT NULL`),
		...columns.groups.map((column) => `${column.name} ${column.type}${column.nullable ? '' : ' NOT NULL'}`),
		...stateColumns(view).map((column) => `${column.name} ${column.type}${notNullOf(column.name)}`)
	];
	const { terms, isUnique } = groupIndex(groupKeyColumns(view));
	const index = `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX ON ${table} (${terms.join(', ')})`;
	return [
		`CREATE TABLE ${table} (${definitions.join(', ')}) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.1)`,
		...(terms.length > 0 ? [index] : []),
		...rowsOfNothing(view),
		...(columns.rereads ? lineageIndexes(view) : [])
	];
}

/** The rows of empty sets, as they are of no rows. */
function rowsOfNothing(view: GroupView): string[] {
	const zeros = stateColumns(view).filter((column) => notNullOf(column.name) !== '');
	return view.sets.flatMap((set, number) => {
		if (set.length > 0) return [];
		const numbers = setNumber(view);
		const names = [...numbers, ...zeros].map((column) => column.name);
		const values = [...numbers.map(() => `${number}`), ...zeros.map((column) => `0::text::${column.type}`)];
		return [`INSERT INTO ${view.table} (${names.join(', ')}) VALUES (${values.join(', ')})`];
	});
}

/** By which the rows of one group are found. */
function lineageIndexes({ sets, columns, lineage }: GroupView): string[] {
	const indexes = sets
		.filter((set) => set.length > 0)
		.map((set) => groupIndex(set.map((index) => columns.rowGroups[index]!)).terms.join(', '));
	return [...new Set(indexes)].map((terms) => `CREATE INDEX ON ${lineage.name} (${terms})`);
}

/** A count below zero is a broken state: the statement fails, and a full difference mends it. */
function notNullOf(name: string): string {
	if (/^_(n$|[cte]\d)/.test(name)) return ` NOT NULL CHECK (${name} >= 0)`;
	return /^_[spf]\d/.test(name) ? ' NOT NULL' : '';
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
	return keyFrom(view, (name) => `${row}${name}`);
}

function keyFrom(view: GroupView, column: (name: string) => string): string {
	const numbers = setNumber(view).map(({ name, type }): KeyPart => ({
		sql: column(name),
		type,
		nullable: false
	}));
	const groups = view.columns.groups.map(({ name, type, nullable }): KeyPart => ({
		sql: column(name),
		type,
		nullable
	}));
	return keyOf(view.plan, [...numbers, ...groups]);
}

/** All columns of a group before and after, as `o_…` and `n_…`. */
export function returning(view: GroupView): string {
	return [...identityOf(view), ...stateColumns(view)]
		.flatMap(({ name }) => [`old.${name} AS o_${name}`, `new.${name} AS n_${name}`])
		.join(', ');
}

export function visibleDifference(view: GroupView, quiet: string): string {
	const either = (name: string) => `(CASE WHEN f.n__n IS NULL THEN f.o_${name} ELSE f.n_${name} END)`;
	const keys = `${keyFrom(view, either)} AS k, ${ownKey(groupOwnKey(view, either))} AS w`;
	const had = `f.o__n IS NOT NULL AND ${shown(view, 'f.o_')} AS had`;
	const has = `f.n__n IS NOT NULL AND ${shown(view, 'f.n_')} AS has`;
	const rows = `${rowJson(visible(view, 'f.o_'))} AS o, ${rowJson(visible(view, 'f.n_'))} AS n`;
	return differenceOf(`SELECT ${had}, ${has}, ${keys}, ${rows} FROM folded AS f`, quiet);
}
