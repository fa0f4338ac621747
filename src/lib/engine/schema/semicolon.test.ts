import { expect, test } from 'vitest';
import { semicolonFinding } from './semicolon.ts';

/** `|` stands where the parser stumbles. */
function find(text: string) {
	const offset = text.indexOf('|');
	const source = text.replace('|', '');
	const before = source.slice(0, offset).split('\n');
	return semicolonFinding(source, { line: before.length, column: before.at(-1)!.length + 1 });
}

test.each([
	['message A {\n  string x = 1\n  |string y = 2;\n}', 2, 14],
	['message A {\n  string x = 1 // one; "two"\n\n  /* three; */\n  |string y = 2;\n}', 2, 14],
	['message A {\n  string x = 2\n|}', 2, 14],
	['syntax = "proto3"\n|package a;', 1, 17],
	['import "a;b"\n|message A {}', 1, 12],
	['message A {\n  option (loam.table) = {}\n  |string x = 1;\n}', 2, 26],
	['message A {\n  string x = 1 [(loam.column).key = true]\n  |string y = 2;\n}', 2, 41]
])('%j misses its semicolon at %d:%d', (text, line, column) => {
	expect(find(text)).toMatchObject({ line, column, endLine: line, endColumn: column + 1 });
	expect(find(text)!.message).toBe('A ";" is missing at the end of this line.');
});

test('on one line it says so', () => {
	expect(find('message A { string x = 1 |string y = 2; }')).toMatchObject({
		line: 1,
		column: 24,
		message: 'A ";" is missing here.'
	});
});

test.each([
	'|message A {}',
	'// nothing yet\n|}',
	'message A {}\n|}',
	'message A {\n  string x = 1;\n  |= 2;\n}',
	'message A {\n  |strin\n}'
])('%j misses none', (text) => {
	expect(find(text)).toBeUndefined();
});
