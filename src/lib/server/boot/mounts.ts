import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Answers a request, or returns false and leaves it to the next. */
export type Mount = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Takes over a connection that asks to be upgraded, or returns false. */
export type UpgradeMount = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** The first mount that takes the request answers it. */
export function chain(
	mounts: readonly Mount[]
): (request: IncomingMessage, response: ServerResponse) => void {
	return (request, response) => {
		if (mounts.some((mount) => mount(request, response))) return;
		response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Not found\n');
	};
}

/** `GET /healthz`: 200 once everything is up, 503 until then. */
export function healthMount(status: () => 'starting' | 'ready' | 'stopping'): Mount {
	return (request, response) => {
		if (request.url !== '/healthz') return false;
		const now = status();
		response
			.writeHead(now === 'ready' ? 200 : 503, {
				'content-type': 'application/json',
				'cache-control': 'no-store'
			})
			.end(JSON.stringify({ status: now }));
		return true;
	};
}
