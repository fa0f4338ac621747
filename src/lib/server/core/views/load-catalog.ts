import type { ViewSpec } from '#engine/view';
import type { Client } from '#platform/postgres';
import type { Catalog, ViewState } from './catalog.ts';

interface ViewRow {
	readonly id: number;
	readonly installation_id: string;
	readonly spec: ViewSpec;
	readonly state: ViewState;
	readonly error: string | null;
	readonly generation: number;
	readonly number: number;
}

/** Brings the catalog in line with loam.view. Entries that stay keep their identity. */
export async function loadCatalog(client: Client, catalog: Catalog): Promise<void> {
	const { rows } = await client.query<ViewRow>(
		`SELECT v.id, v.installation_id, v.spec, v.state, v.error, v.generation, i.number
		   FROM loam.view v JOIN loam.installation i ON i.id = v.installation_id`
	);
	const ids = new Set(rows.map(({ id }) => id));
	for (const { id } of [...catalog.entries]) if (!ids.has(id)) catalog.delete(id);
	for (const row of rows) {
		const known = catalog.get(row.id);
		catalog.set(
			Object.assign(known ?? {}, {
				id: row.id,
				installationId: row.installation_id,
				spec: row.spec,
				schema: `i${row.number}`,
				stateSchema: `i${row.number}_v`,
				generation: row.generation,
				state: row.state,
				error: row.error ?? undefined,
				gathered: known?.gathered,
				building: known?.building ?? false
			})
		);
	}
}
