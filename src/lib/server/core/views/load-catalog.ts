import type { ViewSpec } from '#engine/view';
import type { QueryResultRow } from '#platform/postgres';
import type { Catalog, ViewState } from './catalog.ts';

/** A client or a pool. */
export interface Queryable {
	query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<{ rows: Row[] }>;
}

interface ViewRow {
	readonly version: string;
	/** Null in the one row that there is where there are no views. */
	readonly id: number | null;
	readonly installation_id: string;
	/** Null where the catalog has this generation already. */
	readonly spec: ViewSpec | null;
	readonly state: ViewState;
	readonly error: string | null;
	readonly generation: number;
	readonly number: number;
}

/** All of loam.view at one moment. */
export interface CatalogReading {
	/** Of loam.view_version: whoever reads a higher one has to read the catalog again first. */
	readonly version: bigint;
	readonly rows: readonly ViewRow[];
	/** What the catalog had when it was read. */
	readonly had: ReadonlySet<number>;
}

export async function readCatalog(from: Queryable, catalog: Catalog): Promise<CatalogReading> {
	const known = [...catalog.entries];
	const { rows } = await from.query<ViewRow>(
		`SELECT x.version::text AS version, v.id, v.installation_id, v.spec, v.state, v.error, v.generation, v.number
		   FROM loam.view_version x LEFT JOIN (
		     SELECT w.id, w.installation_id, CASE WHEN k.id IS NULL THEN w.spec END AS spec, w.state, w.error, w.generation, i.number
		       FROM loam.view w JOIN loam.installation i ON i.id = w.installation_id
		       LEFT JOIN unnest($1::integer[], $2::integer[]) AS k (id, generation) ON k.id = w.id AND k.generation = w.generation
		   ) AS v ON true`,
		[known.map(({ id }) => id), known.map(({ generation }) => generation)]
	);
	const version = BigInt(rows[0]!.version);
	return { version, rows: rows.filter(({ id }) => id !== null), had: new Set(known.map(({ id }) => id)) };
}

/**
 * Brings the catalog in line. Entries that stay keep their identity. A node that maintains knows better
 * what became of its views: it takes what is new, made anew by others (`building`, a higher generation)
 * or gone.
 */
export function applyReading(catalog: Catalog, reading: CatalogReading, maintaining: boolean): void {
	const ids = new Set(reading.rows.map(({ id }) => id));
	for (const { id } of [...catalog.entries]) if (reading.had.has(id) && !ids.has(id)) catalog.delete(id);
	for (const row of reading.rows) {
		const known = catalog.get(row.id!);
		// It was registered again since, or dropped.
		if (known ? row.generation < known.generation : !row.spec) continue;
		const isAnew = row.generation > (known?.generation ?? 0) && row.state === 'building';
		if (known && maintaining && !isAnew) continue;
		catalog.set(
			Object.assign(known ?? {}, {
				id: row.id!,
				installationId: row.installation_id,
				spec: row.spec ?? known!.spec,
				schema: `i${row.number}`,
				stateSchema: `i${row.number}_v`,
				generation: row.generation,
				state: row.state,
				error: row.error ?? undefined,
				gathering: false,
				stale: false
			})
		);
	}
}
