import { castType, columnOf, formatType, type CatalogTable } from '../catalog.ts';
import { columnOverTables, printOverTables, quote } from '../expression.ts';
import { allSources, islandOfQuery } from '../join-tree.ts';
import { isCall } from '../lineage.ts';
import { fromWhere, joinedFrom, type ViewPlan } from '../plan.ts';
import {
	freshOfTouched,
	isDerived,
	isUnanchored,
	partStages,
	staleOfTouched,
	touchedStage
} from './derived.ts';
import { standIn } from './group-match.ts';
import { differ, type TypedSql } from './text.ts';

/**
 * The table of a view's rows (or, for a view with groups, of the rows that go into them) with the primary
 * keys of all source rows that made each. The keys of `plan.lineage` are its own primary key.
 */
export interface LineageTable {
	/** `{state}.v_<hash>` */
	readonly name: string;
	readonly keys: readonly KeyColumn[];
	/** What the rows hold beside their lineage; `sql` is over the sources. */
	readonly payload: readonly TypedSql[];
	/**
	 * Over the sources: whether it is a row of the view. Others are kept because they tell what a change
	 * touches. Undefined: all are.
	 */
	readonly shown: string | undefined;
}

export interface KeyColumn {
	/** `_k0_1`: the second key column of the first source. */
	readonly name: string;
	readonly source: number;
	readonly column: string;
	readonly type: string;
	/** Whether it is part of the rows' identity. */
	readonly identity: boolean;
	/** Over the sources. Never NULL: of a row that lacks the source, a stand-in. */
	readonly sql: string;
	/** Tells whether a row lacks the source, whose keys are stand-ins then. */
	readonly absent?: boolean;
}

export function lineageTable(plan: ViewPlan, name: string, payload: readonly TypedSql[]): LineageTable {
	const { scope, joins } = plan.query;
	const island = islandOfQuery(plan.query);
	const keys = allSources(island)
		// identities begin with what every row has, and with what changes
		.sort((a, b) => rank(a) - rank(b) || a - b)
		.flatMap((source) => [...sourceKey(source), ...(isNullable(source) ? [absentKey(source)] : [])]);
	const late = (joins?.late ?? []).map((condition) => printOverTables(condition));
	return {
		name,
		keys,
		payload,
		shown: late.length > 0 ? `COALESCE(${late.join(' AND ')}, false)` : undefined
	};

	function rank(source: number): number {
		return isNullable(source) ? 2 : Number(isCall(scope, source));
	}

	function isNullable(source: number): boolean {
		return !island.sources.includes(source);
	}

	function sourceKey(source: number): KeyColumn[] {
		const { table } = scope.sources[source]!;
		return table.key.map((column, index) => {
			const type = formatType(columnOf(table, column)!);
			const own = columnOverTables(source, column);
			const sql = isNullable(source) ? `COALESCE(${own}, ${standIn(type)})` : own;
			return {
				name: keyName(source, index),
				source,
				column,
				type,
				sql,
				identity: plan.lineage.includes(source)
			};
		});
	}

	function absentKey(source: number): KeyColumn {
		const [column] = scope.sources[source]!.table.key as [string];
		const sql = `(${columnOverTables(source, column)} IS NULL)`;
		const identity = plan.lineage.includes(source);
		return { name: absentName(source), source, column, type: 'boolean', sql, identity, absent: true };
	}
}

/** `_x2`: the row lacks the third source. */
export function absentName(source: number): string {
	return `_x${source}`;
}

export function keyName(source: number, index: number): string {
	return `_k${source}_${index}`;
}

export function allColumns(table: LineageTable): string[] {
	const shown = table.shown === undefined ? [] : ['_shown'];
	return [
		...table.keys.map((key) => key.name),
		...table.payload.map((column) => quote(column.name)),
		...shown
	];
}

const storage =
	'fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05';

export function createLineage(plan: ViewPlan, table: LineageTable): string[] {
	const columns = [
		...table.keys.map((key) => `${key.name} ${key.type} NOT NULL`),
		...table.payload.map((column) => `${quote(column.name)} ${column.type}`),
		...(table.shown === undefined ? [] : ['_shown boolean NOT NULL'])
	];
	const identity = identityColumns(table);
	const statements = [
		`CREATE TABLE ${table.name} (${columns.join(', ')}, PRIMARY KEY (${identity.join(', ')})) WITH (${storage})`
	];
	for (const source of plan.query.scope.sources.keys()) {
		if (isCall(plan.query.scope, source)) continue;
		const own = keysOf(table, source).map((key) => key.name);
		if (!own.every((column, index) => identity[index] === column))
			statements.push(`CREATE INDEX ON ${table.name} (${own.join(', ')})`);
	}
	return statements;
}

