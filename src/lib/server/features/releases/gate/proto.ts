import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Diagnostic } from '#kernel';
import { schemaFile } from '#engine/schema';

export type CompileOutcome =
	| { readonly ok: true; readonly descriptor: Uint8Array }
	| { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const optionsFile = 'schemas/loam/options.proto';
const timeoutMs = 20_000;
const mostErrors = 20;
/** Outcomes that are kept: a check as one types mostly meets the schema that it met before. */
const kept = 200;

const outcomes = new Map<string, Promise<CompileOutcome>>();

/**
 * Compiles .proto texts by path, `loam/options.proto` beside them, with buf: a FileDescriptorSet with all
 * imports and source info. The same texts are compiled once.
 */
export function compileProto(files: Readonly<Record<string, string>>): Promise<CompileOutcome> {
	const key = JSON.stringify(files);
	const before = outcomes.get(key);
	if (before) return before;
	const outcome = compile(files);
	outcomes.set(key, outcome);
	outcome.catch(() => outcomes.delete(key));
	if (outcomes.size > kept) outcomes.delete(outcomes.keys().next().value!);
	return outcome;
}

async function compile(files: Readonly<Record<string, string>>): Promise<CompileOutcome> {
	const folder = await mkdtemp(join(tmpdir(), 'loam-proto-'));
	try {
		for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
		await mkdir(join(folder, 'loam'));
		await cp(optionsFile, join(folder, 'loam/options.proto'));
		return await build(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function build(folder: string): Promise<CompileOutcome> {
	const [command, ...prefix] = bufCommand();
	const args = [
		...prefix,
		'build',
		folder,
		'-o',
		'-#format=binpb',
		'--error-format=json',
		'--timeout',
		`${timeoutMs}ms`
	];
	const env = { PATH: process.env['PATH'], HOME: folder, BUF_CACHE_DIR: folder };
	return new Promise((resolve, reject) => {
		execFile(
			command!,
			args,
			{ encoding: 'buffer', maxBuffer: 64_000_000, env, cwd: folder },
			(error, stdout, stderr) => {
				if (!error) return resolve({ ok: true, descriptor: new Uint8Array(stdout) });
				const diagnostics = parseErrors(folder, `${stdout.toString()}\n${stderr.toString()}`);
				if (diagnostics.length > 0) resolve({ ok: false, diagnostics });
				else reject(new Error(`buf could not run: ${stderr.toString().slice(0, 500)}`, { cause: error }));
			}
		);
	});
}

/** The platform's own binary; the package's script in JavaScript would start a second Node. */
function bufCommand(): string[] {
	const require = createRequire(createRequire(import.meta.url).resolve('@bufbuild/buf/package.json'));
	const arch = process.platform === 'linux' && process.arch === 'arm64' ? 'aarch64' : process.arch;
	try {
		const manifest = require.resolve(`@bufbuild/buf-${process.platform}-${arch}/package.json`);
		return [join(dirname(manifest), 'bin', process.platform === 'win32' ? 'buf.exe' : 'buf')];
	} catch {
		return [process.execPath, require.resolve('@bufbuild/buf/bin/buf')];
	}
}

interface BufError {
	readonly path?: string;
	readonly start_line?: number;
	readonly start_column?: number;
	readonly end_line?: number;
	readonly end_column?: number;
	readonly message: string;
}

function parseErrors(folder: string, output: string): Diagnostic[] {
	return output
		.split('\n')
		.filter((line) => line.startsWith('{'))
		.slice(0, mostErrors)
		.map((line) => diagnosticOf(folder, JSON.parse(line) as BufError));
}

function diagnosticOf(folder: string, error: BufError): Diagnostic {
	const path = (error.path ?? schemaFile).replace(`${folder}/`, '');
	const isOwn = path === schemaFile;
	const hint = hintFor(error.message);
	return {
		severity: 'error',
		file: schemaFile,
		line: (isOwn && error.start_line) || 1,
		column: (isOwn && error.start_column) || 1,
		...(isOwn && error.end_line && error.end_column
			? { endLine: error.end_line, endColumn: error.end_column }
			: {}),
		reason: 'PROTO',
		message: error.message.replaceAll(`${folder}/`, ''),
		...(hint === undefined ? {} : { hint })
	};
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
