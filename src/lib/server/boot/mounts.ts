import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ConditionName, HealthState } from '#core/health';

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

/** With one of these no change reaches a shape, though what is there may be read. */
const still: ReadonlySet<ConditionName> = new Set(['maintenance', 'lease']);

/**
 * In the words of the shape protocol. `active`: changes reach the shapes. `waiting`: they don't, for the
 * database is gone or no node maintains the views.
 */
function shapeStatus(state: HealthState | Passing): 'active' | 'starting' | 'waiting' {
	switch (state.status) {
		case 'starting':
			return 'starting';
		case 'stopping':
		case 'unavailable':
			return 'waiting';
		case 'ready':
		case 'degraded':
			return state.problems.some(({ name }) => still.has(name)) ? 'waiting' : 'active';
	}
}

/** `GET /v1/health`, for the shape protocol's clients: 200 `active`, 202 otherwise. */
function shapeHealth(state: HealthState | Passing, response: ServerResponse): void {
	const status = shapeStatus(state);
	response
		.writeHead(status === 'active' ? 200 : 202, {
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
		const [path] = request.url!.split('?');
		if (path !== '/healthz' && path !== '/v1/health') return false;
		const now = state();
		if (path === '/v1/health') {
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
