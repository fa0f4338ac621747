import { sdkText } from './sdk.ts';

/**
 * The SDK while schema.proto is broken: what is the same for every module has its types, and every message
 * that the files import, and every row, may be anything.
 */
export function looseSdkTypes(texts: readonly string[]): string {
	const names = new Set(texts.flatMap(importedNames));
	names.delete('Loam');
	return sdkText([
		"import type * as Sdk from 'loam/sdk';",
		...[...names].map((name) => `export type ${name} = any;`),
		'export interface Loam extends Sdk.Context {\n\treadonly db: Sdk.Sql & { readonly [table: string]: any };\n}'
	]);
}

const imports = /import\s+(?:type\s+)?\{([^}]*)\}\s*from\s*['"]loam['"]/g;

function importedNames(text: string): string[] {
	return [...text.matchAll(imports)].flatMap((match) =>
		match[1]!.split(',').flatMap((part) => /^\s*(?:type\s+)?([A-Za-z_$][\w$]*)/.exec(part)?.[1] ?? [])
	);
}
