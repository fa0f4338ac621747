import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';
import type { Diagnostic } from '#kernel';
import { validateCard } from '#engine/card';
import { checkFilter } from '#engine/policy';
import {
	locate,
	parseOrder,
	spanOf,
	type Access,
	type Binding,
	type ModuleFiles,
	type PageSpec,
	type Span
} from '#engine/module';
import type { MethodSpec } from '#engine/schema';
import type { ViewSpec } from '#engine/view';
import { filterFinding, known } from './access.ts';

/** What pages may name, and who may read and call it. */
export interface PageContext {
	readonly views: readonly ViewSpec[];
	readonly methods: readonly MethodSpec[];
	/** Absent where module.json is broken: then nothing is said of it. */
	readonly access: Access | undefined;
}

/**
 * Every page's card, bindings and verbs against the views and methods of the module. What a page shows or
 * calls and nobody but a project-admin may gets a warning: it is the mistake of every first page.
 */
export function checkPages(
	files: ModuleFiles,
	pages: readonly PageSpec[],
	{ views, methods, access }: PageContext,
	found: Diagnostic[]
): void {
	for (const page of pages) {
		const source = files.get(page.file)!;
		const bindings = Object.entries(page.data).map(([name, binding]) => {
			const view = checkBinding(page.file, source, name, binding, views, found);
			if (view && access && !Object.hasOwn(access.views, view.name)) {
				found.push(notShared(page.file, locate(source, ['data', name, 'view']), 'views', view.name));
			}
			return [name, { columns: view?.columns.map((column) => column.name) }] as const;
		});
		found.push(...validateCard(page.file, source, { bindings: Object.fromEntries(bindings) }));
		found.push(...checkVerbs(page.file, source, methods, access));
	}
}

function checkBinding(
	file: string,
	source: string,
	name: string,
	binding: Binding,
	views: readonly ViewSpec[],
	found: Diagnostic[]
): ViewSpec | undefined {
	const view = views.find((one) => one.name === binding.view);
	const span = (key: string, ...rest: number[]) => locate(source, ['data', name, key, ...rest]);
	if (!view) {
		const names = views.map((one) => one.name);
		const hint = known('Views', binding.view, names);
		found.push(error(file, span('view'), 'VIEW_UNKNOWN', `There is no view "${binding.view}".`, hint));
		return undefined;
	}
	const problem = binding.where === undefined ? undefined : checkFilter(binding.where, view.columns);
	if (problem) found.push(filterFinding(file, span('where'), binding.where!, problem));
	binding.order.forEach((order, i) => {
		const column = parseOrder(order)?.column ?? '';
		if (view.columns.some((one) => one.name === column)) return;
		const hint = known(
			'Columns',
			column,
			view.columns.map((one) => one.name)
		);
		found.push(
			error(file, span('order', i), 'COLUMN_UNKNOWN', `"${binding.view}" has no column "${column}".`, hint)
		);
	});
	return view;
}

/** Actions that call a command must name one that is there. */
function checkVerbs(
	file: string,
	source: string,
	methods: readonly MethodSpec[],
	access: Access | undefined
): Diagnostic[] {
	const root = parseTree(source);
	const card = root && findNodeAtLocation(root, ['card']);
	const names = methods.map((method) => method.name);
	return actionsOf(card).flatMap((action) => {
		const verb = verbNode(action);
		const text: unknown = verb?.value;
		// One made of data is only known when it is pressed.
		if (verb && (typeof text !== 'string' || text.includes('${'))) return [];
		if (verb && names.includes(text as string)) {
			const isShared = !access || Object.hasOwn(access.commands, text as string);
			return isShared
				? []
				: [notShared(file, spanOf(source, verb.offset, verb.length), 'commands', text as string)];
		}
		const at = verb ?? action;
		const message = verb ? `There is no command "${String(text)}".` : 'The action calls no command.';
		const hint = verb
			? known('Commands', String(text), names)
			: 'Give it a "verb": the name of a method of schema.proto.';
		return [error(file, spanOf(source, at.offset, verb ? at.length : 1), 'COMMAND_UNKNOWN', message, hint)];
	});
}

function actionsOf(node: Node | undefined): Node[] {
	if (!node) return [];
	const inner = (node.children ?? []).flatMap(actionsOf);
	const type = node.type === 'object' ? findNodeAtLocation(node, ['type'])?.value : undefined;
	return type === 'Action.Execute' || type === 'Action.Submit' ? [node, ...inner] : inner;
}

function verbNode(action: Node): Node | undefined {
	const isSubmit = findNodeAtLocation(action, ['type'])?.value === 'Action.Submit';
	return findNodeAtLocation(action, isSubmit ? ['data', 'verb'] : ['verb']);
}

function notShared(file: string, span: Span, kind: 'views' | 'commands', name: string): Diagnostic {
	return {
		severity: 'warning',
		file,
		...span,
		reason: 'NOT_SHARED',
		message: `Only project-admins may ${kind === 'views' ? 'read' : 'call'} "${name}".`,
		hint: `List who else may in module.json: "access": {"${kind}": {"${name}": ["project-user"]}}.`
	};
}

function error(file: string, span: Span, reason: string, message: string, hint: string): Diagnostic {
	return { severity: 'error', file, ...span, reason, message, hint };
}
