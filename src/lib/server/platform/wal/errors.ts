import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	WAL_PROTOCOL: 'internal',
	WAL_START_FAILED: 'unavailable',
	WAL_CONNECTION_LOST: 'unavailable'
});
