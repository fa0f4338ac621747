import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	SIGN_IN_NEEDED: 'unauthenticated',
	PROJECT_FORBIDDEN: 'permission_denied',
	MODULE_UNKNOWN: 'not_found',
	SHAPE_UNKNOWN: 'not_found',
	GRANTS_STALE: 'unavailable',
	OVERLOADED: 'unavailable',
	CLOSING: 'unavailable'
});
