import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const timeoutMs = 20_000;

/** One thing that buf found, as `--error-format=json` has it. Lines and columns count from 1. */
export interface BufFinding {
	/** In the folder. */
	readonly path: string | undefined;
	/** `COMPILE`, or the name of a rule. */
	readonly type: string | undefined;
	readonly line: number | undefined;
	readonly column: number | undefined;
	readonly endLine: number | undefined;
	readonly endColumn: number | undefined;
	readonly message: string;
}

export interface BufAnswer {
	readonly ok: boolean;
	readonly output: Uint8Array;
	/** Of one that is not ok. */
	readonly findings: readonly BufFinding[];
}

type BufFiles = Readonly<Record<string, string | Uint8Array>>;

/** Answers that are kept: a check as one types mostly meets the schema that it met before. */
const kept = 200;

const answers = new Map<string, Promise<BufAnswer>>();

/** What buf says of these files, by path, and of nothing else. The same question is asked once. */
export function runBuf(files: BufFiles, args: readonly string[]): Promise<BufAnswer> {
	const key = hashOf(files, args);
	const before = answers.get(key);
	if (before) return before;
	const answer = runInFolder(files, args);
	answers.set(key, answer);
	answer.catch(() => answers.delete(key));
	if (answers.size > kept) answers.delete(answers.keys().next().value!);
	return answer;
}

function hashOf(files: BufFiles, args: readonly string[]): string {
	const hash = createHash('sha256');
	for (const part of [...args, ...Object.entries(files).flat()]) {
		hash.update(`${part.length}:`).update(part);
	}
	return hash.digest('base64');
}

/** Runs buf in a folder of its own and goes after it. */
async function runInFolder(files: BufFiles, args: readonly string[]): Promise<BufAnswer> {
	const folder = await mkdtemp(join(tmpdir(), 'loam-proto-'));
	try {
		for (const [path, content] of Object.entries(files)) {
			await mkdir(dirname(join(folder, path)), { recursive: true });
			await writeFile(join(folder, path), content);
		}
		return await execute(folder, args);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function execute(folder: string, args: readonly string[]): Promise<BufAnswer> {
	const [command, ...prefix] = bufCommand();
	const all = [...prefix, ...args, '--error-format=json', '--timeout', `${timeoutMs}ms`];
	const env = { PATH: process.env['PATH'], HOME: folder, BUF_CACHE_DIR: folder };
	return new Promise((resolve, reject) => {
		execFile(
			command!,
			all,
			{ encoding: 'buffer', maxBuffer: 64_000_000, env, cwd: folder },
			(error, stdout, stderr) => {
				if (!error) return resolve({ ok: true, output: new Uint8Array(stdout), findings: [] });
				const findings = findingsOf(folder, `${stdout.toString()}\n${stderr.toString()}`);
				if (findings.length > 0) resolve({ ok: false, output: new Uint8Array(), findings });
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

interface BufLine {
	readonly path?: string;
	readonly type?: string;
	readonly start_line?: number;
	readonly start_column?: number;
	readonly end_line?: number;
	readonly end_column?: number;
	readonly message: string;
}

function findingsOf(folder: string, output: string): BufFinding[] {
	return output
		.split('\n')
		.filter((line) => line.startsWith('{'))
		.map((text) => {
			const line = JSON.parse(text) as BufLine;
			return {
				path: line.path?.replace(`${folder}/`, ''),
				type: line.type,
				line: line.start_line,
				column: line.start_column,
				endLine: line.end_line,
				endColumn: line.end_column,
				message: line.message.replaceAll(`${folder}/`, '')
			};
		});
}
