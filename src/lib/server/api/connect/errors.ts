import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	SIGN_IN_NEEDED: 'unauthenticated',
	CROSS_ORIGIN: 'permission_denied',
	PROJECT_MISSING: 'invalid_argument',
	PROJECT_UNKNOWN: 'not_found',
	ORGANIZATION_UNKNOWN: 'not_found',
	PROJECT_DENIED: 'permission_denied',
	SERVICE_UNKNOWN: 'unimplemented',
	METHOD_UNKNOWN: 'unimplemented',
	RELEASE_GONE: 'failed_precondition',
	COMMAND_DENIED: 'permission_denied',
	REQUEST_INVALID: 'invalid_argument',
	BODY_TOO_LARGE: 'resource_exhausted'
});
