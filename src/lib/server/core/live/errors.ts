import { errorCatalogue } from '#kernel';

/** `meta.field` names the request's parameter that is at fault. */
export const errors = errorCatalogue({
	VIEW_UNKNOWN: 'not_found',
	RELEASE_UNKNOWN: 'not_found',
	VIEW_FORBIDDEN: 'permission_denied',
	VIEW_NOT_READY: 'unavailable',
	COLUMN_UNKNOWN: 'invalid_argument',
	WHERE_INVALID: 'invalid_argument',
	/** Postgres answers the filter with an error for a row that is there. */
	WHERE_FAILS: 'invalid_argument',
	ORDER_INVALID: 'invalid_argument',
	SUBSET_TOO_LARGE: 'invalid_argument',
	SUBSET_TOO_SLOW: 'invalid_argument'
});
