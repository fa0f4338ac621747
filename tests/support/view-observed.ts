import pg from 'pg';
import type { ModelTable } from './arbitrary-view.ts';

/**
 * Records, in the database under test and beside what is tested, what there is to know of a run: every
 * row that a transaction wrote, and every position of the maintainer with its snapshot. From the two, the
 * tables as they were at each position are made again.
 */
export async function observeDatabase(superuser: pg.ClientBase, viewsLogin: string): Promise<void> {
	await superuser.query(`
		CREATE SCHEMA observed;
		GRANT USAGE ON SCHEMA observed TO PUBLIC;
		CREATE TABLE observed.positions (
			n bigserial PRIMARY KEY, seq bigint NOT NULL, snapshot pg_snapshot, generations jsonb NOT NULL
		);
		CREATE TABLE observed.writes (
			n bigserial PRIMARY KEY, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), source text NOT NULL, old text, new text
		);
		CREATE FUNCTION observed.position() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
		BEGIN
			INSERT INTO observed.positions (seq, snapshot, generations)
			VALUES (NEW.seq, NEW.snapshot, (SELECT coalesce(jsonb_object_agg(id, generation), '{}') FROM loam.view WHERE state = 'ready'));
			RETURN NULL;
		END $$;
		CREATE TRIGGER observed AFTER UPDATE ON loam.position FOR EACH ROW EXECUTE FUNCTION observed.position();
		CREATE FUNCTION observed.row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
		BEGIN
			IF TG_OP = 'TRUNCATE' THEN INSERT INTO observed.writes (source) VALUES (TG_TABLE_NAME);
			ELSIF TG_OP = 'INSERT' THEN INSERT INTO observed.writes (source, new) VALUES (TG_TABLE_NAME, NEW::text);
			ELSIF TG_OP = 'DELETE' THEN INSERT INTO observed.writes (source, old) VALUES (TG_TABLE_NAME, OLD::text);
			ELSE INSERT INTO observed.writes (source, old, new) VALUES (TG_TABLE_NAME, OLD::text, NEW::text);
			END IF;
			RETURN NULL;
		END $$;
		GRANT EXECUTE ON FUNCTION observed.position() TO ${viewsLogin}`);
}

/** From now on what is written to the table is recorded. */
export function observeTable(schema: string, { name }: ModelTable): string {
	const on = `${schema}.${name}`;
	return `CREATE TRIGGER observed_row AFTER INSERT OR UPDATE OR DELETE ON ${on} FOR EACH ROW EXECUTE FUNCTION observed.row();
		CREATE TRIGGER observed_all AFTER TRUNCATE ON ${on} FOR EACH STATEMENT EXECUTE FUNCTION observed.row()`;
}

export interface ObservedPosition {
	readonly seq: bigint;
	/** Generations of the views that were ready, by id. */
	readonly generations: Readonly<Record<string, number>>;
	/** Of the transactions that it sees and the position before did not; of each row in the order in which it changed. */
	readonly writes: readonly ObservedWrite[];
}

export interface ObservedWrite {
	readonly xid: bigint;
	readonly source: string;
	/** The rows as Postgres prints them; none of both: TRUNCATE. */
	readonly old: string | null;
	readonly new: string | null;
}

/** The last position up to now. */
export async function lastObserved(superuser: pg.ClientBase): Promise<bigint> {
	const { rows } = await superuser.query<{ n: string }>(
		'SELECT coalesce(max(n), 0)::text AS n FROM observed.positions'
	);
	return BigInt(rows[0]!.n);
}

/** Positions after the `n`-th, in order; all writes are of transactions after it. */
export async function observedPositions(
	superuser: pg.ClientBase,
	after: bigint
): Promise<ObservedPosition[]> {
	const { rows: writes } = await superuser.query<
		Omit<ObservedWrite, 'xid'> & { xid: string; position: string | null }
	>(
		`SELECT w.xid::text AS xid, w.source, w.old, w.new,
		        (SELECT p.n::text AS id FROM observed.positions p WHERE p.n > $1 AND pg_visible_in_snapshot(w.xid, p.snapshot) ORDER BY p.n LIMIT 1) AS position
		   FROM observed.writes w ORDER BY w.n`,
		[after.toString()]
	);
	const byPosition = Map.groupBy(writes, ({ position }) => position);
	const { rows } = await superuser.query<{ id: string; seq: string; generations: Record<string, number> }>(
		'SELECT n::text AS id, seq::text, generations FROM observed.positions WHERE n > $1 ORDER BY n',
		[after.toString()]
	);
	return rows.map(({ id, seq, generations }) => ({
		seq: BigInt(seq),
		generations,
		writes: (byPosition.get(id) ?? []).map((write) => ({ ...write, xid: BigInt(write.xid) }))
	}));
}

/** Tables of the same columns, without anything that would object to what is written. */
export function replayTables(schema: string, tables: readonly ModelTable[]): string[] {
	return tables.map(({ name }) => `CREATE TABLE replay.${name} (LIKE ${schema}.${name})`);
}

/** Does to the replayed tables what was written. */
export function replaySql(writes: readonly ObservedWrite[]): string {
	return writes
		.flatMap(({ source, old, new: row }) => {
			const table = `replay.${source}`;
			if (old === null && row === null) return [`TRUNCATE ${table}`];
			return [
				...(old === null ? [] : [`DELETE FROM ${table} AS t WHERE t::text = ${pg.escapeLiteral(old)}`]),
				...(row === null ? [] : [`INSERT INTO ${table} SELECT (${pg.escapeLiteral(row)}::${table}).*`])
			];
		})
		.join(';\n');
}
