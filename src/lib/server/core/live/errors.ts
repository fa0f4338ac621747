import { errorCatalogue } from '#kernel';

/** `meta.field` names the request's parameter that is at fault. */
export const errors = errorCatalogue({
	VIEW_UNKNOWN: 'not_found',
	RELEASE_UNKNOWN: 'not_found',
	VIEW_FORBIDDEN: 'permission_denied',
	VIEW_NOT_READY: 'unavailable',
	COLUMN_UNKNOWN: 'invalid_argument',
	WHERE_INVALID: 'invalid_argument'
});
