import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeBuild } from './own-build.ts';

function project(): string {
	const root = mkdtempSync(join(tmpdir(), 'loam-build-'));
	mkdirSync(join(root, 'build', 'client'), { recursive: true });
	writeFileSync(join(root, 'build', 'handler.js'), 'first');
	writeFileSync(join(root, 'build', 'client', 'app.js'), 'first');
	return root;
}

test('a build that is replaced stays as it was for who took it', () => {
	const root = project();
	const own = takeBuild(root);
	rmSync(join(root, 'build'), { recursive: true });
	mkdirSync(join(root, 'build'));
	writeFileSync(join(root, 'build', 'handler.js'), 'second');
	for (const file of ['handler.js', 'client/app.js']) {
		expect(readFileSync(join(own.folder, file), 'utf8')).toBe('first');
	}
	own.remove();
	expect(existsSync(own.folder)).toBe(false);
	expect(readFileSync(join(root, 'build', 'handler.js'), 'utf8')).toBe('second');
	rmSync(root, { recursive: true });
});

test('what dead processes took is removed, and what others run from is not', () => {
	const root = project();
	// no process has so high an id
	const dead = takeBuild(root, 2 ** 30);
	const other = takeBuild(root, process.ppid);
	const own = takeBuild(root);
	expect([dead, other, own].map(({ folder }) => existsSync(folder))).toEqual([false, true, true]);
	rmSync(root, { recursive: true });
});

test('without a build it says so', () => {
	expect(() => takeBuild(mkdtempSync(join(tmpdir(), 'loam-build-')))).toThrow(/npm start/);
});
