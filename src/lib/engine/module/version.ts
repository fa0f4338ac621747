import { applyEdits, modify } from 'jsonc-parser';

/** The text of a module.json with another version; nothing else of it moves. */
export function withVersion(manifest: string, version: string): string {
	return applyEdits(manifest, modify(manifest, ['version'], version, {}));
}

/** `0.1.0` -> `0.1.1`, `1.0.0-beta` -> `1.0.0-beta.1`, `1.0.0-beta.1` -> `1.0.0-beta.2` */
export function nextPatch(version: string): string {
	const [, before, last] = /^(.*?)(\d+)$/.exec(version) ?? [];
	return before === undefined ? `${version}.1` : `${before}${BigInt(last!) + 1n}`;
}
