import { errorCatalogue, positionAt } from '#kernel';

export const errors = errorCatalogue({
	/** The text is no filter; meta holds `offset`, `length`, `line`, `column`, `problem` and `hint`. */
	FILTER_INVALID: 'invalid_argument',
	/** A parameter's value doesn't fit the place where it stands. */
	FILTER_VALUE: 'invalid_argument',
	/** `$1` without a value. */
	FILTER_PARAMETER: 'invalid_argument',
	/** Postgres would answer the filter with an error for this row or these values: a division by zero. */
	FILTER_FAILS: 'invalid_argument'
});

export interface Place {
	/** In the filter's text, from 0. */
	readonly offset: number;
	readonly length: number;
}

/** A FILTER_INVALID that points at a place in the filter. */
export function invalid(source: string, place: Place, message: string, hint?: string) {
	return errors.FILTER_INVALID(hint ? `${message} ${hint}` : message, {
		filter: source,
		offset: place.offset,
		length: place.length,
		...positionAt(source, place.offset),
		problem: message,
		...(hint ? { hint } : {})
	});
}

/** The same for what is no expression of SQL at all; `near` as Postgres names it. */
export function syntaxError(source: string, place: Place, message: string, near: string, hint?: string) {
	const error = invalid(source, place, message, hint);
	return errors.FILTER_INVALID(error.message, { ...error.meta, near });
}

/** What evaluating a row can end in: the message is Postgres's own. */
export function fails(message: string) {
	return errors.FILTER_FAILS(message);
}
