import type { CatalogTable, TableSpec } from '#engine/schema';

/** The tables that migrations make: as the last release knew them, or as the schema wants them. */
export function tablesNow(
	catalog: readonly CatalogTable[],
	last: readonly TableSpec[],
	wanted: readonly TableSpec[]
): TableSpec[] {
	return catalog.flatMap(({ name, columns }) => {
		const before = last.find((table) => table.name === name);
		const after = wanted.find((table) => table.name === name);
		const base = before ?? after;
		if (!base) return [];
		const specs = columns.flatMap((column) => {
			const spec = [...(before?.columns ?? []), ...(after?.columns ?? [])].find(
				(one) => one.name === column.name
			);
			return spec ?? [];
		});
		return [{ ...base, columns: specs }];
	});
}
