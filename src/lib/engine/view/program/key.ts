import { columnOf, formatType } from '../catalog.ts';
import { identity, type Expression } from '../expression.ts';
import type { ViewPlan } from '../plan.ts';
import { keyOutput } from '../stage-key.ts';
import { keyText, opaqueKey, type KeyPart } from './text.ts';

/** Where each part of the row key stands among the outputs; undefined where one does not: then the key is opaque. */
export function keyOutputs(plan: ViewPlan): number[] | undefined {
	const { outputs, grouping, scope, union } = plan.query;
	if (union) return undefined;
	if (grouping && grouping.sets.length > 1) return undefined;
	const wanted = grouping
		? grouping.groups.map((group) => outputs.findIndex((output) => sameExpression(output.expression, group)))
		: plan.lineage.flatMap((source) =>
				scope.sources[source]!.table.key.map((column) => keyOutput(plan.query, source, column))
			);
	return wanted.length > 0 && wanted.every((index) => index >= 0) ? wanted : undefined;
}

/** The row key of a view without groups; `column` prints a key's column. */
export function keySql(
	plan: ViewPlan,
	column: (source: number, name: string) => string,
	/** Prints whether the row lacks a source. */
	absent = (source: number) => `(${column(source, '')} IS NULL)`
): string {
	const parts = plan.lineage.flatMap((source) => {
		const { table, nullable = false } = plan.query.scope.sources[source]!;
		return table.key.map((name): KeyPart => {
			const own = column(source, name);
			const sql = nullable ? `(CASE WHEN NOT ${absent(source)} THEN ${own} END)` : own;
			return { sql, type: formatType(columnOf(table, name)!), nullable };
		});
	});
	return keyOf(plan, parts);
}

/** A key of these parts, readable or opaque as the plan's outputs allow. One group of all rows is `"all"`. */
export function keyOf(plan: ViewPlan, parts: readonly KeyPart[]): string {
	if (plan.hidden) return 'NULL::text';
	if (parts.length === 0) return `'"all"'`;
	return keyOutputs(plan) ? keyText(parts) : opaqueKey(parts, `{state}.s_${plan.hash}`);
}

/** The table with the salt of opaque keys. */
export function saltStatements(plan: ViewPlan): { create: string[]; drop: string[] } {
	const { grouping } = plan.query;
	const isOneRow = grouping?.groups.length === 0 && grouping.sets.length === 1;
	if (plan.hidden || keyOutputs(plan) || isOneRow) return { create: [], drop: [] };
	const table = `{state}.s_${plan.hash}`;
	return {
		create: [
			`CREATE TABLE ${table} (salt text NOT NULL DEFAULT gen_random_uuid()::text)`,
			`INSERT INTO ${table} DEFAULT VALUES`
		],
		drop: [`DROP TABLE IF EXISTS ${table}`]
	};
}

function sameExpression(one: Expression, other: Expression): boolean {
	return identity(one) === identity(other);
}
