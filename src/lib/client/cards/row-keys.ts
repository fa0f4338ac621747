/** The row key of each live row, by which lists know it again when it changes or moves. */
const keys = new WeakMap<object, string>();

export function setRowKey(row: object, key: string): void {
	keys.set(row, key);
}

export function rowKey(item: unknown): string | undefined {
	return typeof item === 'object' && item !== null ? keys.get(item) : undefined;
}

/** Key of an item of a repetition: its row key, or its place. */
export function itemKey(item: unknown, index: number): string | number {
	return rowKey(item) ?? index;
}
