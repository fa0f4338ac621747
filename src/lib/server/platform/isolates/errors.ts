import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	SANDBOX_CPU: 'resource_exhausted',
	SANDBOX_MEMORY: 'resource_exhausted',
	SANDBOX_TIMEOUT: 'deadline_exceeded',
	SANDBOX_HOST_CALLS: 'resource_exhausted',
	SANDBOX_LOG: 'resource_exhausted',
	SANDBOX_RESULT: 'resource_exhausted',
	SANDBOX_REQUEST: 'invalid_argument',
	SANDBOX_DIED: 'unavailable',
	SANDBOX_BUSY: 'unavailable'
});
