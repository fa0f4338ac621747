import { openJson, report, valueOf, type JsonFile, type JsonNode } from './json.ts';
import type { Parsed } from './manifest.ts';
import { count, fields, flag, items, properties, text } from './reader.ts';
import { routeOf } from './routes.ts';
import type { Binding, PageSpec } from './types.ts';

export const bindingLimit = { default: 200, most: 1000 } as const;

/** Names that the card's data has anyway. */
const reservedBindings: ReadonlySet<string> = new Set(['params', 'query', 'principal', 'now']);

/** Reads `pages/….page.json`. The card itself is checked by engine/card, bindings against views by the gate. */
export function parsePage(source: string, file: string): Parsed<PageSpec> {
	const json = openJson(file, source);
	const value = json.root && readPage(json, json.root);
	return { value: json.found.length === 0 ? value : undefined, diagnostics: json.found };
}

function readPage(json: JsonFile, root: JsonNode): PageSpec {
	const at = fields(json, root, 'A page', ['title', 'data', 'card'], ['title', 'card']);
	if (at.card && at.card.type !== 'object')
		report(json, at.card, 'JSON_TYPE', 'card must be an Adaptive Card object.');
	return {
		file: json.file,
		route: routeOf(json.file),
		title: text(json, at.title, 'title', 500) ?? '',
		data: at.data ? readData(json, at.data) : {},
		card: at.card ? valueOf(at.card) : {}
	};
}

function readData(json: JsonFile, node: JsonNode): PageSpec['data'] {
	return Object.fromEntries(
		properties(json, node, 'data').map(({ key, keyNode, node: value }) => {
			if (!/^[a-z][A-Za-z0-9_]*$/.test(key) || reservedBindings.has(key)) {
				report(
					json,
					keyNode,
					'BINDING_NAME',
					`"${key}" can't name a binding.`,
					`Use letters, digits and underscores, and none of ${[...reservedBindings].join(', ')}.`
				);
			}
			return [key, readBinding(json, value, key)];
		})
	);
}

function readBinding(json: JsonFile, node: JsonNode, name: string): Binding {
	const what = `data.${name}`;
	const at = fields(json, node, what, ['view', 'where', 'order', 'limit', 'live'], ['view']);
	const where = text(json, at.where, 'where', 2000);
	return {
		view: text(json, at.view, 'view', 100) ?? '',
		...(where === undefined ? {} : { where }),
		order: readOrder(json, at.order),
		limit: count(json, at.limit, 'limit', [1, bindingLimit.most]) ?? bindingLimit.default,
		live: flag(json, at.live, 'live') ?? true
	};
}

function readOrder(json: JsonFile, node: JsonNode | undefined): string[] {
	if (!node) return [];
	const entries = node.type === 'string' ? [node] : items(json, node, 'order');
	return entries.flatMap((entry) => {
		const order = text(json, entry, 'order', 100);
		if (order === undefined) return [];
		if (parseOrder(order)) return [order];
		report(
			json,
			entry,
			'ORDER_SYNTAX',
			`"${order}" is no order.`,
			'Write a column, then asc or desc: "opened_at desc".'
		);
		return [];
	});
}

export interface Order {
	readonly column: string;
	readonly descending: boolean;
}

/** `opened_at desc` -> its column and direction; undefined where it is neither. */
export function parseOrder(order: string): Order | undefined {
	const match = /^\s*([a-z_][a-z0-9_]*)(?:\s+(asc|desc))?\s*$/i.exec(order);
	if (!match) return undefined;
	return { column: match[1]!, descending: match[2]?.toLowerCase() === 'desc' };
}
