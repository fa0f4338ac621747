/** An answer of the API that is an error. `message` is for people; `reason` is stable, for programs. */
export class CallError extends Error {
	override readonly name = 'CallError';
	/** Connect's code, e.g. `permission_denied`; `unavailable` where the server wasn't reached. */
	readonly code: string;
	readonly reason: string;
	readonly meta: Readonly<Record<string, unknown>>;

	constructor(init: {
		message: string;
		code: string;
		reason?: string;
		meta?: Readonly<Record<string, unknown>>;
	}) {
		super(init.message);
		this.code = init.code;
		this.reason = init.reason ?? init.code.toUpperCase();
		this.meta = init.meta ?? {};
	}
}

export interface CallOptions {
	/** `org/project`; needed for a module's methods. */
	readonly project?: string | undefined;
	/** Short hash of the release that the screen is of. */
	readonly release?: string | undefined;
	readonly signal?: AbortSignal | undefined;
	/** Kit's own, in a load function. */
	readonly fetch?: typeof fetch | undefined;
}

export interface Answer<T> {
	readonly data: T;
	/** Of the transaction, where the call wrote something. */
	readonly txid: string | undefined;
}

/**
 * Calls a method of the API in JSON: `call('loam.v1.PeopleService/Grant', { user, role, project })`. The
 * session's cookie goes along. Rejects with a CallError.
 */
export async function call<T = Record<string, unknown>>(
	procedure: string,
	request: object,
	options: CallOptions = {}
): Promise<Answer<T>> {
	const response = await send(procedure, request, options);
	const body = await readJson(response);
	if (!response.ok) throw toCallError(response.status, body);
	return { data: body as T, txid: response.headers.get('loam-txid') ?? undefined };
}

async function send(procedure: string, request: object, options: CallOptions): Promise<Response> {
	try {
		return await (options.fetch ?? fetch)(`/${procedure}`, {
			method: 'POST',
			headers: {
				'content-type': 'application/json',
				...(options.project ? { 'loam-project': options.project } : {}),
				...(options.release ? { 'loam-release': options.release } : {})
			},
			body: JSON.stringify(request),
			...(options.signal ? { signal: options.signal } : {})
		});
	} catch (error) {
		if (options.signal?.aborted) throw error;
		throw new CallError({
			message: 'Loam can’t be reached. Check your connection and try again.',
			code: 'unavailable',
			reason: 'OFFLINE'
		});
	}
}

async function readJson(response: Response): Promise<unknown> {
	try {
		return await response.json();
	} catch {
		return undefined;
	}
}

interface WireError {
	readonly code?: string;
	readonly message?: string;
	readonly details?: readonly {
		readonly type?: string;
		readonly debug?: { readonly reason?: string; readonly meta?: Readonly<Record<string, unknown>> };
	}[];
}

function toCallError(status: number, body: unknown): CallError {
	const { code, message, details } = (body ?? {}) as WireError;
	const info = details?.find((detail) => detail.type === 'loam.v1.ErrorInfo')?.debug;
	return new CallError({
		message: message || `The server answered with ${status}. Please try again.`,
		code: code ?? 'unknown',
		...(info?.reason ? { reason: info.reason } : {}),
		...(info?.meta ? { meta: info.meta } : {})
	});
}
