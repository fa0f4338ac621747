import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HealthState } from '#core/health';

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

/** Of a node that is not up yet, or not any more. */
export type Passing = { readonly status: 'starting' | 'stopping' };

/**
 * `GET /v1/health`: the same in the words of the shape protocol, for its clients: 200 `active`, or 202 with
 * `starting` or `waiting`.
 */
function shapeHealth(state: HealthState | Passing, response: ServerResponse): void {
	const serves = state.status === 'ready' || state.status === 'degraded';
	const status = serves ? 'active' : state.status === 'starting' ? 'starting' : 'waiting';
	response
		.writeHead(serves ? 200 : 202, {
			'content-type': 'application/json',
			'cache-control': 'no-cache, no-store, must-revalidate',
			'access-control-allow-origin': '*'
		})
		.end(JSON.stringify({ status }));
}

/**
 * `GET /healthz`: 200 `{"status":"ready"}` when all is as it should be; 200 with `degraded` and the problems
 * where it serves all the same; 503 where it does not.
 */
export function healthMount(state: () => HealthState | Passing): Mount {
	return (request, response) => {
		if (request.url !== '/healthz' && request.url !== '/v1/health') return false;
		const now = state();
		if (request.url === '/v1/health') {
			shapeHealth(now, response);
			return true;
		}
		const problems = 'problems' in now ? now.problems : [];
		const serves = now.status === 'ready' || now.status === 'degraded';
		response
			.writeHead(serves ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
			.end(JSON.stringify(problems.length > 0 ? now : { status: now.status }));
		return true;
	};
}
