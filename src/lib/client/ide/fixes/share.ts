import { applyEdits, findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import { parseManifest } from '#engine/module';

/**
 * module.json in which project-users may read the view, or call the command; as it is where `access` names
 * it already. Undefined where module.json can't be read.
 */
export function shareIn(manifest: string, list: 'views' | 'commands', name: string): string | undefined {
	const root = parseTree(manifest);
	if (!root || parseManifest(manifest).value === undefined) return undefined;
	const path = ['access', list, name];
	if (findNodeAtLocation(root, path)) return manifest;
	return applyEdits(
		manifest,
		modify(manifest, path, ['project-user'], { formattingOptions: formattingOf(manifest) })
	);
}

/** As the file is written: by tabs, or by so many spaces. */
function formattingOf(text: string) {
	const indent = /^(?:\t+| +)(?=")/m.exec(text)?.[0] ?? '  ';
	return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 1 : indent.length };
}
