/**
 * The frames of `/v1/live`, each one JSON text. A page sends requests and cancels them; every request is
 * answered once. What the page watches is told of as it happens.
 */
export type ClientFrame = RequestFrame | CancelFrame | WatchFrame;

export interface RequestFrame {
	/** Chosen by the page, unique among its open requests. */
	readonly id: number;
	readonly method: string;
	/** Path and query, as `/v1/shape?…`. */
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Of a POST. */
	readonly body?: string;
}

export interface CancelFrame {
	readonly cancel: number;
}

/** Replaces what was watched before. */
export interface WatchFrame {
	readonly watch: readonly { readonly project: string; readonly module: string }[];
}

export type ServerFrame =
	| {
			readonly id: number;
			readonly status: number;
			readonly headers: Readonly<Record<string, string>>;
			readonly body: string;
	  }
	/** Of what is watched: the release that is served; sent at once and after every change. */
	| {
			readonly type: 'release';
			readonly project: string;
			readonly module: string;
			/** Short hash; null where the module is not served any more. */
			readonly release: string | null;
	  }
	/** What the person may do has changed. */
	| { readonly type: 'grants' };

const watchCap = 100;

/** Undefined where the text is no frame. */
export function parseClientFrame(text: string): ClientFrame | undefined {
	let frame: unknown;
	try {
		frame = JSON.parse(text);
	} catch {
		return undefined;
	}
	if (!isRecord(frame)) return undefined;
	if ('cancel' in frame) return isId(frame['cancel']) ? { cancel: frame['cancel'] } : undefined;
	if ('watch' in frame) return parseWatch(frame['watch']);
	return parseRequest(frame);
}

function parseRequest(frame: Readonly<Record<string, unknown>>): RequestFrame | undefined {
	const { id, method, url, headers, body } = frame;
	if (!isId(id) || typeof url !== 'string' || !url.startsWith('/')) return undefined;
	const given = isRecord(headers) ? Object.entries(headers) : [];
	const texts = given.flatMap(([name, value]) =>
		typeof value === 'string' ? [[name.toLowerCase(), value]] : []
	);
	return {
		id,
		method: typeof method === 'string' ? method : 'GET',
		url,
		headers: Object.fromEntries(texts) as Record<string, string>,
		...(typeof body === 'string' ? { body } : {})
	};
}

function parseWatch(list: unknown): WatchFrame | undefined {
	if (!Array.isArray(list) || list.length > watchCap) return undefined;
	const watch = (list as unknown[]).flatMap((item) => {
		if (!isRecord(item)) return [];
		const { project, module } = item;
		return typeof project === 'string' && typeof module === 'string' ? [{ project, module }] : [];
	});
	return { watch };
}

function isId(value: unknown): value is number {
	return Number.isSafeInteger(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
