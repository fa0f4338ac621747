import { canonicalJson } from '#kernel';
import type { ModuleFiles } from './types.ts';

/** Digits of a hash that name a release in addresses and headers. */
export const shortHashLength = 12;

/**
 * What a release is named by: SHA-256, in hex, of the canonical JSON of `[[path, text], …]` sorted by path.
 * The same files give the same hash, whatever order they came in.
 */
export async function contentHash(files: ModuleFiles): Promise<string> {
	const list = [...files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
	return sha256(canonicalJson(list));
}

/** SHA-256 of a text, in hex. */
export async function sha256(text: string): Promise<string> {
	const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
	return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
