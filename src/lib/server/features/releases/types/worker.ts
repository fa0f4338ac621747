// Runs in a thread of its own: a type check takes long and would hold up everybody's requests.
import { parentPort } from 'node:worker_threads';
import { checkTypes } from './program.ts';
import type { TypesRequest, TypesResponse } from './protocol.ts';

parentPort!.on('message', (request: TypesRequest) => {
	const response: TypesResponse = { id: request.id, findings: checkTypes(request) };
	parentPort!.postMessage(response);
});
