import type { Diagnostic } from '#kernel';
import { locate, type ModuleFiles, type Seeds } from '#engine/module';
import type { TableSpec } from '#engine/schema';
import { known } from './access.ts';

/** Tables and columns that seeds name must be there. Their values are tried where the rows are loaded. */
export function checkSeeds(
	files: ModuleFiles,
	seeds: ReadonlyMap<string, Seeds>,
	tables: readonly TableSpec[],
	found: Diagnostic[]
): void {
	for (const [file, rowsOf] of seeds) {
		const source = files.get(file)!;
		for (const [name, rows] of Object.entries(rowsOf)) {
			const table = tables.find((one) => one.name === name);
			if (!table) {
				const hint = known(
					'Tables',
					name,
					tables.map((one) => one.name)
				);
				found.push({
					severity: 'error',
					file,
					...locate(source, [name], 'key'),
					reason: 'TABLE_UNKNOWN',
					message: `There is no table "${name}".`,
					hint
				});
				continue;
			}
			found.push(...unknownColumns(file, source, table, rows));
		}
	}
}

/** The first row of each unknown column; a thousand of the same tell no more. */
function unknownColumns(file: string, source: string, table: TableSpec, rows: Seeds[string]): Diagnostic[] {
	const names = table.columns.map((column) => column.name);
	const first = new Map<string, number>();
	rows.forEach((row, i) => {
		for (const column of Object.keys(row))
			if (!names.includes(column) && !first.has(column)) first.set(column, i);
	});
	return [...first].map(([column, i]) => ({
		severity: 'error',
		file,
		...locate(source, [table.name, i, column], 'key'),
		reason: 'COLUMN_UNKNOWN',
		message: `"${table.name}" has no column "${column}".`,
		hint: known('Columns', column, names)
	}));
}
