import type { ColumnSpec } from './types.ts';

/** What a column's values may be, in words that go on after its label: `at most 200 characters, and not empty`. */
export function limitOf(column: ColumnSpec): string | undefined {
	if (column.values) return `${column.array ? 'each ' : ''}one of ${column.values.join(', ')}`;
	const isText = column.type === 'text' && !column.array;
	const parts = [
		...(column.maxLength === undefined ? [] : [`at most ${column.maxLength} characters`]),
		...(column.required && isText ? ['not empty'] : [])
	];
	return parts.length > 0 ? parts.join(', and ') : undefined;
}
