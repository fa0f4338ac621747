import type { PageSpec } from '#engine/module';
import { labelOf } from '#engine/schema';
import type { Viewer } from './generated/viewer.ts';
import type { ModuleEntry } from './types.ts';

type Tab = ModuleEntry['tabs'][number];

/** The module as this viewer may open it: what the author lists, else its fixed pages and its tables. */
export function moduleEntry(viewer: Viewer): ModuleEntry | undefined {
	const { manifest } = viewer.artifact;
	const tabs = listed(viewer);
	if (tabs.length === 0) return undefined;
	const { name, title, icon, description } = manifest;
	return { name, title, icon, description, tabs };
}

function listed(viewer: Viewer): Tab[] {
	const { manifest, pages } = viewer.artifact;
	const chosen = manifest.navigation.filter(({ page }) => mayOpen(page, viewer));
	if (chosen.length > 0) return chosen.map(({ title, page, icon }) => ({ title, page, icon }));
	const fixed = pages.filter(
		(page) => page.route.every((segment) => !segment.startsWith('[')) && mayShow(page, viewer)
	);
	const own = fixed.map((page) => ({ title: page.title, page: page.route.join('/'), icon: undefined }));
	const made = viewer.artifact.tables
		.filter((table) => viewer.mayReadView(table.name) && !own.some(({ page }) => page === table.name))
		.map((table) => ({ title: labelOf(table.name), page: table.name, icon: undefined }));
	return [...own, ...made];
}

/** A page of the module whose every view may be read, or the generated list of a table. */
function mayOpen(path: string, viewer: Viewer): boolean {
	const page = viewer.artifact.pages.find((candidate) => candidate.route.join('/') === path);
	return page ? mayShow(page, viewer) : path === '' || viewer.mayReadView(path.split('/')[0]!);
}

function mayShow(page: PageSpec, viewer: Viewer): boolean {
	return Object.values(page.data).every((binding) => viewer.mayReadView(binding.view));
}
