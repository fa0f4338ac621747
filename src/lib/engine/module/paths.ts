import type { Diagnostic } from '#kernel';
import type { ModuleFiles } from './types.ts';

/** What a file of a module is, told by its path alone. */
export type FileKind =
	'manifest' | 'schema' | 'migration' | 'view' | 'logic' | 'page' | 'locale' | 'seed' | 'test' | 'text';

export const fileLimits = { files: 2000, fileBytes: 1_000_000, totalBytes: 10_000_000, path: 200 } as const;

const name = '[a-z][a-z0-9_]*';
const segment = '[a-z0-9][a-z0-9_-]*';
const routeSegment = `(?:${segment}|\\[${name}\\])`;

const patterns: Readonly<Record<FileKind, RegExp>> = {
	manifest: /^module\.json$/,
	schema: /^schema\.proto$/,
	migration: new RegExp(`^migrations/\\d{4}_[a-z0-9_]+\\.sql$`),
	view: new RegExp(`^views/${name}\\.sql$`),
	logic: new RegExp(`^logic/(?:${segment}/)*${segment}\\.ts$`),
	page: new RegExp(`^pages/(?:${routeSegment}/)*${routeSegment}\\.page\\.json$`),
	locale: /^locales\/[a-z]{2,3}(?:-[A-Z][A-Za-z0-9]+)*\.json$/,
	seed: new RegExp(`^seeds/${name}\\.json$`),
	test: new RegExp(`^tests/(?:${segment}/)*${segment}\\.test\\.ts$`),
	text: /^(?:README|LICENSE|CHANGELOG)\.md$/
};

const places = [
	'module.json',
	'schema.proto',
	'migrations/0001_name.sql',
	'views/name.sql',
	'logic/name.ts',
	'pages/name.page.json',
	'pages/name/[id].page.json',
	'locales/en.json',
	'seeds/demo.json',
	'tests/name.test.ts',
	'README.md'
];

/** The kind of a file, or undefined where a module can't have a file of that path. */
export function fileKind(path: string): FileKind | undefined {
	if (path.length > fileLimits.path) return undefined;
	return (Object.keys(patterns) as FileKind[]).find((kind) => patterns[kind].test(path));
}

/** The paths of one kind, sorted. */
export function filesOf(files: ModuleFiles, kind: FileKind): string[] {
	return [...files.keys()].filter((path) => patterns[kind].test(path)).sort();
}

/** Bytes of the text in UTF-8. */
export function byteLength(text: string): number {
	return new TextEncoder().encode(text).length;
}

/** Unknown paths, files and modules that are too large, text that is not text. */
export function checkFiles(files: ModuleFiles): Diagnostic[] {
	const found: Diagnostic[] = [];
	let total = 0;
	for (const [path, text] of files) {
		const bytes = byteLength(text);
		total += bytes;
		const problem = checkFile(path, text, bytes);
		if (problem) found.push({ severity: 'error', file: path, line: 1, column: 1, ...problem });
	}
	for (const path of ['module.json', 'schema.proto']) {
		if (!files.has(path)) found.push(missing(path));
	}
	if (files.size > fileLimits.files || total > fileLimits.totalBytes) found.push(tooLarge(files.size, total));
	return found;
}

type Problem = Pick<Diagnostic, 'reason' | 'message' | 'hint'>;

function checkFile(path: string, text: string, bytes: number): Problem | undefined {
	if (path.length > fileLimits.path) {
		return {
			reason: 'PATH_TOO_LONG',
			message: `The path has ${path.length} characters; at most ${fileLimits.path} are allowed.`,
			hint: 'Give the file a shorter name.'
		};
	}
	if (fileKind(path) === undefined) {
		return {
			reason: 'PATH_UNKNOWN',
			message: `A module can't have a file "${path}".`,
			hint: `Names are lower case. Files are: ${places.join(', ')}.`
		};
	}
	if (bytes > fileLimits.fileBytes) {
		return {
			reason: 'FILE_TOO_LARGE',
			message: `The file has ${bytes} bytes; at most ${fileLimits.fileBytes} are allowed.`,
			hint: 'Split it, or keep the data in tables.'
		};
	}
	if (text.includes('\0') || !text.isWellFormed()) {
		return { reason: 'FILE_NOT_TEXT', message: 'The file is not UTF-8 text.', hint: 'Save it as UTF-8.' };
	}
	return undefined;
}

function missing(path: string): Diagnostic {
	return {
		severity: 'error',
		file: path,
		line: 1,
		column: 1,
		reason: 'FILE_MISSING',
		message: `The module has no ${path}.`,
		hint: `Add ${path}; a new module from a template has one.`
	};
}

function tooLarge(count: number, total: number): Diagnostic {
	return {
		severity: 'error',
		file: 'module.json',
		line: 1,
		column: 1,
		reason: 'MODULE_TOO_LARGE',
		message: `The module has ${count} files and ${total} bytes; at most ${fileLimits.files} files and ${fileLimits.totalBytes} bytes are allowed.`,
		hint: 'Split the module, or keep the data in tables.'
	};
}
