import { suggestModuleName } from '#engine/module';
import type { BuilderApi, OpenDraft } from './api.ts';

export type OpenedModule =
	| { readonly kind: 'draft'; readonly opened: OpenDraft }
	/** `copy` is a free name for a module of one's own that begins as it. */
	| { readonly kind: 'shipped'; readonly title: string; readonly copy: string }
	| { readonly kind: 'missing' };

/** Opens a module that is there; a mistyped address makes none. */
export async function openModule(api: BuilderApi, project: string, module: string): Promise<OpenedModule> {
	const modules = await api.modules(project);
	const entry = modules.find((one) => one.name === module);
	if (!entry) return { kind: 'missing' };
	if (entry.shipped) {
		const copy = suggestModuleName(`${module}_copy`, new Set(modules.map((one) => one.name)));
		return { kind: 'shipped', title: entry.title, copy };
	}
	const draft = entry.draft || (await api.createDraft(project, module, ''));
	return { kind: 'draft', opened: await api.files(draft) };
}
