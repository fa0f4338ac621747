import { readFile } from 'node:fs/promises';
import type { Diagnostic } from '#kernel';
import { schemaFile, semicolonFinding } from '#engine/schema';
import { runBuf, type BufFinding } from './buf.ts';

export type CompileOutcome =
	| { readonly ok: true; readonly descriptor: Uint8Array }
	| { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const optionsFile = 'schemas/loam/options.proto';
const mostErrors = 20;

/**
 * Compiles .proto texts by path, `loam/options.proto` beside them, with buf: a FileDescriptorSet with all
 * imports and source info.
 */
export async function compileProto(files: Readonly<Record<string, string>>): Promise<CompileOutcome> {
	const all = { ...files, 'loam/options.proto': await readFile(optionsFile) };
	const { ok, output, findings } = await runBuf(all, ['build', '.', '-o', '-#format=binpb']);
	if (ok) return { ok, descriptor: output };
	const source = files[schemaFile] ?? '';
	return { ok, diagnostics: findings.slice(0, mostErrors).map((found) => diagnosticOf(source, found)) };
}

function diagnosticOf(source: string, error: BufFinding): Diagnostic {
	const isOwn = (error.path ?? schemaFile) === schemaFile;
	const { line = 1, column = 1, endLine, endColumn } = isOwn ? error : {};
	const hint = hintFor(error.message);
	const semicolon = /^unexpected .* after /.test(error.message)
		? semicolonFinding(source, { line, column })
		: undefined;
	return (
		semicolon ?? {
			severity: 'error',
			file: schemaFile,
			line,
			column,
			...(endLine && endColumn ? { endLine, endColumn } : {}),
			reason: 'PROTO',
			message: error.message,
			...(hint === undefined ? {} : { hint })
		}
	);
}

function hintFor(message: string): string | undefined {
	if (/import|does not exist/.test(message)) {
		return 'A module imports "loam/options.proto" and "google/protobuf/….proto", and nothing else.';
	}
	if (/in this scope/.test(message))
		return 'Declare the message, correct the name, or add the import that has it.';
	if (/field (number|tag)/.test(message)) return 'Every field has a number of its own: string title = 2;';
	return undefined;
}
