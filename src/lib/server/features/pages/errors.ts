import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	/** No page of the module has this address. */
	PAGE_UNKNOWN: 'not_found',
	/** The page's parameters name nothing: an id that is none. */
	PAGE_PARAMETERS: 'not_found',
	/** The viewer lacks a role that every screen of the module wants. */
	PAGE_FORBIDDEN: 'permission_denied'
});
