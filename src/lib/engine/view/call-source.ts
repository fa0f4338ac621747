import type { CatalogColumn } from './catalog.ts';
import type { Dependence } from './expression.ts';
import type { Source } from './scope.ts';
import { expressionOf, sql, type SqlParts } from './sql-parts.ts';

const hidden: CatalogColumn = { name: '_n', type: 'bigint', array: false, nullable: false, hidden: true };

/**
 * Rows that follow from other sources of the same FROM, or from nothing: of a function, or constants. They
 * change with those alone, and are told apart by their number. `rows` stands in FROM, with the number as
 * its last column.
 */
export function callSource(
	alias: string,
	rows: SqlParts,
	columns: readonly (string | { readonly name: string; readonly isText: boolean })[],
	at: number | undefined,
	depends: readonly Dependence[] = []
): Source {
	const made = columns.map((column): CatalogColumn => {
		const { name, isText } = typeof column === 'string' ? { name: column, isText: false } : column;
		return { name, type: isText ? 'text' : '', array: false, nullable: true };
	});
	return {
		alias,
		at,
		table: { name: `{call}`, columns: [...made, hidden], key: [hidden.name] },
		call: { ...expressionOf(rows), ...(depends.length > 0 && { depends }) }
	};
}

/** The rows of a function, whose text is `pg_catalog.name(…)`. */
export function functionRows(call: SqlParts): SqlParts {
	return sql`LATERAL ${call} WITH ORDINALITY`;
}

/** One row without columns: what a SELECT without FROM reads. */
export function oneRow(): Source {
	return callSource('', ['(VALUES (1))'], [], undefined);
}
