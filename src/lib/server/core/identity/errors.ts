import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	SIGN_IN_REFUSED: 'unauthenticated',
	SIGN_IN_LIMITED: 'resource_exhausted',
	SIGN_IN_NEEDED: 'unauthenticated',
	WELCOME_LINK_INVALID: 'permission_denied',
	EMAIL_INVALID: 'invalid_argument',
	NAME_INVALID: 'invalid_argument',
	PASSWORD_INVALID: 'invalid_argument',
	PASSWORD_WRONG: 'permission_denied',
	PERSON_EXISTS: 'already_exists',
	PERSON_UNKNOWN: 'not_found',
	SESSION_UNKNOWN: 'not_found',
	ROLE_UNKNOWN: 'invalid_argument',
	ROLE_PLACE: 'invalid_argument',
	GRANT_UNKNOWN: 'not_found',
	GRANT_DENIED: 'permission_denied',
	LAST_SYS_ADMIN: 'failed_precondition',
	PASSWORDS_BUSY: 'resource_exhausted'
});
