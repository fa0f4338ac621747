import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';

const spec = readFileSync(new URL('./SPEC.md', import.meta.url), 'utf8');
const sources = new Map(
	globSync(['src/**/*.test.ts', 'tests/conformance/**/*.test.ts']).map((path) => [basename(path), path])
);

/** ``(`file.test.ts`: "name", "name"; …)`` at the end of a rule. */
function testsOf(rule: string): [file: string, name: string][] {
	const named = /\((`[\w.-]+\.test\.ts`: .*)\)$/.exec(rule)?.[1] ?? '';
	return named.split('; ').flatMap((part) => {
		const file = /^`(.+?)`/.exec(part)?.[1] ?? '';
		return Array.from(part.matchAll(/"([^"]+)"/g), ([, name]): [string, string] => [file, name!]);
	});
}

const rules = spec.split('\n').filter((line) => /^\d+\. /.test(line));

test('rules are numbered in order', () => {
	expect(rules.map((rule) => Number.parseInt(rule, 10))).toEqual(rules.map((_, index) => index + 1));
});

test.each(rules.map((rule) => [rule.slice(0, 60), rule]))(
	'%s… names tests that are there',
	(_short, rule) => {
		const named = testsOf(rule);
		expect(named).not.toEqual([]);
		for (const [file, name] of named) {
			const path = sources.get(file);
			expect(path, file).toBeDefined();
			expect(readFileSync(path!, 'utf8'), `${file}: ${name}`).toContain(name);
		}
	}
);