export function identityColumns(table: LineageTable): string[] {
	return table.keys.filter((key) => key.identity).map((key) => key.name);
}

/** The key of a source, by which its rows are looked up. */
export function keysOf(table: LineageTable, source: number): KeyColumn[] {
	return table.keys.filter((key) => key.source === source && !key.absent);
}

/** What stands in FROM for the view's rows: only those that are shown. */
export function shownRows(table: LineageTable): string {
	return table.shown === undefined ? table.name : `(SELECT * FROM ${table.name} WHERE _shown)`;
}

/**
 * The stages up to the merge, as CTEs without WITH: `moved` holds, of every row that was inserted, updated
 * or deleted, all columns before (`o_<column>`) and after (`n_<column>`), and `had` and `has`.
 * Keyed, they read `changed`; without, they compare everything.
 */
export function lineageStages(plan: ViewPlan, table: LineageTable, byKeys: boolean): string {
	const keyed = byKeys && !isUnanchored(plan);
	return [
		...(keyed ? changedStages(plan) : []),
		...(keyed && isDerived(plan) ? [...partStages(plan), touchedStage(plan, table)] : []),
		staleStage(plan, table, keyed),
		freshStage(plan, table, keyed),
		`moved AS (
	${mergeOf(table)}
	RETURNING ${bothSides(table)}
)`
	].join(',\n');
}

/** Statements that bring the whole table up to date and return nothing; an empty one is simply filled. */
export function lineageFill(plan: ViewPlan, table: LineageTable): string {
	return `IF EXISTS (SELECT FROM ${table.name}) THEN
	WITH ${staleStage(plan, table, false)}, ${freshStage(plan, table, false)}
	${mergeOf(table)};
ELSE
	INSERT INTO ${table.name} (${allColumns(table).join(', ')})
	SELECT ${freshColumns(table)} ${fromWhere(plan.query)};
END IF;`;
}

/** The changed keys of each table, typed and without doubles. */
export function changedStages(plan: ViewPlan): string[] {
	return changedTables(plan).map(({ table, name }) => {
		const parts = table.key.map((_, index) => `p${index}`);
		const columns = table.key.map(
			(column, index) => `e.p${index}::${castType(columnOf(table, column)!)} AS k${index}`
		);
		return `${name} AS MATERIALIZED (
	SELECT DISTINCT ${columns.join(', ')} FROM unnest(${parts.map((part) => `${name}_${part}`).join(', ')}) AS e(${parts.join(', ')})
)`;
	});
}

/**
 * Variables with the changed keys as arrays of text. The planner, where it plans anew at each call, sees how
 * many there are and which tables have none.
 */
export function changedVariables(plan: ViewPlan): { readonly name: string; readonly value: string }[] {
	return changedTables(plan).flatMap(({ table, name, isStage }) =>
		table.key.map((_, index) => ({
			name: `${name}_p${index}`,
			value: `ARRAY(SELECT e.value ${isStage ? '-> 0 ' : ''}->> ${index} FROM jsonb_array_elements(changed -> '${table.name}') AS e(value))`
		}))
	);
}

function changedTables(plan: ViewPlan): { table: CatalogTable; name: string; isStage: boolean }[] {
	const sources = plan.query.scope.sources.filter(({ call }) => !call);
	const tables = new Map(sources.map((source) => [source.table.name, source]));
	return Array.from(tables.values(), ({ table, stage }) => ({
		table,
		name: changedName(plan, table.name),
		isStage: stage !== undefined
	}));
}

export function changedName(plan: ViewPlan, table: string): string {
	return `c${plan.query.scope.sources.findIndex((source) => source.table.name === table)}`;
}

