import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { deskRelease } from '#support/desk';
import { mapStack, withoutMap } from './source-position.ts';

async function bundle(): Promise<string> {
	const source = `import type { Loam } from 'loam';\n\nexport default async function (request: { a: string }, loam: Loam) {\n\tthrow new Error('x');\n}`;
	const { outputFiles } = await build({
		stdin: {
			contents: `import h from '/logic/a.ts';\nglobalThis.__handlers = { 'logic/a.ts': h };`,
			loader: 'ts'
		},
		bundle: true,
		write: false,
		format: 'iife',
		sourcemap: 'inline',
		plugins: [
			{
				name: 'files',
				setup(setup) {
					setup.onResolve({ filter: /^\/logic/ }, ({ path }) => ({ path, namespace: 'module' }));
					setup.onLoad({ filter: /.*/, namespace: 'module' }, () => ({ contents: source, loader: 'ts' }));
				}
			}
		]
	});
	return outputFiles[0]!.text;
}

test('a stack of the sandbox names the file, line and column of the module', async () => {
	const code = await bundle();
	const row = code.split('\n').findIndex((line) => line.includes('throw')) + 1;
	const column = code.split('\n')[row - 1]!.indexOf('new') + 1;
	const stack = `Error: x\n    at a_default (bundle.js:${row}:${column})\n    at run (loam.js:150:9)\n    at /srv/loam/host.ts:1:1`;
	expect(mapStack(deskRelease(code), stack)).toEqual(['at a_default (logic/a.ts:4:8)']);
	expect(mapStack(deskRelease('no map'), stack)).toEqual([`at a_default (bundle.js:${row}:${column})`]);
	expect(withoutMap(code)).not.toContain('sourceMappingURL');
	expect(withoutMap(code).split('\n').length).toBeGreaterThanOrEqual(row);
});
