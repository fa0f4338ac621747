import { openJson } from './json.ts';
import type { Parsed } from './manifest.ts';
import { properties, text } from './reader.ts';

/** `locales/en.json` -> `en` */
export function localeOf(file: string): string {
	return file.replace(/^locales\//, '').replace(/\.json$/, '');
}

/** Reads `locales/….json`: one flat object of texts. */
export function parseLocale(source: string, file: string): Parsed<Readonly<Record<string, string>>> {
	const json = openJson(file, source);
	if (!json.root) return { value: undefined, diagnostics: json.found };
	const entries = properties(json, json.root, 'A locale').map(
		({ key, node }) => [key, text(json, node, `"${key}"`) ?? ''] as const
	);
	return {
		value: json.found.length === 0 ? Object.fromEntries(entries) : undefined,
		diagnostics: json.found
	};
}
