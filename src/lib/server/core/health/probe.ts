/** What one look at Postgres tells of its state. */
export interface Reading {
	/** Of Loam's replication slot: `reserved`, `extended`, `unreserved`, `lost`; null where there is none. */
	readonly slot: string | null;
	/** Bytes of WAL that the slot keeps from being removed. */
	readonly retained: number;
	/** Bytes of WAL that Loam's reader has not acknowledged. */
	readonly behind: number;
	readonly connections: number;
	readonly connectionLimit: number;
	/** Whether the holder of the lease has renewed it in time. */
	readonly maintained: boolean;
	/** Views that are being filled again, for changes to them were lost. */
	readonly rebuilding: number;
	/** Who keeps old versions of rows from being cleaned up: `<who>/<xid>`, and how it can be found. */
	readonly holders: readonly { readonly id: string; readonly who: string }[];
}

/** $1: name of the slot. One row: `reading`. */
export const readingSql = `
SELECT json_build_object(
  'slot', (SELECT CASE WHEN invalidation_reason IS NOT NULL THEN 'lost' ELSE wal_status END FROM pg_replication_slots WHERE slot_name = $1),
  'retained', (SELECT coalesce(pg_current_wal_lsn() - restart_lsn, 0) FROM pg_replication_slots WHERE slot_name = $1),
  'behind', (SELECT coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0) FROM pg_replication_slots WHERE slot_name = $1),
  'connections', (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL),
  'connectionLimit', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  'maintained', (SELECT expires_at > now() FROM loam.lease WHERE name = 'views'),
  'rebuilding', (SELECT count(*) FROM loam.view_build WHERE renew),
  'holders', (SELECT coalesce(json_agg(json_build_object('id', id, 'who', who)), '[]') FROM (
    SELECT pid || '/' || backend_xmin AS id, format('process %s, %s', pid, coalesce(nullif(application_name, ''), 'unnamed')) AS who
      FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND age(backend_xmin) > 1000
    UNION ALL
    SELECT gid || '/' || transaction, format('prepared transaction %s', gid) FROM pg_prepared_xacts
    UNION ALL
    SELECT slot_name || '/' || xmin, format('replication slot %s', slot_name) FROM pg_replication_slots WHERE xmin IS NOT NULL
  ) AS h)
) AS reading`;
