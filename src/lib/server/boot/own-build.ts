import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#kernel';

/** The screens as one process serves them. */
export interface OwnBuild {
	readonly folder: string;
	remove(): void;
}

/**
 * Takes the build for this process alone, by hard links beside it: files are read long after the start, and
 * `npm run build` would otherwise pull them away under a node that runs. What dead processes left goes. In a
 * folder that cannot be written to the build is used as it stands. Throws BUILD_MISSING.
 */
export function takeBuild(root: string, pid = process.pid): OwnBuild {
	const build = join(root, 'build');
	if (!existsSync(join(build, 'handler.js'))) {
		const message = 'The screens are not built. Start with npm start, which builds them.';
		throw new AppError({ code: 'failed_precondition', reason: 'BUILD_MISSING', message });
	}
	const taken = join(root, '.loam', 'builds');
	const folder = join(taken, String(pid));
	const remove = () => rmSync(folder, { recursive: true, force: true });
	try {
		mkdirSync(taken, { recursive: true });
		for (const name of readdirSync(taken)) {
			if (!isAlive(Number(name))) rmSync(join(taken, name), { recursive: true, force: true });
		}
		remove();
		linkAll(build, folder);
		return { folder, remove };
	} catch (error) {
		if (!isReadOnly(error)) throw error;
		return { folder: build, remove() {} };
	}
}

function linkAll(from: string, to: string): void {
	mkdirSync(to);
	for (const entry of readdirSync(from, { withFileTypes: true })) {
		const [source, target] = [join(from, entry.name), join(to, entry.name)];
		if (entry.isDirectory()) linkAll(source, target);
		else linkOrCopy(source, target);
	}
}

/** Not every file system links. */
function linkOrCopy(source: string, target: string): void {
	try {
		linkSync(source, target);
	} catch {
		copyFileSync(source, target);
	}
}

function isReadOnly(error: unknown): boolean {
	return ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}
