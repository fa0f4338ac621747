import { castType, columnOf, type CatalogColumn, type CatalogTable } from '../catalog.ts';
import { quote } from '../expression.ts';
import type { ViewPlan } from '../plan.ts';
import { stageTable } from '../stage-source.ts';
import { lineageTable, shownRows } from './lineage-table.ts';
import { groupOwnKey, groupView, setNumber, shown, visible } from './group-view.ts';

/** A stage as those see it that read it. */
export interface StageRelation {
	/** What stands in FROM: a table, or a SELECT that Postgres sees through, in parentheses. */
	readonly sql: string;
	readonly table: CatalogTable;
}

/** `types` as `describeSql` gives them for the plan. */
export function stageRelation(plan: ViewPlan, types: readonly string[]): StageRelation {
	// with their types known, equalities may fix more keys than when it was planned
	const table = stageTable(0, plan.query, plan.lineage);
	const { outputs } = plan.query;
	const keyTypes = plan.query.grouping ? groupKeyTypes(plan, types) : lineageKeyTypes(plan);
	const isTyped = plan.query.union !== undefined;
	const typed = (column: CatalogColumn, index: number): CatalogColumn => {
		if (column.hidden && isTyped) return column;
		const type = column.hidden ? keyTypes[index - outputs.length]! : types[index]!;
		return { ...column, type, array: false };
	};
	return { sql: relationSql(plan, types), table: { ...table, columns: table.columns.map(typed) } };
}

function relationSql(plan: ViewPlan, types: readonly string[]): string {
	if (plan.query.union) return `{state}.v_${plan.hash}`;
	if (!plan.query.grouping) return shownRows(lineageTable(plan, `{state}.v_${plan.hash}`, []));
	const view = groupView(plan, types);
	const key = groupOwnKey(view, (name) => `s.${name}`);
	const columns = [
		...key.map((term, index) => `${term} AS _t${index}`),
		...visible(view, 's.').map((column) => `${column.sql} AS ${quote(column.name)}`)
	];
	return `(SELECT ${columns.join(', ')} FROM ${view.table} AS s WHERE ${shown(view, 's.')})`;
}

function groupKeyTypes(plan: ViewPlan, types: readonly string[]): string[] {
	const view = groupView(plan, types);
	const groups = view.columns.groups.flatMap(({ type, nullable }) => (nullable ? [type, 'boolean'] : [type]));
	const own = [...setNumber(view).map(({ type }) => type), ...groups];
	return own.length > 0 ? own : ['integer'];
}

function lineageKeyTypes({ lineage, query }: ViewPlan): string[] {
	return lineage.flatMap((source) => {
		const { table, nullable } = query.scope.sources[source]!;
		const key = table.key.map((name) => castType(columnOf(table, name)!));
		return nullable ? [...key, 'boolean'] : key;
	});
}
