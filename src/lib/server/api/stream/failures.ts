import { httpStatus, toAppError, type AppError } from '#kernel';
import { cacheHeaders, invalidRequestBody, mustRefetchBody, type FieldErrors } from '#engine/shape';
import type { Answer } from './answer.ts';
import { corsHeaders, jsonType } from './headers.ts';

/** The protocol's 400. */
export function invalidRequest(fields: Readonly<FieldErrors>): Answer {
	return { status: 400, headers: errorHeaders, body: invalidRequestBody(fields) };
}

/** The reader must begin anew, with another handle than its own. */
export function mustRefetch(handle: string | undefined, isPublic: boolean): Answer {
	const cache = handle === undefined ? 'must-refetch-unknown' : 'must-refetch';
	const headers = { ...corsHeaders, ...cacheHeaders(cache, isPublic), 'content-type': jsonType };
	return {
		status: 409,
		headers: handle === undefined ? headers : { ...headers, 'electric-handle': handle },
		body: mustRefetchBody
	};
}

/**
 * An error as readers of shapes know it: what a parameter is at fault for is the protocol's 400, the rest
 * has its own status.
 */
export function failure(error: unknown): Answer {
	const known = toAppError(error);
	const { field } = known.meta;
	if (typeof field === 'string') return invalidRequest({ [field]: [known.message] });
	const retry = known.code === 'unavailable' ? { 'retry-after': '1' } : {};
	return {
		status: httpStatus[known.code],
		headers: { ...errorHeaders, ...retry },
		body: plainBody(known)
	};
}

function plainBody({ code, reason, message }: AppError): string {
	return JSON.stringify({ code, reason, message });
}

const errorHeaders: Readonly<Record<string, string>> = {
	...corsHeaders,
	...cacheHeaders('error', true),
	'surrogate-control': 'no-store',
	'content-type': jsonType
};
