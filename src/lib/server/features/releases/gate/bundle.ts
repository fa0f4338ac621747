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
			stdin: { contents: entryText(handlers), loader: 'ts', sourcefile: entryName, resolveDir: '/' },
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
		return { ok: false, diagnostics: messages.map((message) => diagnosticOf(message, handlers)) };
	}
}

/** Not a name that a file of a module can have. */
const entryName = '<handlers>';

/** Line n imports handler n. */
function entryText(handlers: readonly string[]): string {
	const imports = handlers.map((file, i) => `import h${i} from ${JSON.stringify(`/${file}`)};`);
	const entries = handlers.map((file, i) => `${JSON.stringify(file)}: h${i}`);
	return [...imports, `(globalThis as any).__handlers = { ${entries.join(', ')} };`].join('\n');
}

const noFile = ' is no file of logic/.';
const importHint = "A handler imports types from 'loam' and other files of logic/, and nothing else.";

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
				return { errors: [{ text: `"${path}"${noFile}` }] };
			});
			setup.onLoad({ filter: /.*/, namespace: 'module' }, ({ path }) => ({
				contents: files.get(path.slice(1)) ?? '',
				loader: 'ts'
			}));
		}
	};
}

function diagnosticOf({ text, location }: Message, handlers: readonly string[]): Diagnostic {
	const isEntry = location?.file.endsWith(entryName) ?? true;
	const entryFile = handlers[(location?.line ?? 1) - 1] ?? handlers[0] ?? 'logic';
	return {
		severity: 'error',
		file: isEntry ? entryFile : location!.file.replace(/^module:\/?/, ''),
		line: isEntry ? 1 : location!.line,
		column: isEntry ? 1 : location!.column + 1,
		reason: 'BUNDLE',
		message: text.replaceAll(/"?module:\/?([^"\s]*)"?/g, '$1'),
		...(text.endsWith(noFile) ? { hint: importHint } : {})
	};
}
