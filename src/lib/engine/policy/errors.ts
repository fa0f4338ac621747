import { errorCatalogue } from '#kernel';

export const errors = errorCatalogue({
	/** The text is no filter; meta holds `offset`, `length`, `line`, `column` and `hint`. */
	FILTER_INVALID: 'invalid_argument',
	/** A parameter's value doesn't fit the column that it is compared with. */
	FILTER_VALUE: 'invalid_argument',
	/** `$1` without a value. */
	FILTER_PARAMETER: 'invalid_argument'
});
