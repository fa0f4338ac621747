import type { Diagnostic } from '#kernel';
import { postgresDiagnostic } from '#engine/sql';
import type { Client } from '#platform/postgres';
import type { Migration } from './migration.ts';

/** What Postgres says of a statement that it refuses. */
export interface PostgresError extends Error {
	readonly code?: string;
	readonly position?: string;
	readonly hint?: string;
	readonly detail?: string;
}

export function isPostgresError(error: unknown): error is PostgresError {
	return (
		error instanceof Error &&
		typeof (error as PostgresError).code === 'string' &&
		/^[0-9A-Z]{5}$/.test((error as PostgresError).code!)
	);
}

/**
 * Runs migrations inside the caller's transaction, until one fails; the failure is told at its place. A
 * broken transaction is the caller's to roll back.
 */
export async function runMigrations(
	client: Client,
	migrations: readonly Migration[],
	found: Diagnostic[]
): Promise<void> {
	for (const { file, sql } of migrations) {
		if (sql.trim() === '') continue;
		try {
			await client.query(sql);
		} catch (error) {
			if (!isPostgresError(error)) throw error;
			found.push(migrationFinding(file, sql, error));
			return;
		}
	}
}

function migrationFinding(file: string, sql: string, error: PostgresError): Diagnostic {
	const finding = postgresDiagnostic(file, sql, {
		message: error.message,
		position: error.position,
		hint: error.hint ?? error.detail
	});
	switch (error.code) {
		case '55P03':
			return {
				...finding,
				reason: 'MIGRATION_LOCKED',
				hint: 'Others are writing to that table just now. Try again in a moment.'
			};
		case '57014':
			return {
				...finding,
				reason: 'MIGRATION_SLOW',
				hint: 'It takes too long while others wait. Do less in one migration.'
			};
		case '23502':
		case '23503':
		case '23505':
		case '23514':
			return {
				...finding,
				reason: 'MIGRATION_DATA',
				hint: finding.hint ?? 'Rows that are there do not fit. Change them first, in an earlier statement.'
			};
		default:
			return { ...finding, reason: 'MIGRATION_FAILED' };
	}
}
