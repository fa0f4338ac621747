import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, EventStream, Sink } from './answer.ts';

/** Bytes that a slow reader of events may have waiting; more is read again later. */
const eventBacklog = 256 * 1024;

/** A response as a reader's end. */
export function httpSink(request: IncomingMessage, response: ServerResponse): Sink {
	return {
		send: (answer) => sendHttp(request, response, answer),
		stream(status, headers) {
			response.writeHead(status, headers);
			response.flushHeaders();
			if (request.method === 'HEAD') response.end();
			return eventStream(response);
		},
		onClose(listener) {
			if (response.closed) listener();
			else response.once('close', listener);
		}
	};
}

export function sendHttp(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
	if (response.headersSent || response.destroyed) return;
	const { status, headers, body } = answer;
	const bare = status === 304 || status === 204;
	const length = bare ? {} : { 'content-length': String(Buffer.byteLength(body)) };
	response.writeHead(status, { ...headers, ...length });
	response.end(request.method === 'HEAD' || bare ? undefined : body);
}

function eventStream(response: ServerResponse): EventStream {
	return {
		write(chunk) {
			if (response.destroyed) return false;
			response.write(chunk);
			return response.writableLength < eventBacklog;
		},
		onDrain: (listener) => void response.on('drain', listener),
		buffered: () => response.writableLength,
		end: () => void response.end()
	};
}

/** Characters of a request's body. */
export const longestBody = 1024 * 1024;

/** The body of a request as text; undefined where it is longer than `longestBody`. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		length += chunk.length;
		// The rest is read and dropped, so that the answer can be heard.
		if (length <= longestBody) chunks.push(chunk);
	}
	return length > longestBody ? undefined : Buffer.concat(chunks).toString();
}
