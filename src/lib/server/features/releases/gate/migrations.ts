import type { Diagnostic } from '#kernel';
import { guardMigration } from '#engine/sql';
import { filesOf, sha256, type ModuleFiles } from '#engine/module';
import type { TableSpec } from '#engine/schema';
import { readDeep } from './too-deep.ts';
import type { Migration } from '../database/migration.ts';

/** What the releases of a module bind its next one to. */
export interface Released {
	/** Migrations that a release ever had: path to text. */
	readonly migrations: ReadonlyMap<string, string>;
	/** Tables of the newest release. */
	readonly tables: readonly TableSpec[];
	/** FileDescriptorSet of the newest release. */
	readonly descriptor: Uint8Array | undefined;
}

/** The migrations of a module, sorted by number. */
export async function readMigrations(files: ModuleFiles): Promise<Migration[]> {
	return Promise.all(
		filesOf(files, 'migration').map(async (file) => {
			const sql = files.get(file)!;
			return { file, sql, sha256: await sha256(sql) };
		})
	);
}

/**
 * What keeps migrations from running: statements that the guard refuses, numbers twice, and changes to
 * what was released.
 */
export async function checkMigrations(
	migrations: readonly Migration[],
	{ migrations: released }: Released,
	found: Diagnostic[]
): Promise<void> {
	found.push(...sameNumbers(migrations));
	for (const [file, text] of released) {
		const now = migrations.find((migration) => migration.file === file);
		if (now?.sql !== text) found.push(changed(file, now === undefined));
	}
	const last = [...released.keys()].sort().at(-1);
	for (const { file, sql } of migrations) {
		if (released.has(file)) continue;
		if (last !== undefined && file < last) found.push(tooEarly(file, last));
		found.push(
			...(await readDeep(
				file,
				() => guardMigration(sql, file),
				(finding) => [finding]
			))
		);
	}
}

function numberOf(file: string): string {
	return file.slice('migrations/'.length, 'migrations/'.length + 4);
}

function sameNumbers(migrations: readonly Migration[]): Diagnostic[] {
	return migrations.flatMap(({ file }, i) => {
		const before = migrations[i - 1]?.file;
		if (before === undefined || numberOf(before) !== numberOf(file)) return [];
		return [
			at(
				file,
				'MIGRATION_NUMBER',
				`${before} has the same number.`,
				'Give each migration the next free number.'
			)
		];
	});
}

function changed(file: string, isGone: boolean): Diagnostic {
	const message = isGone
		? `${file} was released and is gone.`
		: 'This migration was released and has changed since.';
	return at(
		file,
		'MIGRATION_RELEASED',
		message,
		'Restore it as it was, and put the change into a new migration.'
	);
}

function tooEarly(file: string, last: string): Diagnostic {
	return at(
		file,
		'MIGRATION_ORDER',
		`It would run before ${last}, which was released.`,
		'Give it a higher number.'
	);
}

function at(file: string, reason: string, message: string, hint: string): Diagnostic {
	return { severity: 'error', file, line: 1, column: 1, reason, message, hint };
}
