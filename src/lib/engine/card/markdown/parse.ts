import { parseInline } from './inline.ts';
import type { Block, Content, Inline } from './types.ts';

const anyMark = /[*_[\\\n\r]|\{\{|^\s*(?:[-+]|\d+\.)\s/;
const bullet = /^\s{0,3}[-*+]\s+(.*)$/;
const numbered = /^\s{0,3}(\d{1,9})[.)]\s+(.*)$/;

/** The card subset of markdown: paragraphs, bold, italic, links, bulleted and numbered lists. */
export function parseMarkdown(source: string): Content {
	if (!anyMark.test(source)) return source;
	const blocks = parseBlocks(source.replace(/\r\n?/g, '\n').split('\n'));
	const only = blocks.length === 1 && blocks[0]!.kind === 'paragraph' ? blocks[0]!.children : undefined;
	return only?.length === 1 && only[0]!.kind === 'text' ? only[0]!.text : blocks;
}

function parseBlocks(lines: readonly string[]): Block[] {
	const blocks: Block[] = [];
	let paragraph: string[] = [];
	const flush = () => {
		if (paragraph.length > 0) blocks.push({ kind: 'paragraph', children: parseInline(paragraph.join('\n')) });
		paragraph = [];
	};
	for (let at = 0; at < lines.length;) {
		const list = takeList(lines, at);
		if (list) {
			flush();
			blocks.push(list.block);
			at = list.end;
		} else if (lines[at]!.trim() === '') {
			flush();
			at++;
		} else paragraph.push(lines[at++]!.trim());
	}
	flush();
	return blocks;
}

function takeList(lines: readonly string[], from: number): { block: Block; end: number } | undefined {
	const number = numbered.exec(lines[from]!);
	const pattern = number ? numbered : bullet;
	if (!number && !bullet.test(lines[from]!)) return undefined;
	const items: Inline[][] = [];
	let end = from;
	for (; end < lines.length; end++) {
		const match = pattern.exec(lines[end]!);
		if (!match) break;
		items.push(parseInline(match.at(-1)!));
	}
	return { block: { kind: 'list', start: number ? Number(number[1]) : undefined, items }, end };
}

/** The words alone, as a screen reader or a title shows them. */
export function plainText(content: Content): string {
	if (typeof content === 'string') return content;
	return content
		.map((block) =>
			block.kind === 'list' ? block.items.map(inlineText).join('\n') : inlineText(block.children)
		)
		.join('\n');
}

function inlineText(nodes: readonly Inline[]): string {
	return nodes
		.map((node) => {
			if (node.kind === 'text') return node.text;
			if (node.kind === 'break') return '\n';
			return node.kind === 'time' ? node.at : inlineText(node.children);
		})
		.join('');
}
