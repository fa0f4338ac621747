import type { Postgres } from '#platform/postgres';
import type { Lag, ViewStatus } from './types.ts';

/** What was not written for longer than this does not go on. */
const freshSql = `a.written_at > now() - interval '10 seconds'`;

/** $1: installation. The state of a view are the tables of its sister schema that end with its hash. */
const statusSql = `
SELECT v.hash, v.spec->>'name' AS name, v.state, v.error, v.created_at AS "createdAt",
       s.bytes::float8, s.rows::float8,
       CASE WHEN b.view_id IS NOT NULL THEN json_build_object('phase', b.phase, 'rowsDone', b.rows_done, 'rowsEstimated', b.rows_estimated) END AS build,
       CASE WHEN a.view_id IS NOT NULL THEN json_build_object(
         'batches', CASE WHEN ${freshSql} THEN a.batches ELSE 0 END,
         'changes', CASE WHEN ${freshSql} THEN a.changes ELSE 0 END,
         'rows', CASE WHEN ${freshSql} THEN a.rows ELSE 0 END, 'lastMs', a.last_ms) END AS activity,
       a.last_at AS "lastAt"
  FROM loam.view v
  JOIN loam.installation i ON i.id = v.installation_id
  LEFT JOIN loam.view_build b ON b.view_id = v.id
  LEFT JOIN loam.view_activity a ON a.view_id = v.id
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) AS bytes,
           nullif(max(pg_stat_get_live_tuples(c.oid)) FILTER (WHERE c.relname = 'v_' || v.hash), 0) AS rows
      FROM pg_class c
     WHERE c.relnamespace = to_regnamespace('i' || i.number || '_v') AND c.relkind = 'r' AND c.relname LIKE '%\\_' || v.hash
  ) AS s
 WHERE v.installation_id = $1
 ORDER BY v.id`;

interface StatusRow extends Omit<ViewStatus, 'activity' | 'rows' | 'error' | 'build'> {
	readonly error: string | null;
	readonly rows: number | null;
	readonly build: ViewStatus['build'] | null;
	readonly activity: Omit<NonNullable<ViewStatus['activity']>, 'lastAt'> | null;
	readonly lastAt: Date;
}

/** All views of an installation with their parts, as they stand. */
export async function readStatus({ app }: Postgres, installation: string): Promise<ViewStatus[]> {
	const { rows } = await app.query<StatusRow & Record<string, unknown>>(statusSql, [installation]);
	return rows.map(({ activity, lastAt, rows: count, error, build, ...row }) => ({
		...row,
		error: error ?? undefined,
		rows: count ?? undefined,
		build: build ?? undefined,
		activity: activity ? { ...activity, lastAt } : undefined
	}));
}

/** How far the node that maintains is behind, as it wrote last; undefined: there is none. */
export async function readLag({ app }: Postgres): Promise<Lag | undefined> {
	const { rows } = await app.query<{ bytes: number; ms: number }>(
		`SELECT coalesce(x.bytes, 0)::float8 AS bytes, coalesce(x.ms, 0) AS ms
		   FROM loam.lease l LEFT JOIN loam.view_lag x ON true WHERE l.name = 'views' AND l.expires_at > now()`
	);
	return rows[0];
}
