import { AppError } from '#kernel';

/** What Postgres said went wrong: SQLSTATE. */
export function sqlState(error: unknown): string {
	return (error as { code?: string } | undefined)?.code ?? '';
}

/**
 * An error of the moment: the same statement may pass later. Serialization and deadlocks (40), lack of
 * resources (53), an operator (57 but a timeout), a lock that was not to be had (55P03), an origin that a session
 * which is gone still has (55006).
 */
export function isTransient(error: unknown): boolean {
	const code = sqlState(error);
	if (code === '57014') return false;
	return ['40', '53', '57'].includes(code.slice(0, 2)) || code === '55P03' || code === '55006';
}

/** The position row is not ours any more: another holder raised its epoch, before or while we wrote. */
export function isLeaseLost(error: unknown): boolean {
	const { code, constraint } = error as { code?: string; constraint?: string };
	return code === '23514' && constraint === 'position_held';
}

/** Not an answer of Postgres at all: the connection is gone. */
export function isDisconnect(error: unknown): boolean {
	const code = sqlState(error);
	return !/^[0-9A-Z]{5}$/.test(code) || code.startsWith('08') || code.startsWith('57P');
}

/** A table, its schema or the right to it is gone. */
export function isMissingTable(error: unknown): boolean {
	return ['42P01', '3F000', '42501'].includes(sqlState(error));
}

/** The turn of maintenance ended: the next one goes on with it. */
export function isTurnOver(error: unknown): boolean {
	return error instanceof AppError && ['TURN_ENDED', 'LEASE_LOST', 'VIEWS_STOPPED'].includes(error.reason);
}
