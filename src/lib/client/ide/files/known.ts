import { parseManifest } from '#engine/module';
import type { Known } from '../monaco/json-schemas.ts';
import type { Outline } from './outline.ts';

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
