import { basename, dirname } from 'node:path';
import ts from 'typescript';
import type { TypeFinding, TypesRequest } from './protocol.ts';

const root = '/module';
const sdkPath = `${root}/loam.d.ts`;
const handlersPath = `${root}/handlers.ts`;
const libraries = dirname(ts.getDefaultLibFilePath({}));
const mostFindings = 100;

const options: ts.CompilerOptions = {
	strict: true,
	noEmit: true,
	target: ts.ScriptTarget.ES2023,
	module: ts.ModuleKind.ESNext,
	moduleResolution: ts.ModuleResolutionKind.Bundler,
	moduleDetection: ts.ModuleDetectionKind.Force,
	allowImportingTsExtensions: true,
	isolatedModules: true,
	skipLibCheck: true,
	skipDefaultLibCheck: true,
	// What an isolate has: the language, and no DOM, no Node.
	lib: ['lib.es2023.d.ts'],
	types: []
};

/** TypeScript's own libraries, parsed once. */
const libraryFiles = new Map<string, ts.SourceFile | undefined>();

interface Kept {
	readonly program: ts.Program;
	readonly sources: Map<string, ts.SourceFile>;
}

/** The last programs, by module: what did not change is not parsed again. */
const programs = new Map<string, Kept>();
const mostPrograms = 8;

/** The findings of one module's logic, against its SDK. */
export function checkTypes(request: TypesRequest): TypeFinding[] {
	const texts = new Map(Object.entries(request.files).map(([path, text]) => [`${root}/${path}`, text]));
	texts.set(sdkPath, request.sdk);
	if (request.handlers.length > 0) texts.set(handlersPath, handlersText(request.handlers));
	const before = programs.get(request.key);
	const sources = new Map<string, ts.SourceFile>();
	const program = ts.createProgram({
		rootNames: [...texts.keys()],
		options,
		host: createHost(texts, sources, before?.sources),
		...(before ? { oldProgram: before.program } : {})
	});
	keep(request.key, { program, sources });
	const found = ts.sortAndDeduplicateDiagnostics([
		...program.getSyntacticDiagnostics(),
		...program.getOptionsDiagnostics(),
		...program.getSemanticDiagnostics()
	]);
	return found.slice(0, mostFindings).map((diagnostic) => findingOf(diagnostic, program, request.handlers));
}

function keep(key: string, kept: Kept): void {
	programs.delete(key);
	programs.set(key, kept);
	if (programs.size > mostPrograms) programs.delete(programs.keys().next().value!);
}

/** A file that holds each handler against the type that its method wants. */
function handlersText(handlers: readonly string[]): string {
	const lines = handlers.map((file, i) => {
		return `import h${i} from './${file}'; export const c${i}: LoamHandlers['${file}'] = h${i};`;
	});
	return ["import type { LoamHandlers } from 'loam';", ...lines].join('\n');
}

/** Sees the module's files and TypeScript's libraries, and nothing of the disk. */
function createHost(
	texts: ReadonlyMap<string, string>,
	sources: Map<string, ts.SourceFile>,
	before: ReadonlyMap<string, ts.SourceFile> | undefined
): ts.CompilerHost {
	const isFolder = (folder: string) => [...texts.keys()].some((path) => path.startsWith(`${folder}/`));
	return {
		getSourceFile(path, language) {
			const text = texts.get(path);
			if (text === undefined) return libraryFile(path, language);
			const old = before?.get(path);
			const source = old?.text === text ? old : ts.createSourceFile(path, text, language, true);
			sources.set(path, source);
			return source;
		},
		getDefaultLibFileName: (wanted) => `${libraries}/${ts.getDefaultLibFileName(wanted)}`,
		getDefaultLibLocation: () => libraries,
		getCurrentDirectory: () => root,
		getCanonicalFileName: (path) => path,
		useCaseSensitiveFileNames: () => true,
		getNewLine: () => '\n',
		fileExists: (path) => texts.has(path) || isLibrary(path),
		readFile: (path) => texts.get(path),
		directoryExists: isFolder,
		getDirectories: () => [],
		realpath: (path) => path,
		writeFile: () => {}
	};
}

function isLibrary(path: string): boolean {
	// The language alone: a reference to the DOM or to Node finds nothing.
	return (
		dirname(path) === libraries &&
		/^lib\.(?:es|decorators)[\w.]*\.d\.ts$/.test(basename(path)) &&
		ts.sys.fileExists(path)
	);
}

function libraryFile(
	path: string,
	language: ts.ScriptTarget | ts.CreateSourceFileOptions
): ts.SourceFile | undefined {
	if (!libraryFiles.has(path)) {
		const text = isLibrary(path) ? ts.sys.readFile(path) : undefined;
		libraryFiles.set(path, text === undefined ? undefined : ts.createSourceFile(path, text, language, true));
	}
	return libraryFiles.get(path);
}

function findingOf(diagnostic: ts.Diagnostic, program: ts.Program, handlers: readonly string[]): TypeFinding {
	const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
	const { file, start = 0, length = 0, code } = diagnostic;
	if (file?.fileName === handlersPath) return handlerFinding(file, start, message, code, program, handlers);
	const source = file ?? program.getSourceFile(sdkPath)!;
	return { file: source.fileName.slice(root.length + 1), ...spanOf(source, start, length), code, message };
}

/** What is wrong with a handler as a whole is told at its default export. */
function handlerFinding(
	file: ts.SourceFile,
	start: number,
	message: string,
	code: number,
	program: ts.Program,
	handlers: readonly string[]
): TypeFinding {
	const path = handlers[ts.getLineAndCharacterOfPosition(file, start).line - 1] ?? handlers[0]!;
	const source = program.getSourceFile(`${root}/${path}`);
	if (!source) return { file: path, line: 1, column: 1, endLine: 1, endColumn: 1, code, message };
	const exported = source.statements.find(isDefaultExport);
	const place = exported
		? spanOf(source, exported.getStart(source), firstLineLength(exported, source))
		: spanOf(source, 0, 0);
	return { file: path, ...place, code, message: `The default export does not fit its method. ${message}` };
}

function isDefaultExport(statement: ts.Statement): boolean {
	if (ts.isExportAssignment(statement)) return true;
	const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
	return modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) ?? false;
}

function firstLineLength(node: ts.Node, source: ts.SourceFile): number {
	return node.getText(source).split('\n', 1)[0]!.length;
}

function spanOf(source: ts.SourceFile, start: number, length: number) {
	const from = ts.getLineAndCharacterOfPosition(source, start);
	const to = ts.getLineAndCharacterOfPosition(source, start + length);
	return {
		line: from.line + 1,
		column: from.character + 1,
		endLine: to.line + 1,
		endColumn: to.character + 1
	};
}
