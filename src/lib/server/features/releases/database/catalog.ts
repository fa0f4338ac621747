import type { CatalogColumn, CatalogTable } from '#engine/schema';
import { expressionOf, type TableIndexes } from '#engine/view';
import type { Client, PoolClient } from '#platform/postgres';

interface CatalogRow {
	readonly name: string;
	readonly logged: boolean;
	readonly key: string[];
	readonly key_deferrable: boolean;
	readonly columns: (Omit<CatalogColumn, 'default' | 'references'> & {
		readonly default: string | null;
		readonly references: string | null;
	})[];
}

/** The tables of a schema as the catalog shows them, but Loam's own (`people`, `_migrations`). */
export async function readCatalog(client: Client | PoolClient, schema: string): Promise<CatalogTable[]> {
	const { rows } = await client.query<CatalogRow>(selectTables, [schema]);
	return rows.map((row) => ({
		name: row.name,
		logged: row.logged,
		key: row.key,
		keyDeferrable: row.key_deferrable,
		columns: row.columns.map((column) => ({
			...column,
			default: column.default ?? undefined,
			references: column.references ?? undefined
		}))
	}));
}

const selectTables = `
	SELECT c.relname AS name,
	       c.relpersistence = 'p' AS logged,
	       coalesce((
	         SELECT json_agg(a.attname ORDER BY k.position)
	           FROM pg_constraint p
	           CROSS JOIN LATERAL unnest(p.conkey) WITH ORDINALITY AS k (number, position)
	           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
	          WHERE p.conrelid = c.oid AND p.contype = 'p'
	       ), '[]') AS key,
	       EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = c.oid AND p.contype = 'p' AND p.condeferrable) AS key_deferrable,
	       coalesce((
	         SELECT json_agg(json_build_object(
	                  'name', a.attname,
	                  'type', format_type(a.atttypid, NULL),
	                  'declared', format_type(a.atttypid, a.atttypmod),
	                  'notNull', a.attnotnull,
	                  'default', pg_get_expr(d.adbin, d.adrelid),
	                  'generated', a.attgenerated <> '' OR a.attidentity <> '',
	                  'references', (
	                    SELECT t.relname FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid
	                     WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum] LIMIT 1),
	                  'unique', EXISTS (
	                    SELECT FROM pg_index i
	                     WHERE i.indrelid = c.oid AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND i.indpred IS NULL),
	                  'checks', coalesce((
	                    SELECT json_agg(pg_get_constraintdef(k.oid)) FROM pg_constraint k
	                     WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]), '[]')
	                ) ORDER BY a.attnum)
	           FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	       ), '[]') AS columns
	  FROM pg_class c
	 WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT IN ('people', 'clock', '_migrations')
	 ORDER BY c.relname`;

/** Of each table the columns of its indexes that any look-up can use, as `TableIndexes` has them. */
export async function readIndexes(client: Client | PoolClient, schema: string): Promise<TableIndexes> {
	const { rows } = await client.query<{ name: string; columns: (string | null)[]; within: string[] }>(
		`SELECT c.relname AS name, array_agg(a.attname::text ORDER BY k.position) AS columns,
		        ARRAY(SELECT b.attname::text FROM pg_depend d JOIN pg_attribute b ON b.attrelid = c.oid AND b.attnum = d.refobjsubid
		               WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refobjid = c.oid
		                 AND d.refobjsubid <> ALL (i.indkey::int2[])) AS within
		   FROM pg_index i
		   JOIN pg_class c ON c.oid = i.indrelid
		   CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
		   LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number AND k.number > 0
		  WHERE c.relnamespace = $1::regnamespace AND i.indpred IS NULL AND i.indisvalid
		    AND k.position <= i.indnkeyatts AND c.relkind IN ('r', 'p')
		  GROUP BY c.oid, c.relname, i.indexrelid, i.indkey`,
		[schema]
	);
	const indexes = new Map<string, string[][]>();
	for (const { name, columns, within } of rows) {
		const own = columns.map((column) => column ?? expressionOf(within));
		indexes.set(name, [...(indexes.get(name) ?? []), own]);
	}
	return indexes;
}
