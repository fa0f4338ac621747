/** Monaco's language of a file. */
export function languageOf(path: string): string {
	if (path.endsWith('.json')) return 'json';
	if (path.endsWith('.ts')) return 'typescript';
	if (path.endsWith('.sql')) return 'pgsql';
	if (path.endsWith('.proto')) return 'proto';
	if (path.endsWith('.md')) return 'markdown';
	return 'plaintext';
}
