import { columnOf, formatType, type CatalogTable } from '../catalog.ts';
import { quote } from '../expression.ts';
import { mayBeLong } from './group-match.ts';
import type { ViewPlan } from '../plan.ts';
import type { ViewProgram } from '../types.ts';
import {
	allColumns,
	bothSides,
	changedName,
	changedStages,
	mergeOf,
	type KeyColumn,
	type LineageTable
} from './lineage-table.ts';
import { tableProgram } from './rows.ts';
import type { TypedSql } from './text.ts';

/** The rows of several stages, each with its branch and the key that it has there. */
export function unionProgram(plan: ViewPlan, types: readonly string[]): ViewProgram {
	const table = unionTable(plan, types);
	const stages = (keyed: boolean) =>
		`stale AS (${stale(plan, table, keyed)}), fresh AS (${fresh(plan, table, keyed)})`;
	return tableProgram(plan, types, table, {
		stages: (keyed) =>
			[
				...(keyed ? changedStages(plan) : []),
				stages(keyed),
				`moved AS (\n\t${mergeOf(table)}\n\tRETURNING ${bothSides(table)}\n)`
			].join(',\n'),
		fill: `IF EXISTS (SELECT FROM ${table.name}) THEN
	WITH ${stages(false)}
	${mergeOf(table)};
ELSE
	INSERT INTO ${table.name} (${allColumns(table).join(', ')}) ${fresh(plan, table, false)};
END IF;`,
		key: (column) => [
			{ sql: column('_b'), type: 'smallint', nullable: false },
			{ sql: column('_k'), type: 'text', nullable: false }
		]
	});
}

function unionTable(plan: ViewPlan, types: readonly string[]): LineageTable {
	const key = (name: string, type: string): KeyColumn => ({
		name,
		type,
		source: -1,
		column: name,
		identity: true,
		sql: name
	});
	const payload = plan.query.outputs.map(({ name }, index): TypedSql => ({
		name,
		type: types[index]!,
		sql: quote(name)
	}));
	return {
		name: `{state}.v_${plan.hash}`,
		keys: [key('_b', 'smallint'), key('_k', 'text')],
		payload,
		shown: undefined
	};
}

/** A row's key in its branch, as one text; of values that may be longer than an index takes, their hash. */
function keyText(table: CatalogTable, column: (name: string, part: number) => string): string {
	const values = table.key.map((name, part) => `(${column(name, part)})::text`);
	const text = `jsonb_build_array(${values.join(', ')})::text`;
	const isLong = table.key.some((name) => mayBeLong(formatType(columnOf(table, name)!)));
	return isLong ? `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')` : text;
}

function stale(plan: ViewPlan, table: LineageTable, keyed: boolean): string {
	if (!keyed) return `SELECT s._b, s._k FROM ${table.name} AS s`;
	const { sources } = plan.query.scope;
	return sources
		.map(({ table: source }, branch) => {
			const own = keyText(source, (_, part) => `c.k${part}`);
			return `SELECT ${branch}::smallint AS _b, ${own} AS _k FROM ${changedName(plan, source.name)} AS c`;
		})
		.join('\n\tUNION ALL\n\t');
}

function fresh(plan: ViewPlan, table: LineageTable, keyed: boolean): string {
	const { scope, union } = plan.query;
	return scope.sources
		.map(({ table: source, stage }, branch) => {
			const { key, name } = source;
			const own = key.map((column) => `a${branch}.${quote(column)}`);
			const values = union!.branches[branch]!.map((column, index) => {
				const { type, name: output } = table.payload[index]!;
				return `(${column})::${type} AS ${quote(output)}`;
			});
			const columns = [
				`${branch}::smallint AS _b`,
				`${keyText(source, (_, part) => own[part]!)} AS _k`,
				...values
			].join(', ');
			const from = `{@${stage}} AS a${branch}`;
			if (!keyed) return `SELECT ${columns} FROM ${from}`;
			const match = own.map((column, part) => `${column} = c.k${part}`).join(' AND ');
			return `SELECT ${columns} FROM ${changedName(plan, name)} AS c, ${from} WHERE ${match} AND changed ? '${name}'`;
		})
		.join('\n\tUNION ALL\n\t');
}
