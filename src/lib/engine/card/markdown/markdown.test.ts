import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMarkdown, plainText } from './parse.ts';
import type { Inline } from './types.ts';
import { safeImage, safeLink } from './urls.ts';

const inline = (source: string): readonly Inline[] => {
	const content = parseMarkdown(source);
	if (typeof content === 'string') return [{ kind: 'text', text: content }];
	const [first] = content;
	return first?.kind === 'paragraph' ? first.children : [];
};
const text = (value: string): Inline => ({ kind: 'text', text: value });

describe('markdown of a card', () => {
	test('plain text stays a string', () => {
		for (const plain of ['Hello', 'open_tickets', '2 * 3 = 6', 'a_b_c', '1.5 points', 'x - y']) {
			expect(parseMarkdown(plain)).toBe(plain);
		}
	});

	test('bold, italic, nested', () => {
		expect(inline('a **b** _c_')).toEqual([
			text('a '),
			{ kind: 'strong', children: [text('b')] },
			text(' '),
			{ kind: 'emphasis', children: [text('c')] }
		]);
		expect(inline('**a _b_**')).toEqual([
			{ kind: 'strong', children: [text('a '), { kind: 'emphasis', children: [text('b')] }] }
		]);
		expect(inline('\\*not\\*')).toEqual([text('*not*')]);
	});

	test('links by allow-list: any other is its words', () => {
		expect(inline('[x](https://a.b/c)')).toEqual([
			{ kind: 'link', href: 'https://a.b/c', children: [text('x')] }
		]);
		expect(inline('[x](tickets/1)')).toEqual([{ kind: 'link', href: 'tickets/1', children: [text('x')] }]);
		for (const bad of [
			'javascript:alert(1)',
			'JaVaScRiPt:x',
			'data:text/html,x',
			'vbscript:x',
			'//evil.example'
		]) {
			expect(JSON.stringify(inline(`[x](${bad})`))).not.toContain('link');
		}
	});

	test('lists and paragraphs', () => {
		expect(parseMarkdown('a\n- b\n- c\n\n3. d')).toEqual([
			{ kind: 'paragraph', children: [text('a')] },
			{ kind: 'list', start: undefined, items: [[text('b')], [text('c')]] },
			{ kind: 'list', start: 3, items: [[text('d')]] }
		]);
	});

	test('dates and times of the reader', () => {
		expect(inline('{{DATE(2026-11-20T10:00:00Z, SHORT)}}')).toEqual([
			{ kind: 'time', at: '2026-11-20T10:00:00Z', show: 'short' }
		]);
		expect(inline('{{TIME(2026-11-20T10:00:00Z)}}')).toEqual([
			{ kind: 'time', at: '2026-11-20T10:00:00Z', show: 'time' }
		]);
		expect(inline('{{DATE(never)}}')).toEqual([text('{{DATE(never)}}')]);
	});

	test('any text parses, quickly, and loses no letters', () => {
		const pieces = fc.constantFrom(
			'*',
			'**',
			'_',
			'[',
			']',
			'(',
			')',
			'a',
			' ',
			'\n',
			'\\',
			'- ',
			'1. ',
			'{{DATE(',
			')}}',
			'b'
		);
		fc.assert(
			fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
				const source = parts.join('');
				const letters = plainText(parseMarkdown(source)).replace(/[^ab]/g, '');
				const linked = /\]\(/.test(source);
				if (!linked) expect(letters).toBe(source.replace(/[^ab]/g, ''));
			})
		);
		const started = performance.now();
		parseMarkdown('*a _b '.repeat(2000));
		parseMarkdown('['.repeat(20_000));
		expect(performance.now() - started).toBeLessThan(3000);
	});
});

describe('addresses', () => {
	test('control characters hide no scheme', () => {
		for (const bad of ['java\nscript:alert(1)', '\u0001javascript:x', ' javascript:x', 'java\tscript:x'])
			expect(safeLink(bad)).toBeUndefined();
		expect(safeLink('mailto:a@b.c')).toBe('mailto:a@b.c');
	});
	test('pictures', () => {
		expect(safeImage('data:image/png;base64,AA')).toBe('data:image/png;base64,AA');
		expect(safeImage('data:text/html,x')).toBeUndefined();
		expect(safeImage('/a.png')).toBe('/a.png');
	});
});
