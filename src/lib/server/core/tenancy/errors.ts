import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	ORGANIZATION_UNKNOWN: 'not_found',
	PROJECT_SLUG_INVALID: 'invalid_argument',
	PROJECT_EXISTS: 'already_exists',
	PROJECT_UNKNOWN: 'not_found',
	INSTALLATION_UNKNOWN: 'not_found',
	PEOPLE_TABLE_FOREIGN: 'data_loss'
});
