import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	POSTGRES_START_FAILED: 'unavailable',
	POSTGRES_DIED: 'unavailable',
	POSTGRES_TOO_OLD: 'failed_precondition',
	POSTGRES_SETTING: 'failed_precondition',
	POSTGRES_PRIVILEGE: 'failed_precondition',
	MIGRATION_CHANGED: 'data_loss',
	MIGRATION_FAILED: 'internal'
});
