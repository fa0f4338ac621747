import { limitOf, type ColumnSpec, type TableSpec } from '#engine/schema';
import type { AppError } from '#kernel';
import { errors } from './errors.ts';

/**
 * An error of the data in the words of schema.proto: labels instead of columns and tables, and the limit
 * that a value broke. What the schema does not know stays as it is.
 */
export function inWords(tables: readonly TableSpec[], error: AppError): AppError {
	const table = tables.find((one) => one.name === error.meta['table']);
	const columns = columnsOf(table, (error.meta['fields'] ?? []) as readonly string[]);
	const [first] = columns;
	if (!table || !first) return error;
	const labels = columns.map((column) => column.label).join(' and ');
	switch (error.reason) {
		case 'ROW_EXISTS':
			return errors.ROW_EXISTS(
				`There is a ${table.label} with this ${labels} already.`,
				error.meta,
				error.cause
			);
		case 'ROW_REFERENCE': {
			const target = tables.find((one) => one.name === first.references)?.label ?? 'row';
			return errors.ROW_REFERENCE(
				`${labels}: there is no such ${target}, or not any more.`,
				error.meta,
				error.cause
			);
		}
		case 'FIELD_REQUIRED':
			return errors.FIELD_REQUIRED(`${labels} must be given.`, error.meta, error.cause);
		case 'FIELD_INVALID':
			return errors.FIELD_INVALID(
				`${labels}: ${limitOf(first) ?? 'this value is not allowed'}.`,
				error.meta,
				error.cause
			);
		default:
			return error;
	}
}

/** None where one of them is no column: then it is another rule that speaks. */
function columnsOf(table: TableSpec | undefined, fields: readonly string[]): ColumnSpec[] {
	const columns = fields.flatMap((field) => table?.columns.find(({ name }) => name === field) ?? []);
	return columns.length === fields.length ? columns : [];
}
