import { parseManifest } from '#engine/module';
import type { Outline } from './outline.ts';

/** What completion offers by name. */
export interface Known {
	readonly views: readonly string[];
	readonly verbs: readonly string[];
	/** The module's own roles. */
	readonly roles: readonly string[];
	/** Routes of pages. */
	readonly pages: readonly string[];
}

const standard = ['Create', 'Get', 'Update', 'Delete'] as const;

/** The names that completion offers: views, verbs, roles, routes. */
export function knownOf(files: ReadonlyMap<string, string>, outline: Outline): Known {
	const paths = [...files.keys()];
	const tables = outline.tables.map((table) => table.name);
	const views = paths.flatMap((path) => /^views\/(\w+)\.sql$/.exec(path)?.[1] ?? []);
	const verbs = outline.tables.flatMap(({ message }) => standard.map((verb) => verb + message));
	const manifest = parseManifest(files.get('module.json') ?? '').value;
	return {
		views: [...views, ...tables, 'people'],
		verbs: [...outline.methods.map((method) => method.name), ...verbs],
		roles: Object.keys(manifest?.roles ?? {}),
		pages: paths.flatMap(
			(path) => /^pages\/(.+)\.page\.json$/.exec(path)?.[1]?.replace(/(^|\/)index$/, '') ?? []
		)
	};
}
