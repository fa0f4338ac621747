import { afterAll, expect, test } from 'vitest';
import { createTypeChecker } from './checker.ts';

const checker = createTypeChecker();
afterAll(() => checker.end());

const check = (text: string) =>
	checker.check({ key: 'a', files: { 'logic/a.ts': text }, sdk: '', handlers: [], loose: false });

test('tells file, line, column and what to do', async () => {
	checker.warm();
	expect(await check('export const a: number = 1;\nexport const b = process.env;')).toEqual([
		{
			severity: 'error',
			file: 'logic/a.ts',
			line: 2,
			column: 18,
			endLine: 2,
			endColumn: 25,
			reason: 'TS2591',
			message: "Cannot find name 'process'.",
			hint: expect.stringContaining('A handler')
		}
	]);
});

test('checks what has changed since, and only that', async () => {
	expect(await check('export const a: number = 1;')).toEqual([]);
	expect((await check("export const a: number = 'x';")).map((one) => one.reason)).toEqual(['TS2322']);
	expect(await check('export const a: number = 2;')).toEqual([]);
});

test('answers each of many that ask at once', async () => {
	const texts = Array.from({ length: 10 }, (_, i) =>
		i % 2 ? 'export const a: number = 1;' : 'export const a: string = 1;'
	);
	const findings = await Promise.all(texts.map(check));
	expect(findings.map((found) => found.length)).toEqual(texts.map((_, i) => (i % 2 ? 0 : 1)));
});

test('works on after its thread was ended', async () => {
	await checker.end();
	expect(await check('export const a: number = 1;')).toEqual([]);
});
