import type { BuilderApi, OpenDraft } from './api.ts';

export type OpenedModule =
	| { readonly kind: 'draft'; readonly opened: OpenDraft }
	| { readonly kind: 'shipped'; readonly title: string }
	| { readonly kind: 'missing' };

/** Opens a module that is there; a mistyped address makes none. */
export async function openModule(api: BuilderApi, project: string, module: string): Promise<OpenedModule> {
	const entry = (await api.modules(project)).find((one) => one.name === module);
	if (!entry) return { kind: 'missing' };
	if (entry.shipped) return { kind: 'shipped', title: entry.title };
	const draft = entry.draft || (await api.createDraft(project, module, ''));
	return { kind: 'draft', opened: await api.files(draft) };
}
