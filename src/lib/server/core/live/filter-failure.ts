import { AppError } from '#kernel';
import { errors } from './errors.ts';

/** Whether an error tells that a filter has no answer for a row: a division by zero, a text that is no number. */
export function isFilterFailure(error: unknown): boolean {
	if (error instanceof AppError) return error.reason === 'FILTER_FAILS';
	const { code, message } = error as { code?: unknown; message?: unknown };
	// Class 22 are Postgres's exceptions of data; what no integer is has a code of its own.
	return String(code).startsWith('22') || String(message).startsWith('cannot convert');
}

/** The reader's own filter failed: Postgres's words for it, as the fault of that parameter. */
export function filterFailure(error: unknown, field: string): AppError {
	const { message } = error as Error;
	const advice = 'It fails for some rows. Ask for other rows, or guard it with CASE.';
	return errors.WHERE_FAILS(`${message}. ${advice}`, { field }, error);
}
