import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	VIEW_FAILED: 'failed_precondition',
	VIEW_NOT_READY: 'unavailable',
	VIEWS_STOPPED: 'unavailable',
	TURN_ENDED: 'unavailable',
	LEASE_LOST: 'aborted',
	NOT_APPLIED_YET: 'deadline_exceeded',
	JOURNAL_CUT: 'out_of_range'
});
