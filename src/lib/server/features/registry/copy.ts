import { applyEdits, modify } from 'jsonc-parser';
import type { ModuleFiles } from '#engine/module';

/** A module's files under another name: in module.json, and as the package of schema.proto. */
export function copyAs(files: ModuleFiles, name: string): ModuleFiles {
	const copy = new Map(files);
	const manifest = copy.get('module.json');
	const schema = copy.get('schema.proto');
	if (manifest !== undefined)
		copy.set('module.json', applyEdits(manifest, modify(manifest, ['name'], name, {})));
	if (schema !== undefined)
		copy.set('schema.proto', schema.replace(/^(\s*package\s+)[\w.]+(\s*;)/m, `$1${name}$2`));
	return copy;
}
