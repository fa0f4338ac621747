import { defineRoom } from '#kernel';
import { live } from '#core/live';
import { createPages, type Pages } from './pages.ts';

export { createPages, type Pages, type PagesInit } from './pages.ts';
export type { ModuleEntry, PageRequest } from './types.ts';

/** The screens of modules: which page an address is, and its data as the viewer may see it. */
export const pages = defineRoom<Pages>({
	name: 'features/pages',
	start: (house) => createPages({ live: house.use(live) })
});
