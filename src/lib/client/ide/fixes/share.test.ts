import { expect, test } from 'vitest';
import { parseManifest } from '#engine/module';
import { shareIn } from './share.ts';

const manifest = (access: object | undefined, indent: string | number = 2) =>
	JSON.stringify({ name: 'a', version: '1.0.0', title: 'A', ...(access ? { access } : {}) }, null, indent);

const views = (text: string) => parseManifest(text).value?.access.views;

test.each([
	['no access at all', manifest(undefined)],
	['no list', manifest({})],
	['an empty list', manifest({ views: {} })],
	['others', manifest({ views: { other: [] } })],
	['tabs', manifest({ views: { other: [] } }, '\t')],
	['one line', manifest({ views: { other: [] } }, 0)]
])('a view is shared where there is %s', (_, before) => {
	const after = shareIn(before, 'views', 'open_notes')!;
	expect(views(after)).toMatchObject({ open_notes: { read: [{ roles: ['project-user'] }] } });
	expect(Object.keys(views(after)!)).toEqual([...Object.keys(views(before) ?? {}), 'open_notes']);
	expect(parseManifest(after).diagnostics).toEqual([]);
});

test('it is written as the file is', () => {
	const after = shareIn(manifest({ views: { other: [] } }, '\t'), 'views', 'b')!;
	expect(after).toContain(
		'\t\t"views": {\n\t\t\t"other": [],\n\t\t\t"b": [\n\t\t\t\t"project-user"\n\t\t\t]\n\t\t}'
	);
});

test('what is listed stays as its author wrote it', () => {
	const before = manifest({ commands: { Do: [] } });
	expect(shareIn(before, 'commands', 'Do')).toBe(before);
});

test('a broken module.json is left alone', () => {
	expect(shareIn('{ "name": ', 'views', 'a')).toBeUndefined();
	expect(shareIn('[]', 'views', 'a')).toBeUndefined();
});
