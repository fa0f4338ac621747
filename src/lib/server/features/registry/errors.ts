import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	MODULE_NAME: 'invalid_argument',
	MODULE_TITLE: 'invalid_argument',
	MODULE_UNKNOWN: 'not_found',
	MODULE_SHIPPED: 'already_exists',
	TEMPLATE_UNKNOWN: 'invalid_argument',
	DRAFT_UNKNOWN: 'not_found',
	DRAFT_STALE: 'aborted',
	FILES_REFUSED: 'invalid_argument',
	SHIPPED_MODULE_BROKEN: 'data_loss'
});
