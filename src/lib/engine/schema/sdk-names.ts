import type { TableSpec } from './types.ts';

/** Names in 'loam' that are not an author's to give. */
export const sdkNames: readonly string[] = ['Loam', 'LoamHandlers', 'Sdk'];

/** Names that a table takes in 'loam' beside that of its message. */
export function sdkTableNames(table: TableSpec): string[] {
	const name = table.message.split('.').at(-1)!;
	return [`New${name}`, `${name}Key`];
}
