/** The kinds of answers that differ in how long they may be kept. */
export type CacheCase =
	'initial' | 'catch-up' | 'live' | 'sse' | 'must-refetch' | 'must-refetch-unknown' | 'error' | 'uncached';

/** Seconds that an SSE answer lasts; caches collapse readers for just under it. */
export const sseSeconds = 60;

const publicControl: Record<CacheCase, string> = {
	initial: 'public, max-age=604800, s-maxage=3600, stale-while-revalidate=2629746',
	'catch-up': 'public, max-age=60, stale-while-revalidate=300',
	live: 'public, max-age=5, stale-while-revalidate=5',
	sse: `public, max-age=${sseSeconds - 1}`,
	'must-refetch': 'public, max-age=60, must-revalidate',
	'must-refetch-unknown': 'public, max-age=1, must-revalidate',
	error: 'no-store',
	uncached: 'no-cache'
};

/** What depends on the person stays in that person's browser, and only while it is likely to be of use. */
const privateControl: Record<CacheCase, string> = {
	initial: 'private, max-age=0, must-revalidate',
	'catch-up': 'private, max-age=0, must-revalidate',
	live: 'private, max-age=0, must-revalidate',
	sse: 'private, no-cache',
	'must-refetch': 'private, max-age=0, must-revalidate',
	'must-refetch-unknown': 'private, max-age=0, must-revalidate',
	error: 'no-store',
	uncached: 'no-cache'
};

export function cacheHeaders(kind: CacheCase, isPublic: boolean): Record<string, string> {
	const control = (isPublic ? publicControl : privateControl)[kind];
	return isPublic
		? { 'cache-control': control }
		: { 'cache-control': control, vary: 'Authorization, Cookie' };
}

export function etagOf(handle: string, request: string, response: string): string {
	return `"${handle}:${request}:${response}"`;
}

/** Whether `If-None-Match` names the tag. */
export function etagMatches(header: string | undefined, etag: string): boolean {
	if (header === undefined) return false;
	return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
