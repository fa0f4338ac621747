/** The kinds of answers that differ in how long they may be kept. */
export type CacheCase =
	'initial' | 'catch-up' | 'live' | 'sse' | 'must-refetch' | 'must-refetch-unknown' | 'error' | 'uncached';

/** Seconds that an SSE answer lasts; caches collapse readers for just under it. */
export const sseSeconds = 60;

/** Seconds that a catch-up is fresh in a public cache, and may be given while it is asked for again. */
export interface CatchUpAges {
	readonly fresh: number;
	readonly stale: number;
}

export const catchUpAges: CatchUpAges = { fresh: 60, stale: 300 };

const publicControl: Record<Exclude<CacheCase, 'catch-up'>, string> = {
	initial: 'public, max-age=604800, s-maxage=3600, stale-while-revalidate=2629746',
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

export function cacheHeaders(
	kind: CacheCase,
	isPublic: boolean,
	{ fresh, stale }: CatchUpAges = catchUpAges
): Record<string, string> {
	if (!isPublic) return { 'cache-control': privateControl[kind], vary: 'Authorization, Cookie' };
	const catchUp = `public, max-age=${fresh}, stale-while-revalidate=${stale}`;
	return { 'cache-control': kind === 'catch-up' ? catchUp : publicControl[kind] };
}

export function etagOf(handle: string, request: string, response: string): string {
	return `"${handle}:${request}:${response}"`;
}

/** Whether `If-None-Match` names the tag. */
export function etagMatches(header: string | undefined, etag: string): boolean {
	if (header === undefined) return false;
	return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === etag);
}
