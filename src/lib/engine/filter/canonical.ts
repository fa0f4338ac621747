import { resolveConstant, resolvePattern } from './resolve-constant.ts';
import { print, quoteName } from './sql.ts';
import type { Constant, Filter, FilterEnv } from './types.ts';

/**
 * One text for filters that plainly mean the same in this environment (order of AND, OR and IN aside):
 * what a handle is made of. Throws FILTER_VALUE, FILTER_PARAMETER.
 */
export function canonical(filter: Filter, env: FilterEnv): string {
	return print(filter.expression, {
		column: quoteName,
		constant: (constant) => literal(constant, resolveConstant(constant, env)),
		pattern: (constant) => literal(constant, resolvePattern(constant, env)),
		bag: (items) => [...new Set(items)].sort()
	});
}

function literal(constant: Constant, value: string | null): string {
	return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'::${constant.type}`;
}
