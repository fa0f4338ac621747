import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ModuleFiles } from '#engine/module';
import { errors } from './errors.ts';

/** The modules of a folder, by name: each a folder in the format of a module. */
export function readShippedModules(folder: string): Map<string, ModuleFiles> {
	if (!existsSync(folder)) return new Map();
	const names = readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'module.json')))
		.map((entry) => entry.name)
		.sort();
	return new Map(names.map((name) => [name, readModule(join(folder, name))]));
}

/** Every file under a folder as text, by its path with slashes. Throws SHIPPED_MODULE_BROKEN for bytes that are no UTF-8. */
export function readModule(folder: string): ModuleFiles {
	const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
	const paths = readdirSync(folder, { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
		.map((entry) => join(entry.parentPath, entry.name))
		.sort();
	return new Map(
		paths.map((path) => {
			const name = relative(folder, path).split(sep).join('/');
			try {
				return [name, decoder.decode(readFileSync(path))];
			} catch (cause) {
				throw errors.SHIPPED_MODULE_BROKEN(
					`The file ${name} of a shipped module is not UTF-8.`,
					{ file: name },
					cause
				);
			}
		})
	);
}
