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
import { filterFinding, known } from './access.ts';
import { isConstant, readParts, type CardAction } from './actions.ts';
import type { KnownView, Names } from './names.ts';
import { checkRequests, type Call } from './requests.ts';
import { notShared } from './sharing.ts';

/**
 * Every page's card, bindings and actions against the views and commands of the module. What a page shows
 * or calls and nobody but a project-admin may gets a warning: it is the mistake of every first page.
 * `access` is absent where module.json is broken: then nothing is said of it.
 */
export function checkPages(
	files: ModuleFiles,
	pages: readonly PageSpec[],
	names: Names,
	access: Access | undefined,
	found: Diagnostic[]
): void {
	for (const page of pages) {
		const source = files.get(page.file)!;
		const bindings = Object.entries(page.data).map(([name, binding]) => {
			const view = checkBinding(page.file, source, name, binding, names, found);
			if (view && access && !Object.hasOwn(access.views, view.name)) {
				found.push(notShared(page.file, locate(source, ['data', name, 'view']), 'views', view.name));
			}
			return [name, { columns: view?.columns }] as const;
		});
		const card = validateCard(page.file, source, { bindings: Object.fromEntries(bindings) });
		found.push(...card);
		const isTooLarge = card.some(({ reason }) => tooLarge.has(reason));
		if (names.schema && !isTooLarge) found.push(...checkActions(page.file, source, names.schema, access));
	}
}

/** What has more parts than a card may have is not looked at part by part. */
const tooLarge: ReadonlySet<string> = new Set(['CARD_TOO_LARGE', 'CARD_TOO_DEEP', 'CARD_TOO_MANY_NODES']);

function checkBinding(
	file: string,
	source: string,
	name: string,
	binding: Binding,
	{ views, schema }: Names,
	found: Diagnostic[]
): KnownView | undefined {
	const view = views.find((one) => one.name === binding.view);
	const span = (key: string, ...rest: number[]) => locate(source, ['data', name, key, ...rest]);
	if (!view) {
		if (!schema) return undefined;
		const hint = known(
			'Views',
			binding.view,
			views.map((one) => one.name)
		);
		found.push(error(file, span('view'), 'VIEW_UNKNOWN', `There is no view "${binding.view}".`, hint));
		return undefined;
	}
	const { columns, typed } = view;
	const problem = binding.where === undefined || !typed ? undefined : checkFilter(binding.where, typed);
	if (problem) found.push(filterFinding(file, span('where'), binding.where!, problem));
	binding.order.forEach((order, i) => {
		const column = parseOrder(order)?.column ?? '';
		if (!columns || columns.includes(column)) return;
		const message = `"${binding.view}" has no column "${column}".`;
		found.push(error(file, span('order', i), 'COLUMN_UNKNOWN', message, known('Columns', column, columns)));
	});
	return view;
}

/** Actions that call a command must name one that is there, and send what it takes. */
function checkActions(
	file: string,
	source: string,
	{ methods, registry }: NonNullable<Names['schema']>,
	access: Access | undefined
): Diagnostic[] {
	const found: Diagnostic[] = [];
	const calls: Call[] = [];
	const parts = readParts(source);
	for (const action of parts.actions) {
		const method = checkVerb(file, source, action, methods, found);
		const request = method && registry.getMessage(method.request);
		if (!method || !request) continue;
		calls.push({ action, verb: method.name, request });
		const { offset, length } = action.verb!;
		if (access && !Object.hasOwn(access.commands, method.name))
			found.push(notShared(file, spanOf(source, offset, length), 'commands', method.name));
	}
	return [...found, ...checkRequests(file, source, parts, calls)];
}

function checkVerb(
	file: string,
	source: string,
	{ node, verb }: CardAction,
	methods: readonly MethodSpec[],
	found: Diagnostic[]
): MethodSpec | undefined {
	const text: unknown = verb?.value;
	if (verb && (typeof text !== 'string' || !isConstant(text))) return undefined;
	const method = methods.find((one) => one.name === text);
	if (method) return method;
	const at = verb ?? node;
	const names = methods.map((one) => one.name);
	const message = verb ? `There is no command "${String(text)}".` : 'The action calls no command.';
	const hint = verb
		? known('Commands', String(text), names)
		: 'Give it a "verb": the name of a method of schema.proto.';
	found.push(error(file, spanOf(source, at.offset, verb ? at.length : 1), 'COMMAND_UNKNOWN', message, hint));
	return undefined;
}

function error(file: string, span: Span, reason: string, message: string, hint: string): Diagnostic {
	return { severity: 'error', file, ...span, reason, message, hint };
}
