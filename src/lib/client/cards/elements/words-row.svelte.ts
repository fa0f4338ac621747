import { createRawSnippet } from 'svelte';
import { isExternal, type LoneText, type Scope, type TableRow } from '#engine/card';
import { onServer } from '../on-server.ts';
import type { CardRuntime } from '../runtime.svelte.ts';

/**
 * A row of a table whose cells hold plain words, as nearly every row does. It is written on the server in
 * one piece, without the marks that Svelte's own templates need between the nodes; in the browser its
 * nodes are filled by one effect that touches only what differs.
 */
export interface RowWords {
	readonly words: readonly string[];
	readonly link: RowLink | undefined;
}

/** Where a row leads that is pressed. */
interface RowLink {
	readonly href: string;
	readonly 'aria-label': string;
	readonly target: string | undefined;
	readonly rel: string | undefined;
}

/** Undefined where a cell holds more than words, or the row does something else than lead somewhere. */
export function rowWords(node: TableRow, scope: Scope, card: CardRuntime): RowWords | undefined {
	const { cells, action } = node;
	if (cells.length === 0) return undefined;
	const words: string[] = [];
	for (const { item, data, when } of cells) {
		if (!item.lone || item.action || data || when) return undefined;
		const content = item.lone.content(scope);
		if (typeof content !== 'string') return undefined;
		words.push(content);
	}
	const link = linkOf(node, scope, card);
	return action && !link ? undefined : { words, link };
}

function linkOf({ action }: TableRow, scope: Scope, card: CardRuntime): RowLink | undefined {
	if (action?.kind !== 'Action.OpenUrl') return undefined;
	const url = action.url(scope);
	if (url === undefined) return undefined;
	const outside = !action.inside && isExternal(url);
	return {
		href: card.host.href(url),
		'aria-label': action.title(scope) || action.tooltip(scope) || 'Open',
		target: outside ? '_blank' : undefined,
		rel: outside ? 'noopener noreferrer' : undefined
	};
}

export const wordsRow = createRawSnippet<[TableRow, Scope, RowWords]>((node, scope, row) => ({
	render: () => (onServer ? written(node(), scope(), row()) : empty(node(), row())),
	setup: (element) => {
		const parts = partsOf(element);
		$effect.pre(() => fill(parts, node(), scope(), row()));
	}
}));

function lone(node: TableRow, place: number): LoneText {
	return node.cells[place]!.item.lone!;
}

function written(node: TableRow, scope: Scope, { words, link }: RowWords): string {
	let html = `<tr${attribute('class', node.classes(scope))}>`;
	for (let i = 0; i < words.length; i++) {
		const cover = link && i === 0 ? `<a class="ac-cover"${attributes(link)}></a>` : '';
		html += `<td${attribute('class', lone(node, i).classes(scope))}>${escaped(words[i]!)}${cover}</td>`;
	}
	return `${html}</tr>`;
}

function attributes(link: RowLink): string {
	return (
		attribute('href', link.href) +
		attribute('aria-label', link['aria-label']) +
		attribute('target', link.target) +
		attribute('rel', link.rel)
	);
}

function attribute(name: string, value: string | undefined): string {
	return value ? ` ${name}="${escaped(value)}"` : '';
}

const special = /[&<"]/;
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };

function escaped(text: string): string {
	return special.test(text) ? text.replace(/[&<"]/g, (char) => entities[char]!) : text;
}

/** No word of the data is in what the browser parses. */
function empty(node: TableRow, { link }: RowWords): string {
	const cover = link ? '<a class="ac-cover"></a>' : '';
	return `<tr>${node.cells.map((_, i) => (i === 0 ? `<td>${cover}</td>` : '<td></td>')).join('')}</tr>`;
}

interface Parts {
	readonly row: Element;
	readonly cells: readonly Element[];
	readonly texts: readonly Text[];
	readonly cover: Element | null;
}

function partsOf(row: Element): Parts {
	const cells = [...row.children];
	return { row, cells, texts: cells.map(textOf), cover: row.querySelector('a.ac-cover') };
}

/** An empty cell has no text node of its own yet. */
function textOf(cell: Element): Text {
	const first = cell.firstChild;
	if (first instanceof Text) return first;
	const text = document.createTextNode('');
	cell.prepend(text);
	return text;
}

function fill({ row, cells, texts, cover }: Parts, node: TableRow, scope: Scope, drawn: RowWords): void {
	set(row, 'class', node.classes(scope) || undefined);
	for (let i = 0; i < texts.length; i++) {
		set(cells[i]!, 'class', lone(node, i).classes(scope) || undefined);
		if (texts[i]!.data !== drawn.words[i]) texts[i]!.data = drawn.words[i]!;
	}
	if (cover) for (const [name, value] of Object.entries(drawn.link ?? {})) set(cover, name, value as string);
}

function set(element: Element, name: string, value: string | undefined): void {
	if (value === undefined) {
		if (element.hasAttribute(name)) element.removeAttribute(name);
	} else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
