import { withoutWaiting } from './multiplexer.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** Long-polls that may hold a connection of the browser; the rest leave them to commands. */
const heldConnections = 2;
/** A shape beyond those is asked for so often. */
const pollMs = 2_000;

/**
 * Sends requests by themselves, without taking the browser's few connections from everything else: two
 * may be held open, the others ask now and then.
 */
export function directSender(send: typeof fetch = (...args) => fetch(...args)) {
	let held = 0;
	return async (request: WireRequest, signal: AbortSignal): Promise<WireResponse> => {
		const waits = new URL(request.url).searchParams.get('live') === 'true';
		if (!waits) return answerOf(await send(request.url, { headers: request.headers, signal }));
		if (held >= heldConnections) return poll(request, signal);
		held++;
		try {
			return await answerOf(await send(request.url, { headers: request.headers, signal }));
		} finally {
			held--;
		}
	};

	async function poll(request: WireRequest, signal: AbortSignal): Promise<WireResponse> {
		await pause(pollMs, signal);
		const { url, headers } = withoutWaiting(request);
		const response = await answerOf(await send(url, { headers, signal }));
		// The client wants to see what a live answer has.
		const cursor = new URL(request.url).searchParams.get('cursor') || '0';
		return { ...response, headers: { ...response.headers, 'electric-cursor': cursor } };
	}
}

async function answerOf(response: Response): Promise<WireResponse> {
	return {
		status: response.status,
		headers: Object.fromEntries(response.headers),
		body: await response.text()
	};
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener('abort', () => {
			clearTimeout(timer);
			reject(signal.reason as Error);
		});
	});
}
