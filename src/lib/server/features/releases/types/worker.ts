// Runs in a thread of its own: a type check takes long and would hold up everybody's requests.
import { parentPort } from 'node:worker_threads';
import { checkTypes } from './program.ts';
import type { TypeFinding, TypesRequest, TypesResponse } from './protocol.ts';

parentPort!.on('message', (request: TypesRequest) => {
	const response: TypesResponse = { id: request.id, findings: check(request) };
	parentPort!.postMessage(response);
});

function check(request: TypesRequest): readonly TypeFinding[] {
	try {
		return checkTypes(request);
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		// TypeScript reads by recursion; what is nested without end has no good place.
		const file = largest(request.files);
		return [
			{
				file,
				line: 1,
				column: 1,
				endLine: 1,
				endColumn: 1,
				code: 0,
				message: 'Something here is nested too deeply.'
			}
		];
	}
}

function largest(files: TypesRequest['files']): string {
	return Object.keys(files).reduce((a, b) => (files[b]!.length > files[a]!.length ? b : a));
}
