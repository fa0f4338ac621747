import { build, type Message, type Plugin } from 'esbuild';
import type { Diagnostic } from '#kernel';
import type { ModuleFiles } from '#engine/module';

export type BundleOutcome =
	| { readonly ok: true; readonly code: string }
	| { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Bundles the handlers of a module and what they import of logic/ into one script for an isolate: an IIFE
 * that sets `globalThis.__handlers` to handlers by file, its source map as a comment at the end.
 */
export async function bundleLogic(files: ModuleFiles, handlers: readonly string[]): Promise<BundleOutcome> {
	try {
		const result = await build({
			stdin: { contents: entryText(handlers), loader: 'ts', sourcefile: 'handlers.ts', resolveDir: '/' },
			bundle: true,
			write: false,
			format: 'iife',
			platform: 'neutral',
			target: 'es2023',
			sourcemap: 'inline',
			charset: 'utf8',
			legalComments: 'none',
			logLevel: 'silent',
			tsconfigRaw: '{}',
			plugins: [virtualFiles(files)]
		});
		return { ok: true, code: result.outputFiles[0]!.text };
	} catch (error) {
		const messages = (error as { errors?: Message[] }).errors;
		if (!messages) throw error;
		return { ok: false, diagnostics: messages.map(diagnosticOf) };
	}
}

function entryText(handlers: readonly string[]): string {
	const imports = handlers.map((file, i) => `import h${i} from ${JSON.stringify(`/${file}`)};`);
	const entries = handlers.map((file, i) => `${JSON.stringify(file)}: h${i}`);
	return [...imports, `(globalThis as any).__handlers = { ${entries.join(', ')} };`].join('\n');
}

/** Every import is a file of logic/; nothing is read from the disk. */
function virtualFiles(files: ModuleFiles): Plugin {
	return {
		name: 'module-files',
		setup(setup) {
			setup.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
				if (kind === 'entry-point') return undefined;
				const base = importer.startsWith('/') ? `file://${importer}` : 'file:///';
				const wanted = decodeURIComponent(new URL(path, base).pathname).slice(1);
				const found = [wanted, `${wanted}.ts`, `${wanted}/index.ts`].find(
					(one) => /^logic\//.test(one) && files.has(one)
				);
				if (found !== undefined && /^[./]/.test(path)) return { path: `/${found}`, namespace: 'module' };
				return { errors: [{ text: `"${path}" is no file of logic/.` }] };
			});
			setup.onLoad({ filter: /.*/, namespace: 'module' }, ({ path }) => ({
				contents: files.get(path.slice(1)) ?? '',
				loader: 'ts'
			}));
		}
	};
}

function diagnosticOf({ text, location }: Message): Diagnostic {
	return {
		severity: 'error',
		file: location ? location.file.replace(/^module:\/?/, '').replace(/^\//, '') : 'logic',
		line: location?.line ?? 1,
		column: (location?.column ?? 0) + 1,
		reason: 'BUNDLE',
		message: text,
		hint: "A handler imports types from 'loam' and other files of logic/, and nothing else."
	};
}
