import { typeHint } from '#engine/schema';
import type { Diagnostic } from '#kernel';
import type { MonacoParts } from './load.ts';

/** Where the generated types stand: `import … from 'loam'` finds them. */
export const sdkPath = 'loam.d.ts';

/** Of TypeScript's own enumerations, which Monaco's types name in part: ES2023, `bundler`, `force`. */
const es2023: number = 10;
const bundlerResolution: number = 100;
const forceDetection: number = 3;

/**
 * Checks handlers as the gate does: strict, no DOM, the generated types as module `loam`. While those are
 * `loose`, since the schema was never seen whole, values of any type are nobody's mistake.
 */
export function configureTypeScript({ typescript }: MonacoParts, loose: boolean): void {
	const { typescriptDefaults: defaults, ModuleKind } = typescript;
	defaults.setCompilerOptions({
		strict: true,
		noImplicitAny: !loose,
		noEmit: true,
		target: es2023,
		module: ModuleKind.ESNext,
		moduleResolution: bundlerResolution,
		moduleDetection: forceDetection,
		allowImportingTsExtensions: true,
		isolatedModules: true,
		skipLibCheck: true,
		lib: ['lib.es2023.d.ts'],
		types: []
	});
	defaults.setDiagnosticsOptions({
		noSemanticValidation: false,
		noSyntaxValidation: false,
		noSuggestionDiagnostics: true
	});
	defaults.setEagerModelSync(true);
}

export function setSdk({ monaco, typescript }: MonacoParts, types: string): void {
	const filePath = `file:///${sdkPath}`;
	// A finding that refers to the types makes Monaco open a model of them, and it reads that one from then on.
	monaco.editor.getModel(monaco.Uri.parse(filePath))?.setValue(types);
	typescript.typescriptDefaults.setExtraLibs(types === '' ? [] : [{ content: types, filePath }]);
}

/** What TypeScript says of all files that Monaco knows. */
export function typeProblems({ monaco }: MonacoParts): Diagnostic[] {
	return monaco.editor
		.getModelMarkers({ owner: 'typescript' })
		.filter(
			({ severity, resource }) =>
				severity >= monaco.MarkerSeverity.Warning &&
				resource.scheme === 'file' &&
				resource.path !== `/${sdkPath}`
		)
		.map((marker) => {
			const code = typeof marker.code === 'string' ? marker.code : (marker.code?.value ?? '');
			const hint = typeHint(Number(code));
			return {
				severity: marker.severity === monaco.MarkerSeverity.Error ? ('error' as const) : ('warning' as const),
				file: marker.resource.path.slice(1),
				line: marker.startLineNumber,
				column: marker.startColumn,
				endLine: marker.endLineNumber,
				endColumn: marker.endColumn,
				reason: `TS${code}`,
				message: marker.message,
				...(hint === undefined ? {} : { hint })
			};
		});
}
