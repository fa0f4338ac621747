import type { NamedType } from './transaction.ts';
import { decodeValue } from './values.ts';

export type Row = Record<string, unknown>;

/** Rows of text as objects by column; of two columns of one name the later counts. */
export function decodeRows(rows: readonly (string | null)[][], columns: readonly NamedType[]): Row[] {
	return rows.map((row) =>
		Object.fromEntries(columns.map(({ name, type }, i) => [name, decodeValue(row[i]!, type)]))
	);
}
