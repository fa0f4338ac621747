import { assert } from '#kernel';
import { columnOf, formatType, sourceOf, type CatalogTable } from './catalog.ts';
import { isNotNull } from './traits.ts';
import { planImplicit, type ViewPlan } from './plan.ts';
import { groupsProgram } from './program/groups.ts';
import { keyOutputs } from './program/key.ts';
import { rowsProgram } from './program/rows.ts';
import { throughProgram } from './program/through.ts';
import type { ViewColumn, ViewProgram, ViewSpec } from './types.ts';

/**
 * A plan with its types (what `plan.describeSql` answered) becomes the view as it is built and kept.
 * Throws an error with `reason` and `hint` for groups by a type that has no stand-in for NULL (`groupTerms`).
 */
export function finishView(plan: ViewPlan, types: readonly string[]): ViewSpec {
	const { query } = plan;
	assert(types.length >= query.outputs.length, `types of view ${plan.name}`);
	const key = keyOutputs(plan);
	const tables = new Map(query.scope.sources.map((source) => [source.table.name, source.table]));
	return {
		name: plan.name,
		implicit: plan.implicit,
		kind: plan.kind,
		hash: plan.hash,
		sql: plan.sql,
		columns: query.outputs.map((output, index) =>
			viewColumn(plan, index, types[index]!, key?.indexOf(index) ?? -1)
		),
		opaqueKey: key === undefined,
		sources: [...tables.values()].map(sourceOf),
		program: programOf(plan, types.map(sqlType))
	};
}

/** The implicit view of a table; its types are known without Postgres. */
export async function implicitView(table: CatalogTable): Promise<ViewSpec> {
	const plan = await planImplicit(table);
	return finishView(
		plan,
		table.columns.map((column) => formatType(columnOf(table, column.name)!))
	);
}

/** format_type calls it `character`, which as SQL would be a single letter. */
function sqlType(type: string): string {
	return type.replace(/^character(\[\])?$/, 'bpchar$1');
}

function programOf(plan: ViewPlan, types: readonly string[]): ViewProgram {
	if (plan.kind === 'through') return throughProgram(plan, types);
	return plan.query.grouping ? groupsProgram(plan, types) : rowsProgram(plan, types);
}

function viewColumn(plan: ViewPlan, index: number, type: string, keyIndex: number): ViewColumn {
	const output = plan.query.outputs[index]!;
	const dims = type.endsWith('[]') ? 1 : 0;
	return {
		name: output.name,
		type: dims > 0 ? type.slice(0, -2) : type,
		dims,
		notNull: isNotNull(plan.query.scope, output.expression),
		...(keyIndex >= 0 ? { keyIndex } : {})
	};
}
