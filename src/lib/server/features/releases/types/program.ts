import { basename, dirname, join } from 'node:path';
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
		options: request.loose ? { ...options, noImplicitAny: false } : options,
		host: createHost(texts, sources, before?.sources),
		...(before ? { oldProgram: before.program } : {})
	});
	keep(request.key, { program, sources });
	const syntax = program.getSyntacticDiagnostics();
	const broken = new Set(syntax.flatMap(({ file }) => file?.fileName ?? []));
	const semantic = program
		.getSemanticDiagnostics()
		.filter((diagnostic) => !missesExport(diagnostic) || !importsOneOf(broken, diagnostic));
	const found = ts.sortAndDeduplicateDiagnostics([
		...syntax,
		...program.getOptionsDiagnostics(),
		...semantic
	]);
	return found
		.map((diagnostic) => findingOf(diagnostic, program, request.handlers))
		.filter((finding) => !request.loose || isOwn(finding))
		.slice(0, mostFindings);
}

/** TypeScript's numbers for a name, or a default export, that a module has not. */
const exportCodes: ReadonlySet<number> = new Set([1192, 2305, 2306, 2459, 2460, 2613, 2614, 2724]);

function missesExport({ code }: ts.Diagnostic): boolean {
	return exportCodes.has(code);
}

/** A file that does not parse may well have the export that is missed. */
function importsOneOf(broken: ReadonlySet<string>, { file, start = 0 }: ts.Diagnostic): boolean {
	const statement = file?.statements.find((one) => one.pos <= start && start < one.end);
	const from = statement && (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement));
	const name = from && statement.moduleSpecifier;
	if (!file || !name || !ts.isStringLiteral(name)) return false;
	const path = join(dirname(file.fileName), name.text);
	return broken.has(path) || broken.has(`${path}.ts`);
}

/** Whether a finding stands whatever the messages and rows of the schema are. */
function isOwn({ code, message }: TypeFinding): boolean {
	const isUnusedDirective = code === 2578;
	return !isUnusedDirective && !/'any(?:\[\])?'|"loam"|'loam'/.test(message);
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
