import type { IncomingMessage, ServerResponse } from 'node:http';
import { headers } from './wire.ts';

/**
 * Any page may call with a bearer token. `*` goes without credentials, so the session cookie of the
 * person who looks at such a page counts for nothing.
 */
export function allowAnyOrigin(response: ServerResponse): void {
	response.setHeader('access-control-allow-origin', '*');
	response.setHeader('access-control-expose-headers', `${headers.txid}, content-encoding`);
}

/** Answers a preflight. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): boolean {
	if (request.method !== 'OPTIONS') return false;
	response
		.writeHead(204, {
			'access-control-allow-methods': 'GET, POST, OPTIONS',
			'access-control-allow-headers': [
				'authorization',
				'content-type',
				'connect-protocol-version',
				'connect-timeout-ms',
				'x-user-agent',
				headers.project,
				headers.release
			].join(', '),
			'access-control-max-age': '7200'
		})
		.end();
	return true;
}
