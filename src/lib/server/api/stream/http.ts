import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, EventStream, Sink } from './answer.ts';

/** Bytes that a slow reader of events may have waiting; more is read again later. */
const eventBacklog = 256 * 1024;

/** A response as a reader's end. Who takes nothing of it for `stalledMs` is cut off. */
export function httpSink(request: IncomingMessage, response: ServerResponse, stalledMs: number): Sink {
	return {
		send(answer) {
			sendHttp(request, response, answer);
			cutIfStalled(response, stalledMs);
		},
		stream(status, headers) {
			response.writeHead(status, headers);
			response.flushHeaders();
			if (request.method === 'HEAD') response.end();
			return eventStream(response, stalledMs);
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

/**
 * Ends the connection where nothing of what waits is taken for so long: every byte that is begins the time
 * again. Where the answer has no socket yet, another is before it. At its end the time is Node's to set.
 */
function cutIfStalled(response: ServerResponse, stalledMs: number): void {
	if (response.writableLength > 0) response.setTimeout(stalledMs);
}

function eventStream(response: ServerResponse, stalledMs: number): EventStream {
	response.on('drain', () => response.setTimeout(0));

	return {
		write(chunk) {
			if (response.destroyed) return false;
			response.write(chunk);
			const hasRoom = response.writableLength < eventBacklog;
			if (!hasRoom) cutIfStalled(response, stalledMs);
			return hasRoom;
		},
		onDrain: (listener) => void response.on('drain', listener),
		buffered: () => response.writableLength,
		end() {
			response.end();
			cutIfStalled(response, stalledMs);
		}
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
