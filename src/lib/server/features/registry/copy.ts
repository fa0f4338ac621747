import { applyEdits, modify } from 'jsonc-parser';
import type { ModuleFiles } from '#engine/module';

/** A module's files under another name: in module.json, and as the package of schema.proto. The title stays unless told. */
export function copyAs(files: ModuleFiles, name: string, title = ''): ModuleFiles {
	const copy = new Map(files);
	const manifest = copy.get('module.json');
	const schema = copy.get('schema.proto');
	if (manifest !== undefined) {
		const named = withValue(manifest, 'name', name);
		copy.set('module.json', title ? withValue(named, 'title', title) : named);
	}
	if (schema !== undefined)
		copy.set('schema.proto', schema.replace(/^(\s*package\s+)[\w.]+(\s*;)/m, `$1${name}$2`));
	return copy;
}

function withValue(manifest: string, key: string, value: string): string {
	return applyEdits(manifest, modify(manifest, [key], value, {}));
}
