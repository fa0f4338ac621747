/**
 * Row keys: `"module"."view"/"part"/"part"`. A `/` in a value is doubled, a `/` or `.` in a part of the
 * relation too, NULL is `_`.
 */
export function relationPrefix(relation: readonly [string, string]): string {
	return relation.map((part) => `"${part.replaceAll('/', '//').replaceAll('.', '..')}"`).join('.');
}

/** The key of a row without its relation, made of its key columns' text. */
export function rowKey(parts: readonly (string | null)[]): string {
	return parts.map((part) => (part === null ? '_' : `"${part.replaceAll('/', '//')}"`)).join('/');
}

export function fullKey(prefix: string, key: string): string {
	return `${prefix}/${key}`;
}
