import { AppError, type ErrorCode } from '#kernel';
import type { DraftEvent } from './types.ts';

/** Answers that may come although the write was applied, or that another try may turn. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
	'canceled',
	'unknown',
	'internal',
	'unavailable',
	'deadline_exceeded',
	'resource_exhausted'
]);

/** The draft is newer than what the write was made from. */
export function isStale(error: unknown): boolean {
	return error instanceof AppError && error.code === 'aborted';
}

/** What a request that was not answered well means for the draft: try again, or tell the author. */
export function failureOf(id: number, error: unknown): DraftEvent {
	if (!(error instanceof AppError)) return { type: 'failed', id };
	// Exhausted is a rate, which passes, or a size, which does not.
	const passes = passing.has(error.code) && error.reason !== 'BODY_TOO_LARGE';
	if (passes) return { type: 'failed', id };
	return { type: 'refused', id, refusal: { code: error.code, message: error.message } };
}
