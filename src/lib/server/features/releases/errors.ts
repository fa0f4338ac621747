import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	PROJECT_PATH: 'invalid_argument',
	PROJECT_UNKNOWN: 'not_found',
	PROJECT_ADMIN_NEEDED: 'permission_denied',
	MODULE_UNKNOWN: 'not_found',
	MODULE_NOT_INSTALLED: 'not_found',
	MODULE_NAME_TAKEN: 'already_exists',
	RELEASE_UNKNOWN: 'not_found',
	RELEASE_AMBIGUOUS: 'invalid_argument',
	PAGE_UNKNOWN: 'not_found',
	VIEW_UNKNOWN: 'not_found',
	VIEWS_OF_WHAT: 'invalid_argument',
	PUBLISH_STALE: 'aborted',
	PUBLISH_BUSY: 'unavailable'
});
