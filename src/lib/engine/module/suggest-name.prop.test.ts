import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moduleNameProblem, suggestModuleName } from './manifest.ts';

test.each([
	['My Shop!', 'my_shop'],
	['inventory', 'inventory'],
	['  Straße & Bücher ', 'strasse_bucher'],
	["Ann's list", 'anns_list'],
	['Søren Łódź', 'soren_lodz'],
	['2nd try', 'module_2nd_try'],
	['日本語', 'module'],
	['', 'module'],
	['___', 'module'],
	['../../etc/passwd', 'etc_passwd'],
	['Build', 'build_2'],
	['ﬁne Ａ１', 'fine_a1'],
	['x'.repeat(60), 'x'.repeat(40)]
])('%j gives %s', (typed, name) => {
	expect(suggestModuleName(typed)).toBe(name);
});

test('a taken name is numbered, within the length that a name can have', () => {
	expect(suggestModuleName('Shop', new Set(['shop', 'shop_2']))).toBe('shop_3');
	const long = 'y'.repeat(40);
	expect(suggestModuleName(long, new Set([long]))).toBe(`${'y'.repeat(38)}_2`);
});

test('whatever is typed, the name is one that a module can have', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.array(fc.string()), (typed, more) => {
			const taken = new Set([suggestModuleName(typed), ...more]);
			for (const name of [suggestModuleName(typed), suggestModuleName(typed, taken)])
				expect(moduleNameProblem(name)).toBeUndefined();
			expect(taken).not.toContain(suggestModuleName(typed, taken));
		})
	);
});
