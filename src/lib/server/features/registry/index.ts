import { defineRoom } from '#kernel';
import { postgres } from '#platform/postgres';
import { createRegistry, type Registry } from './registry.ts';
import { readShippedModules } from './shipped.ts';

export type * from './types.ts';
export { createRegistry, type NewDraft, type Registry } from './registry.ts';
export { readModule, readShippedModules } from './shipped.ts';
export { fromTemplate, type TemplateName } from './templates.ts';

/** Modules and their drafts. */
export const registry = defineRoom<Registry>({
	name: 'features/registry',
	start: (house) => createRegistry({ pool: house.use(postgres).app, shipped: readShippedModules('modules') })
});
