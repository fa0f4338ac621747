import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A FileDescriptorSet of these .proto texts by path, with `loam/options.proto` beside them. */
export function buildProto(files: Readonly<Record<string, string>>): Uint8Array {
	const folder = mkdtempSync(join(tmpdir(), 'loam-proto-'));
	try {
		for (const [path, text] of Object.entries(files)) {
			mkdirSync(dirname(join(folder, path)), { recursive: true });
			writeFileSync(join(folder, path), text);
		}
		mkdirSync(join(folder, 'loam'), { recursive: true });
		cpSync('schemas/loam/options.proto', join(folder, 'loam/options.proto'));
		return execFileSync('node_modules/@bufbuild/buf/bin/buf', ['build', folder, '-o', '-#format=binpb'], {
			maxBuffer: 16_000_000
		});
	} finally {
		rmSync(folder, { recursive: true });
	}
}
