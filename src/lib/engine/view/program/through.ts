import { castType, columnOf } from '../catalog.ts';
import { printOverTables, quote } from '../expression.ts';
import { fromWhere, usedColumns, type ViewPlan } from '../plan.ts';
import type { ViewProgram } from '../types.ts';
import { createFunction } from './function.ts';
import { keySql, saltStatements } from './key.ts';
import { rowJson } from './text.ts';

/** A view of one table, evaluated on the rows of the log; keeps nothing. */
export function throughProgram(plan: ViewPlan, types: readonly string[]): ViewProgram {
	const { query, hash } = plan;
	const outputs = query.outputs.map((output, index) => ({
		name: output.name,
		sql: printOverTables(output.expression),
		type: types[index]!
	}));
	const key = keySql(plan, (source, column) => `a${source}.${quote(column)}`);
	const name = `{state}.t_${hash}`;
	const salt = saltStatements(plan);
	const conditions = query.conditions.map((condition) => printOverTables(condition));
	const side = (json: string) => `SELECT l.n, ${key} AS k, ${rowJson(outputs)} AS j
	FROM logged AS l CROSS JOIN LATERAL (SELECT ${columnsFrom(plan, json)}) AS a0
	WHERE ${[`jsonb_typeof(${json}) = 'object'`, ...conditions].join(' AND ')}`;
	const body = `RETURN QUERY
WITH logged AS MATERIALIZED (
	SELECT r.ordinality AS n, r.value -> 'old' AS o, r.value -> 'new' AS w
	FROM jsonb_array_elements(rows) WITH ORDINALITY AS r
), before AS (
	${side('l.o')}
), after AS (
	${side('l.w')}
)
SELECT (row_number() OVER (ORDER BY COALESCE(b.n, a.n), a.k IS NOT NULL))::integer - 1,
	CASE WHEN b.k IS NULL THEN 'insert' WHEN a.k IS NULL THEN 'delete' ELSE 'update' END,
	COALESCE(b.k, a.k), b.j, a.j
FROM before AS b FULL JOIN after AS a ON a.n = b.n AND a.k = b.k
WHERE b.k IS NULL OR a.k IS NULL OR b.j <> a.j
ORDER BY 1;`;
	return {
		create: [...salt.create, ...createFunction({ name, parameters: 'rows jsonb', last: true, body })],
		drop: [`DROP FUNCTION IF EXISTS ${name}(jsonb)`, ...salt.drop],
		read: `SELECT ${[`${key} AS _key`, ...outputs.map((output) => `${output.sql} AS ${quote(output.name)}`)].join(', ')} ${fromWhere(query)}`
	};
}

/** The columns that the view uses, out of their texts. */
function columnsFrom(plan: ViewPlan, json: string): string {
	const { table } = plan.query.scope.sources[0]!;
	return usedColumns(plan.query, 0)
		.map((name) => `(${json} ->> '${name}')::${castType(columnOf(table, name)!)} AS ${quote(name)}`)
		.join(', ');
}
