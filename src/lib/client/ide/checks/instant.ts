import { validateCard } from '#engine/card';
import { checkFiles, checkRoutes, fileKind, parseLocale, parseManifest, parseSeeds } from '#engine/module';
import type { Diagnostic } from '#kernel';
import { readOutline } from '../files/outline.ts';
import { readPage, readPages } from '../files/pages.ts';

/**
 * The part of the gate that the browser can do by itself, at each keystroke: the very functions of the
 * engine that the server runs. Types of TypeScript are Monaco's business.
 */
export function checkInstantly(path: string, text: string): readonly Diagnostic[] {
	switch (fileKind(path)) {
		case undefined:
			return checkFiles(new Map([[path, text]])).filter((found) => found.file === path);
		case 'manifest':
			return parseManifest(text).diagnostics;
		case 'page':
			return checkPage(path, text);
		case 'locale':
			return parseLocale(text, path).diagnostics;
		case 'seed':
			return parseSeeds(text, path).diagnostics;
		case 'schema': {
			const result = readOutline(text);
			return 'problem' in result ? [result.problem] : [];
		}
		default:
			return [];
	}
}

/** The columns of bindings are the server's to know. */
function checkPage(path: string, text: string): readonly Diagnostic[] {
	const { value, diagnostics } = readPage(path, text);
	if (!value) return diagnostics;
	const bindings = Object.fromEntries(Object.keys(value.data).map((name) => [name, {}]));
	return validateCard(path, text, { bindings });
}

/** What only all files together tell at once: pages with one address, files that are missing. */
export function checkTogether(files: ReadonlyMap<string, string>): Diagnostic[] {
	const needed = new Map([...files].filter(([path]) => ['module.json', 'schema.proto'].includes(path)));
	const missing = checkFiles(needed).filter((found) => found.reason === 'FILE_MISSING');
	return [...missing, ...checkRoutes(readPages(files))];
}
