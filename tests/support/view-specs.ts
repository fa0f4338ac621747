import type { ViewColumn, ViewSpec } from '#engine/view';

/** Views written by hand, for tests of the runtime that should not depend on the planner. */

type Column = readonly [name: string, type: string];

/** A read-through view of a table with one key column. */
export function throughSpec(table: string, key: string, columns: readonly Column[], hash: string): ViewSpec {
	return {
		name: table,
		implicit: true,
		kind: 'through',
		hash,
		sql: `SELECT * FROM ${table}`,
		columns: columns.map(describe(key)),
		opaqueKey: false,
		sources: [{ table, key: [key] }],
		program: {
			create: [
				`CREATE FUNCTION {state}.t_${hash}(rows jsonb) RETURNS TABLE (op int, operation text, key text, old jsonb, new jsonb)
				 LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
				 SELECT n::int, CASE WHEN r->'old' = 'null' THEN 'insert' WHEN r->'new' = 'null' THEN 'delete' ELSE 'update' END,
				        coalesce(r->'new'->>'${key}', r->'old'->>'${key}'), nullif(r->'old', 'null'), nullif(r->'new', 'null')
				   FROM jsonb_array_elements(rows) WITH ORDINALITY AS e (r, n) $$`
			],
			drop: [`DROP FUNCTION IF EXISTS {state}.t_${hash}(jsonb)`],
			read: `SELECT ${key}::text AS _key, ${columns.map(([name]) => name).join(', ')} FROM {data}.${table}`
		}
	};
}

/**
 * A maintained view of any SELECT that has the column `key`: recomputes the rows that `touched` (SQL
 * over `k`, the rows of changed keys as (source, key)) leads to, the plain way.
 */
export function maintainedSpec(options: {
	readonly name: string;
	readonly hash: string;
	/** SELECT of all rows, `key text` first; over `{data}`. */
	readonly select: string;
	readonly columns: readonly Column[];
	readonly sources: readonly { readonly table: string; readonly key: readonly string[] }[];
	/** SELECT of the view keys that changed keys touch; over `changed(source, key)`, `{data}` and `{state}`. */
	readonly touched: string;
}): ViewSpec {
	const { name, hash, select, columns, sources, touched } = options;
	const list = columns.map(([column]) => column).join(', ');
	const typed = columns.map(([column, type]) => `${column} ${type}`).join(', ');
	const json = (alias: string) =>
		`jsonb_build_object(${columns.map(([c]) => `'${c}', ${alias}.${c}::text`).join(', ')})`;
	return {
		name,
		implicit: false,
		kind: 'maintained',
		hash,
		sql: select,
		columns: columns.map(describe('')),
		opaqueKey: true,
		sources,
		program: {
			create: [
				`CREATE TABLE {state}.v_${hash} (key text PRIMARY KEY, ${typed})`,
				`CREATE FUNCTION {state}.m_${hash}(changed jsonb) RETURNS TABLE (op int, operation text, key text, old jsonb, new jsonb)
				 LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
				 #variable_conflict use_column
				 BEGIN
				 RETURN QUERY
				 WITH changed (source, key) AS (
				   SELECT s.key, k.value->>0 FROM jsonb_each(m_${hash}.changed) s, jsonb_array_elements(CASE WHEN s.key = '*' THEN '[]'::jsonb ELSE s.value END) k
				 ), touched AS MATERIALIZED (
				   SELECT key FROM (${touched}) t WHERE NOT m_${hash}.changed ? '*'
				   UNION SELECT key FROM {state}.v_${hash} WHERE m_${hash}.changed ? '*'
				   UNION SELECT key FROM (${select}) a WHERE m_${hash}.changed ? '*'
				 ), fresh AS (
				   SELECT * FROM (${select}) f WHERE key IN (SELECT key FROM touched)
				 ), merged AS (
				   MERGE INTO {state}.v_${hash} AS v
				   USING (SELECT t.key AS touched_key, f.* FROM touched t LEFT JOIN fresh f USING (key)) AS s (touched_key, fresh_key, ${list})
				   ON v.key = s.touched_key
				   WHEN MATCHED AND s.fresh_key IS NULL THEN DELETE
				   WHEN MATCHED AND (${columns.map(([c]) => `v.${c} IS DISTINCT FROM s.${c}`).join(' OR ')}) THEN UPDATE SET ${columns.map(([c]) => `${c} = s.${c}`).join(', ')}
				   WHEN NOT MATCHED AND s.fresh_key IS NOT NULL THEN INSERT (key, ${list}) VALUES (s.fresh_key, ${columns.map(([c]) => `s.${c}`).join(', ')})
				   RETURNING lower(merge_action()) AS operation, coalesce(new.key, old.key) AS key,
				     CASE WHEN old.key IS NOT NULL THEN ${json('old')} END AS old, CASE WHEN new.key IS NOT NULL THEN ${json('new')} END AS new
				 )
				 SELECT (row_number() OVER ())::int, m.operation, m.key, m.old, m.new FROM merged m;
				 END $$`
			],
			drop: [`DROP FUNCTION IF EXISTS {state}.m_${hash}(jsonb)`, `DROP TABLE IF EXISTS {state}.v_${hash}`],
			read: `SELECT key AS _key, ${list} FROM {state}.v_${hash}`
		}
	};
}

function describe(key: string): (column: Column) => ViewColumn {
	return ([name, type]) => ({
		name,
		type,
		dims: 0,
		notNull: name === key,
		...(name === key ? { keyIndex: 0 } : {})
	});
}
