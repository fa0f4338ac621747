import type { Diagnostic } from '#kernel';
import {
	checkFiles,
	checkRoutes,
	filesOf,
	localeOf,
	parseLocale,
	parseManifest,
	parsePage,
	parseSeeds,
	type Manifest,
	type ModuleFiles,
	type PageSpec,
	type Parsed,
	type Seeds
} from '#engine/module';

/** The JSON of a module; what is broken is left out. */
export interface ParsedFiles {
	readonly manifest: Manifest | undefined;
	readonly pages: readonly PageSpec[];
	readonly locales: Readonly<Record<string, Readonly<Record<string, string>>>>;
	/** By file. */
	readonly seeds: ReadonlyMap<string, Seeds>;
}

/** Reads every JSON file of a module, and looks at its paths and sizes. `name` is the module's. */
export function parseFiles(files: ModuleFiles, name: string, found: Diagnostic[]): ParsedFiles {
	found.push(...checkFiles(files));
	const keep = <T>({ value, diagnostics }: Parsed<T>): T | undefined => {
		found.push(...diagnostics);
		return value;
	};
	const manifest = keep(parseManifest(files.get('module.json') ?? '{}'));
	if (manifest && manifest.name !== name) found.push(wrongName(manifest.name, name));
	const pages = filesOf(files, 'page').flatMap((path) => keep(parsePage(files.get(path)!, path)) ?? []);
	found.push(...checkRoutes(pages));
	const locales = filesOf(files, 'locale').flatMap((path) => {
		const texts = keep(parseLocale(files.get(path)!, path));
		return texts ? [[localeOf(path), texts] as const] : [];
	});
	const seeds = filesOf(files, 'seed').flatMap((path) => {
		const rows = keep(parseSeeds(files.get(path)!, path));
		return rows ? [[path, rows] as const] : [];
	});
	return { manifest, pages, locales: Object.fromEntries(locales), seeds: new Map(seeds) };
}

function wrongName(name: string, wanted: string): Diagnostic {
	return {
		severity: 'error',
		file: 'module.json',
		line: 1,
		column: 1,
		reason: 'MANIFEST_NAME',
		message: `module.json names "${name}"; the module is "${wanted}".`,
		hint: `Write "name": "${wanted}". For another name make a new module.`
	};
}
