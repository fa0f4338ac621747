import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	// what the caller can mend
	SIGN_IN_NEEDED: 'unauthenticated',
	ROW_UNKNOWN: 'not_found',
	ROW_EXISTS: 'already_exists',
	ROW_REFERENCE: 'failed_precondition',
	ROW_IN_USE: 'failed_precondition',
	ROW_DENIED: 'permission_denied',
	FIELD_REQUIRED: 'invalid_argument',
	FIELD_INVALID: 'invalid_argument',
	FIELD_UNKNOWN: 'invalid_argument',
	PAGE_TOKEN_INVALID: 'invalid_argument',
	COMMAND_CONFLICT: 'aborted',
	COMMAND_TIMEOUT: 'deadline_exceeded',
	COMMAND_BUSY: 'unavailable',
	DATABASE_UNAVAILABLE: 'unavailable',
	COMMAND_OUTCOME_UNKNOWN: 'unavailable',
	// what only the module's author can mend; the caller is told HANDLER_FAILED
	HANDLER_FAILED: 'internal',
	HANDLER_SQL: 'internal',
	HANDLER_ARGUMENT: 'internal',
	HANDLER_LIMIT: 'resource_exhausted',
	HANDLER_UNAWAITED: 'internal',
	HANDLER_RESPONSE: 'internal',
	HANDLER_UNKNOWN: 'unimplemented'
});

/** Reasons that tell of the code, not of the call: they go to the log, and to the handler that caused them. */
export const authorReasons: ReadonlySet<string> = new Set([
	'HANDLER_SQL',
	'HANDLER_ARGUMENT',
	'HANDLER_UNAWAITED',
	'HANDLER_RESPONSE'
]);
