import { catalogueName, parseRow, type ShapeSchema, type TextRow, type ValueRow } from '#engine/shape';
import type { PreviewBinding } from '#gen/loam/v1/modules_pb';

/** The rows of a binding as the card reads them: typed by their columns. */
export function rowsOf(binding: PreviewBinding): ValueRow[] {
	const schema: ShapeSchema = Object.fromEntries(
		binding.columns.map(({ name, type, dims }) => [
			name,
			{ type: catalogueName(type), ...(dims ? { dims } : {}) }
		])
	);
	return binding.rows.map((row) => parseRow(row as TextRow, schema));
}
