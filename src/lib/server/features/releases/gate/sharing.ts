import type { Diagnostic } from '#kernel';
import type { Access, PageSpec, Span } from '#engine/module';
import type { Names } from './names.ts';
import { viewFile } from './views.ts';

/**
 * Views of views/ that `access` says nothing of, so that nobody but a project-admin reads them. Where a page
 * shows one it is told there; of one that is broken other things are. An empty list says that it is meant so.
 */
export function unsharedViews(
	files: readonly string[],
	{ views }: Names,
	pages: readonly PageSpec[],
	access: Access
): Diagnostic[] {
	const shown = new Set(pages.flatMap((page) => Object.values(page.data).map(({ view }) => view)));
	const isKnown = (name: string) => views.some((view) => view.name === name && view.columns);
	return files
		.filter((name) => isKnown(name) && !Object.hasOwn(access.views, name) && !shown.has(name))
		.map((name) => notShared(viewFile(name), { line: 1, column: 1 }, 'views', name));
}

export function notShared(file: string, span: Span, list: 'views' | 'commands', name: string): Diagnostic {
	return {
		severity: 'warning',
		file,
		...span,
		reason: 'NOT_SHARED',
		message: `Only project-admins may ${list === 'views' ? 'read' : 'call'} "${name}".`,
		hint: `List who else may in module.json: "access": {"${list}": {"${name}": ["project-user"]}}; [] where nobody.`,
		fix: { kind: 'share', list, name }
	};
}
