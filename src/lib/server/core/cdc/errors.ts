import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	TABLE_BUSY: 'unavailable',
	TABLE_UNKNOWN: 'not_found',
	SLOT_UNAVAILABLE: 'unavailable'
});
