import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Json } from '#kernel';
import { validateCard } from './validate.ts';

const bindings = { tickets: { columns: ['id', 'title', 'status'] }, people: {} };
const check = (text: string) => validateCard('pages/index.page.json', text, { bindings });
const card = (...body: Json[]) =>
	JSON.stringify({ title: 'T', data: {}, card: { type: 'AdaptiveCard', body } }, null, 1);
const reasons = (text: string) => check(text).map((found) => found.reason);

describe('validateCard', () => {
	test('finds nothing in a good page', () => {
		const row = {
			type: 'TableRow',
			$data: '${tickets}',
			cells: [
				{ type: 'TableCell', items: [{ type: 'TextBlock', text: '${title} ${$index} ${$root.params.id}' }] }
			]
		};
		expect(
			check(
				card(
					{ type: 'TextBlock', text: '${count(tickets)} of ${principal.name}' },
					{ type: 'Table', columns: [], rows: [row] }
				)
			)
		).toEqual([]);
	});

	test.each<[string, Json, string]>([
		['an unknown element without a fallback', { type: 'TextBlok', text: 'x' }, 'CARD_UNKNOWN_ELEMENT'],
		['no type', { text: 'x' }, 'CARD_UNKNOWN_ELEMENT'],
		['a missing property', { type: 'Image' }, 'CARD_MISSING_PROPERTY'],
		['an unknown function', { type: 'TextBlock', text: '${frobnicate(1)}' }, 'CARD_EXPRESSION'],
		['a broken expression', { type: 'TextBlock', text: 'a ${count(tickets}' }, 'CARD_EXPRESSION'],
		['an unclosed expression', { type: 'TextBlock', text: 'a ${title' }, 'CARD_EXPRESSION'],
		['a binding that is not there', { type: 'TextBlock', text: '${tikets}' }, 'CARD_UNKNOWN_NAME'],
		[
			'a column that is not there',
			{
				type: 'Container',
				$data: '${where(tickets, t => t.id == 1)}',
				items: [{ type: 'TextBlock', text: '${titel}' }]
			},
			'CARD_UNKNOWN_NAME'
		],
		[
			'a script as a link',
			{ type: 'ActionSet', actions: [{ type: 'Action.OpenUrl', title: 'x', url: 'java\tscript:alert(1)' }] },
			'CARD_UNSAFE_URL'
		],
		['a file as a picture', { type: 'Image', url: 'file:///etc/passwd' }, 'CARD_UNSAFE_URL'],
		[
			'an action of an unknown type',
			{ type: 'ActionSet', actions: [{ type: 'Action.Http', title: 'x' }] },
			'CARD_UNKNOWN_ACTION'
		],
		[
			'a command without a verb',
			{ type: 'ActionSet', actions: [{ type: 'Action.Execute', title: 'x' }] },
			'CARD_MISSING_PROPERTY'
		],
		[
			'a target that is not there',
			{ type: 'ActionSet', actions: [{ type: 'Action.ToggleVisibility', targetElements: ['nope'] }] },
			'CARD_UNKNOWN_TARGET'
		],
		['a regular expression that is none', { type: 'Input.Text', id: 'a', regex: '(' }, 'CARD_REGEX'],
		['a body that is no list of objects', 'text', 'CARD_NOT_AN_OBJECT']
	])('%s', (_, element, reason) => {
		expect(reasons(card(element))).toContain(reason);
	});

	test('an unknown element with a fallback is fine, and the fallback is looked into', () => {
		expect(check(card({ type: 'Chart.Pie', fallback: { type: 'TextBlock', text: 'x' } }))).toEqual([]);
		expect(check(card({ type: 'Chart.Pie', fallback: 'drop' }))).toEqual([]);
		expect(reasons(card({ type: 'Chart.Pie', fallback: { type: 'Nope' } }))).toEqual([
			'CARD_UNKNOWN_ELEMENT'
		]);
	});

	test('says where, and what was meant', () => {
		const [found] = check(
			'{"card": {"type": "AdaptiveCard", "body": [\n  {"type": "TextBlok", "text": ""}]}}'
		);
		expect(found).toMatchObject({ line: 2, column: 12, endColumn: 22, hint: 'Did you mean "TextBlock"?' });
	});

	test('a function that is not there is told with the one that was meant', () => {
		const [found] = check(
			'{"card": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "${cuont(tickets)}"}]}}'
		);
		expect(found).toMatchObject({
			message: 'In this expression there is no function "cuont".',
			hint: 'Did you mean "count"?'
		});
	});

	test('broken JSON is told with its place', () => {
		expect(check('{"title": "T",\n "card": }')[0]).toMatchObject({ reason: 'JSON_SYNTAX', line: 2 });
	});

	test('caps on size, depth and number of parts', () => {
		expect(reasons(card({ type: 'TextBlock', text: 'x'.repeat(300_000) }))).toEqual(['CARD_TOO_LARGE']);
		let deep: Json = { type: 'TextBlock', text: 'x' };
		for (let i = 0; i < 40; i++) deep = { type: 'Container', items: [deep] };
		expect(reasons(card(deep))).toEqual(['CARD_TOO_DEEP']);
		const many = Array.from({ length: 9000 }, () => ({ type: 'TextBlock' }));
		expect(reasons(JSON.stringify({ card: { type: 'AdaptiveCard', body: many } }))).toEqual([
			'CARD_TOO_MANY_NODES'
		]);
	});
});

const samples = new URL('../../../../../../shared/corpora/adaptive-cards/samples/', import.meta.url);

describe.skipIf(!existsSync(samples))('official samples (skipped where the corpus is absent)', () => {
	const folders = existsSync(samples) ? ['v1.0/Elements', 'v1.1/Elements', 'v1.2/Elements'] : [];
	const files = folders.flatMap((folder) =>
		readdirSync(new URL(`${folder}/`, samples)).map((name) => `${folder}/${name}`)
	);
	test.each(files)('%s never makes the check fail', (file) => {
		const found = check(readFileSync(new URL(file, samples), 'utf8'));
		for (const { line, column, message } of found) {
			expect(line).toBeGreaterThan(0);
			expect(column).toBeGreaterThan(0);
			expect(message).not.toBe('');
		}
	});
});
