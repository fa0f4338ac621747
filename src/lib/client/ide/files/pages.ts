import { parsePage, type PageSpec, type Parsed } from '#engine/module';

/** By path; a page is read once for each text that it has. */
const read = new Map<string, { readonly text: string; readonly parsed: Parsed<PageSpec> }>();

export function readPage(path: string, text: string): Parsed<PageSpec> {
	const known = read.get(path);
	if (known?.text === text) return known.parsed;
	const parsed = parsePage(text, path);
	read.set(path, { text, parsed });
	return parsed;
}

/** The pages that can be read. */
export function readPages(files: ReadonlyMap<string, string>): PageSpec[] {
	return [...files].flatMap(([path, text]) =>
		path.endsWith('.page.json') ? (readPage(path, text).value ?? []) : []
	);
}
