import type { Json } from '#kernel';
import { openJson, report, valueOf } from './json.ts';
import type { Parsed } from './manifest.ts';
import { items, properties } from './reader.ts';

/** Rows by table, each an object by column. */
export type Seeds = Readonly<Record<string, readonly SeedRow[]>>;
export type SeedRow = Readonly<Record<string, Json>>;

/** Reads `seeds/….json`. Whether tables and columns exist is checked when they are known. */
export function parseSeeds(source: string, file: string): Parsed<Seeds> {
	const json = openJson(file, source);
	if (!json.root) return { value: undefined, diagnostics: json.found };
	const entries = properties(json, json.root, 'Seeds').map(({ key, node }) => {
		const rows = items(json, node, `The rows of "${key}"`);
		const wrong = rows.find((row) => row.type !== 'object');
		if (wrong) report(json, wrong, 'JSON_TYPE', 'A row must be an object of columns.');
		return [key, rows.map((row) => valueOf(row) as SeedRow)] as const;
	});
	return {
		value: json.found.length === 0 ? Object.fromEntries(entries) : undefined,
		diagnostics: json.found
	};
}
