import { contentHash, nextPatch, parseManifest, withVersion, type ModuleFiles } from '#engine/module';
import type { ReleaseSummary } from './store.ts';

/**
 * The files as they are released. A version names one release: where module.json has one that was released
 * with other files, the next free patch version takes its place. Files that differ from the newest release
 * in nothing else are that release. `releases` are the module's, newest first.
 */
export async function withFreeVersion(
	files: ModuleFiles,
	releases: readonly ReleaseSummary[]
): Promise<ModuleFiles> {
	const text = files.get('module.json') ?? '';
	const version = parseManifest(text).value?.version;
	const taken = new Set(releases.map((release) => release.version));
	if (version === undefined || !taken.has(version)) return files;
	const hash = await contentHash(files);
	if (releases.some((release) => release.hash === hash)) return files;
	const as = (other: string) => new Map(files).set('module.json', withVersion(text, other));
	const newest = as(releases[0]!.version);
	if ((await contentHash(newest)) === releases[0]!.hash) return newest;
	let free = version;
	while (taken.has(free)) free = nextPatch(free);
	return as(free);
}
