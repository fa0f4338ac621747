import {
	cacheHeaders,
	etagOf,
	headerJson,
	nextCursor,
	type CacheCase,
	type CatchUpAges,
	type ShapeSchema
} from '#engine/shape';

/** Response headers that a page of another origin may read. */
const exposed = [
	'electric-cursor',
	'electric-handle',
	'electric-has-data',
	'electric-offset',
	'electric-schema',
	'electric-snapshot',
	'electric-up-to-date',
	'etag',
	'retry-after'
].join(',');

/** Any origin may read, but never with a person's cookie. */
export const corsHeaders: Readonly<Record<string, string>> = {
	'access-control-allow-origin': '*',
	'access-control-expose-headers': exposed,
	'access-control-allow-methods': 'GET, HEAD, POST, DELETE, OPTIONS'
};

export const preflightHeaders: Readonly<Record<string, string>> = {
	...corsHeaders,
	'access-control-allow-headers': 'authorization, content-type, if-none-match',
	'access-control-max-age': '86400',
	'cache-control': 'public, max-age=86400'
};

export const jsonType = 'application/json; charset=utf-8';

export interface LogHeaders {
	readonly handle: string;
	/** As the request and the answer write them. */
	readonly requestOffset: string;
	readonly offset: string;
	readonly cache: CacheCase;
	readonly isPublic: boolean;
	readonly upToDate: boolean;
	readonly hasData: boolean;
	/** The position that an answer without news holds for. */
	readonly seq?: bigint;
	/** How long a catch-up may be kept, where not as usual. */
	readonly ages?: CatchUpAges | undefined;
	/** Of an answer that is not live. */
	readonly schema?: ShapeSchema;
	/** Of a live one: the reader's cursor before. */
	readonly live?: { readonly cursor: string | undefined; readonly intervalSeconds: number };
	readonly contentType?: string;
}

export function logHeaders(parts: LogHeaders): Record<string, string> {
	const headers: Record<string, string> = {
		...corsHeaders,
		...cacheHeaders(parts.cache, parts.isPublic, parts.ages),
		'content-type': parts.contentType ?? jsonType,
		'electric-handle': parts.handle,
		'electric-offset': parts.offset,
		'electric-has-data': String(parts.hasData),
		etag: etag(parts)
	};
	if (parts.upToDate) headers['electric-up-to-date'] = '';
	if (parts.schema) headers['electric-schema'] = schemaJson(parts.schema);
	if (parts.live) {
		headers['electric-cursor'] = nextCursor(Date.now(), parts.live.intervalSeconds, parts.live.cursor);
	}
	return headers;
}

/** Of a subset, which no cache keeps. */
export function subsetHeaders(parts: {
	readonly handle: string;
	readonly offset: string;
	readonly schema: ShapeSchema;
}): Record<string, string> {
	return {
		...corsHeaders,
		...cacheHeaders('uncached', false),
		'content-type': jsonType,
		'electric-snapshot': 'true',
		'electric-handle': parts.handle,
		'electric-offset': parts.offset,
		'electric-schema': schemaJson(parts.schema)
	};
}

/**
 * A live answer without news is never the same twice: a cache that asks again must wait like anyone. Any
 * other answer without is that of its position.
 */
function etag({ handle, requestOffset, offset, hasData, live, seq }: LogHeaders): string {
	if (hasData) return etagOf(handle, requestOffset, offset);
	return etagOf(handle, requestOffset, `${offset}:${live || seq === undefined ? Date.now() : seq}`);
}

const schemaTexts = new WeakMap<ShapeSchema, string>();

function schemaJson(schema: ShapeSchema): string {
	let text = schemaTexts.get(schema);
	if (text === undefined) schemaTexts.set(schema, (text = headerJson(schema)));
	return text;
}