/** Rows that the change may have touched, by their identity. UNION of look-ups, never OR. */
function staleStage(plan: ViewPlan, table: LineageTable, keyed: boolean): string {
	const identity = identityColumns(table)
		.map((column) => `s.${column}`)
		.join(', ');
	if (!keyed) return `stale AS (SELECT ${identity} FROM ${table.name} AS s)`;
	if (isDerived(plan)) return staleOfTouched(plan, table, identity);
	const branches = plan.query.scope.sources.map((source, index) => {
		// Where this source's key is the identity, no look-up is needed: a key without a row merges to nothing.
		if (plan.lineage.length === 1 && plan.lineage[0] === index) {
			const own = keysOf(table, index).map((key, part) => `c.k${part} AS ${key.name}`);
			return `SELECT ${own.join(', ')} FROM ${changedName(plan, source.table.name)} AS c`;
		}
		const match = keysOf(table, index).map((key, part) => `s.${key.name} = c.k${part}`);
		return `SELECT ${identity} FROM ${changedName(plan, source.table.name)} AS c, ${table.name} AS s
	WHERE ${match.join(' AND ')} AND changed ? '${source.table.name}'`;
	});
	return `stale AS (\n\t${branches.join('\n\tUNION\n\t')}\n)`;
}

/** The rows that are, of those that the change may touch; one branch for each source, then without doubles. */
function freshStage(plan: ViewPlan, table: LineageTable, keyed: boolean): string {
	const columns = freshColumns(table);
	if (!keyed) return `fresh AS (SELECT ${columns} ${fromWhere(plan.query)})`;
	if (isDerived(plan)) return freshOfTouched(plan, table, columns);
	const branches = plan.query.scope.sources.map((source, index) => {
		const match = keysOf(table, index).map(
			(key, part) => `${columnOverTables(index, key.column)} = c.k${part}`
		);
		const changed = `${changedName(plan, source.table.name)} AS c`;
		const from = joinedFrom(plan.query, index, changed, match.join(' AND '));
		return `SELECT ${columns}\n\t${from} WHERE changed ? '${source.table.name}'`;
	});
	if (branches.length === 1) return `fresh AS (\n\t${branches[0]}\n)`;
	return `fresh AS (
	SELECT DISTINCT ON (${identityColumns(table)
		.map((column) => `f.${column}`)
		.join(', ')}) f.* FROM (
	${branches.join('\n\tUNION ALL\n\t')}
	) AS f
)`;
}

function freshColumns(table: LineageTable): string {
	return [
		...table.keys.map((key) => `${key.sql} AS ${key.name}`),
		...table.payload.map((column) => `(${column.sql})::${column.type} AS ${quote(column.name)}`),
		...(table.shown === undefined ? [] : [`${table.shown} AS _shown`])
	].join(', ');
}

/** The source holds tombstones, so that the merge looks at no other row of its target. */
export function mergeOf(table: LineageTable): string {
	const identity = identityColumns(table);
	const columns = allColumns(table);
	const others = columns.filter((column) => !identity.includes(column));
	const first = identity[0]!;
	const same = (one: string, other: string) =>
		identity.map((column) => `${one}.${column} = ${other}.${column}`).join(' AND ');
	const update =
		others.length > 0
			? `\n\tWHEN MATCHED AND ${differ(
					others.map((c) => `s.${c}`),
					others.map((c) => `n.${c}`)
				)}
		THEN UPDATE SET ${others.map((column) => `${column} = n.${column}`).join(', ')}`
			: '';
	const source = columns.map((column) =>
		identity.includes(column) ? `COALESCE(f.${column}, o.${column}) AS ${column}` : `f.${column}`
	);
	return `MERGE INTO ${table.name} AS s
	USING (
		SELECT ${source.join(', ')}, f.${first} IS NULL AS _gone
		FROM fresh AS f FULL JOIN stale AS o ON ${same('f', 'o')}
	) AS n
	ON ${same('s', 'n')}
	WHEN MATCHED AND n._gone THEN DELETE${update}
	WHEN NOT MATCHED AND NOT n._gone
		THEN INSERT (${columns.join(', ')}) VALUES (${columns.map((column) => `n.${column}`).join(', ')})`;
}

export function bothSides(table: LineageTable): string {
	const first = identityColumns(table)[0]!;
	const columns = allColumns(table).flatMap((column) => [
		`old.${column} AS ${prefixed('o', column)}`,
		`new.${column} AS ${prefixed('n', column)}`
	]);
	const is = (side: string) =>
		table.shown === undefined ? `${side}.${first} IS NOT NULL` : `COALESCE(${side}._shown, false)`;
	return `${is('old')} AS had, ${is('new')} AS has, ${columns.join(', ')}`;
}

/** `o_` or `n_` before a column's name, quoted or not. */
export function prefixed(side: 'o' | 'n', column: string): string {
	return column.startsWith('"') ? `"${side}_${column.slice(1)}` : `${side}_${column}`;
}
