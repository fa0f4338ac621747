/** A finding in a module's file, from the gate and from the editor alike. Lines and columns count from 1. */
export interface Diagnostic {
	readonly severity: 'error' | 'warning';
	/** Path in the module, e.g. `views/open_tickets.sql`. */
	readonly file: string;
	readonly line: number;
	readonly column: number;
	readonly endLine?: number;
	readonly endColumn?: number;
	/** Stable, UPPER_SNAKE. */
	readonly reason: string;
	/** What is wrong. */
	readonly message: string;
	/** What to do instead. */
	readonly hint?: string;
	/** What the builder does about it at one click. */
	readonly fix?: Fix;
}

/**
 * - `draft-migration`: writes the migration that schema.proto asks for.
 * - `share`: lets project-users read a view, or call a command, in module.json.
 * - `create-file`: makes the file with a beginning of its kind.
 * - `draft-index`: writes a migration that makes an index on the table.
 */
export type Fix =
	| { readonly kind: 'draft-migration' }
	| { readonly kind: 'share'; readonly list: 'views' | 'commands'; readonly name: string }
	| { readonly kind: 'create-file'; readonly path: string }
	| { readonly kind: 'draft-index'; readonly table: string; readonly columns: readonly string[] };

/** Line and column (from 1) of a character offset (from 0) in a text. */
export function positionAt(text: string, offset: number): { line: number; column: number } {
	const before = text.slice(0, Math.max(0, offset));
	const line = before.split('\n').length;
	return { line, column: before.length - before.lastIndexOf('\n') };
}
