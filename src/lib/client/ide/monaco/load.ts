import type * as Monaco from 'monaco-editor/editor';
import type * as Json from 'monaco-editor/languages/features/json/register';
import type * as TypeScript from 'monaco-editor/languages/features/typescript/register';

/** The parts of Monaco that the builder uses. */
export interface MonacoParts {
	readonly monaco: typeof Monaco;
	readonly json: typeof Json;
	readonly typescript: typeof TypeScript;
}

let loaded: Promise<MonacoParts> | undefined;

/** Loads Monaco with its workers, once; no other screen ever does. */
export function loadMonaco(): Promise<MonacoParts> {
	loaded ??= load().catch((error: unknown) => {
		loaded = undefined;
		throw error;
	});
	return loaded;
}

async function load(): Promise<MonacoParts> {
	// The server's bundle has no editor.
	if (import.meta.env.SSR) throw new Error('Monaco needs a browser');
	const { parts } = await import('./parts.ts');
	return parts;
}
