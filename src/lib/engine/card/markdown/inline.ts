import { readMoment } from '../time/moment.ts';
import { safeLink } from './urls.ts';
import type { TimeFormat } from '../time/time-text.ts';
import type { Inline } from './types.ts';

const macro = /^\{\{(DATE|TIME)\(\s*([^,)]+?)\s*(?:,\s*(COMPACT|SHORT|LONG)\s*)?\)\}\}/i;
const link = /^\[((?:\\.|[^\]\\])*)\]\(\s*((?:\\.|[^()\s\\]|\([^()\s]*\))*)(?:\s+"[^"]*")?\s*\)/;
const marks = ['**', '__', '*', '_'] as const;
const escapable = /[\\`*_{}[\]()#+\-.!~]/;
const wordCharacter = /[\p{L}\p{N}]/u;
const deepest = 8;
/** So far a mark is looked for: what takes longer is no mark, and no text makes the search long. */
const longestMark = 1000;

/** Bold, italic, links, line breaks, dates and times of one paragraph. */
export function parseInline(source: string, depth = 0): Inline[] {
	const out: Inline[] = [];
	let plain = '';
	let at = 0;
	const flush = () => {
		if (plain) out.push({ kind: 'text', text: plain });
		plain = '';
	};
	while (at < source.length) {
		if (source[at] === '\\' && escapable.test(source[at + 1] ?? '')) {
			plain += source[at + 1]!;
			at += 2;
			continue;
		}
		const found = depth < deepest ? special(source, at, depth) : undefined;
		if (found) {
			flush();
			out.push(...found.nodes);
			at += found.length;
		} else plain += source[at++]!;
	}
	flush();
	return out;
}

interface Found {
	readonly nodes: readonly Inline[];
	readonly length: number;
}

function special(source: string, at: number, depth: number): Found | undefined {
	switch (source[at]) {
		case '\n':
			return { nodes: [{ kind: 'break' }], length: 1 };
		case '{':
			return time(source.slice(at, at + 120));
		case '[':
			return anchor(source.slice(at, at + longestMark), depth);
		case '*':
		case '_':
			return emphasis(source, at, depth);
		default:
			return undefined;
	}
}

function time(source: string): Found | undefined {
	const match = macro.exec(source);
	if (!match) return undefined;
	const [whole, name, at, format] = match as unknown as [string, string, string, string | undefined];
	if (!readMoment(at, undefined)) return undefined;
	const show = (name.toUpperCase() === 'TIME' ? 'time' : (format ?? 'compact').toLowerCase()) as TimeFormat;
	return { nodes: [{ kind: 'time', at, show }], length: whole.length };
}

function anchor(source: string, depth: number): Found | undefined {
	const match = link.exec(source);
	if (!match) return undefined;
	const [whole, label, target] = match as unknown as [string, string, string];
	const href = safeLink(target.replace(/\\(.)/g, '$1'));
	const children = parseInline(label, depth + 1);
	return { nodes: href === undefined ? children : [{ kind: 'link', href, children }], length: whole.length };
}

function emphasis(source: string, at: number, depth: number): Found | undefined {
	const mark = marks.find((candidate) => source.startsWith(candidate, at));
	if (!mark || !opens(source, at, mark)) return undefined;
	const end = closing(source, at + mark.length, mark);
	if (end < 0) return undefined;
	const children = parseInline(source.slice(at + mark.length, end), depth + 1);
	return {
		nodes: [{ kind: mark.length === 2 ? 'strong' : 'emphasis', children }],
		length: end + mark.length - at
	};
}

function opens(source: string, at: number, mark: string): boolean {
	const after = source[at + mark.length];
	if (after === undefined || /\s/.test(after)) return false;
	return mark[0] === '*' || !wordCharacter.test(source[at - 1] ?? ' ');
}

function closing(source: string, from: number, mark: string): number {
	const near = source.slice(0, from + longestMark);
	for (let at = near.indexOf(mark, from); at >= 0; at = near.indexOf(mark, at + 1)) {
		if (at === from || /\s/.test(source[at - 1]!) || source[at - 1] === '\\') continue;
		const longer = mark.length === 1 && (source[at + 1] === mark || source[at - 1] === mark);
		if (longer) {
			at++;
			continue;
		}
		const inWord = mark[0] === '_' && wordCharacter.test(source[at + mark.length] ?? ' ');
		if (!inWord) return at;
	}
	return -1;
}
