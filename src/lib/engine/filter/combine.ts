import type { Filter } from './types.ts';

/** All (AND) or any (OR) of these filters; of none: every row, or no row. */
export function combine(op: 'and' | 'or', filters: readonly Filter[]): Filter {
	if (filters.length === 1) return filters[0]!;
	const combined: Filter = {
		expression: { op, type: 'boolean', of: filters.map((filter) => filter.expression) },
		columns: [...new Set(filters.flatMap((filter) => filter.columns))].sort()
	};
	return filters.some((filter) => filter.databaseOnly) ? { ...combined, databaseOnly: true } : combined;
}
