import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Json } from '#kernel';
import { compileTemplate } from './expand.ts';

const goldens = new URL(
	'../../../../../../shared/corpora/adaptive-cards/templates/goldens/',
	import.meta.url
);
const read = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, goldens), 'utf8')) as Json;

describe.skipIf(!existsSync(goldens))('the official goldens (skipped where the corpus is absent)', () => {
	test.each([
		['complex-template', 'complex-template.data', undefined, 'complex-template.output'],
		[
			'complex-template-host',
			'complex-template-host.data',
			'complex-template-host.host',
			'complex-template.output'
		],
		['version-template-success', undefined, undefined, 'version-template-success.output'],
		['version-template-fail', undefined, undefined, 'version-template-fail-invalid.output'],
		['version-template-invalid', undefined, undefined, 'version-template-fail-invalid.output']
	])('%s', (template, data, host, output) => {
		const expand = compileTemplate(read(template));
		expect(expand(data ? read(data) : {}, host ? read(host) : undefined)).toEqual(read(output));
	});
});

describe('a template', () => {
	const expand = (template: Json, data: unknown) => compileTemplate(template)(data);

	test('keeps the type of a lone expression, and writes a text of several', () => {
		const template = { one: '${n}', text: 'n is ${n}', flag: '${yes}', list: '${list}' };
		expect(expand(template, { n: 7, yes: true, list: [1] })).toEqual({
			one: 7,
			text: 'n is 7',
			flag: true,
			list: [1]
		});
	});

	test('repeats for the items of $data, and counts them by $index', () => {
		const template = { body: [{ $data: '${rows}', text: '${$index}: ${name} of ${$root.title}' }] };
		const data = { title: 'T', rows: [{ name: 'a' }, { name: 'b' }] };
		expect(expand(template, data)).toEqual({ body: [{ text: '0: a of T' }, { text: '1: b of T' }] });
	});

	test('an empty list leaves nothing, an object narrows the scope', () => {
		expect(expand({ body: [{ $data: '${rows}', text: 'x' }] }, { rows: [] })).toEqual({ body: [] });
		expect(expand({ body: [{ $data: '${one}', text: '${name}' }] }, { one: { name: 'a' } })).toEqual({
			body: [{ text: 'a' }]
		});
	});

	test('$when drops what is not true, and what cannot be told', () => {
		const template = [
			{ $when: '${n > 5}', t: 1 },
			{ $when: '${n > 9}', t: 2 },
			{ $when: '${missing > 1}', t: 3 }
		];
		expect(expand(template, { n: 7 })).toEqual([{ t: 1 }]);
	});

	test('what is missing reads as nothing', () => {
		expect(expand({ text: 'Hi ${nobody}!', gone: '${nobody}' }, {})).toEqual({ text: 'Hi !' });
	});

	test('reaches nothing but data', () => {
		const probes = [
			'constructor',
			'__proto__',
			'toString',
			"constructor.constructor('return 1')()",
			'name.constructor'
		];
		for (const probe of probes) expect(expand(`\${${probe}}`, { name: 'x' }) ?? null).toBeNull();
	});
});
