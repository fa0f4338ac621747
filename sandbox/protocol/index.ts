/**
 * What passes between Loam (the parent) and a sandbox process (the child), over one socket. The child runs
 * what tenants wrote, so the parent believes nothing that it says: each message is checked, its length
 * first. Texts that the parent does not read (requests, answers, arguments) travel as the frame's
 * body, JSON that only the guest and the handler's caller parse.
 */

export interface SandboxLimits {
	/** Milliseconds of processor time in one call. */
	readonly cpuMs: number;
	/** MiB of heap of one isolate. */
	readonly heapMiB: number;
	/** Characters of one request, result, or host call's arguments. */
	readonly textLength: number;
	/** Calls of the host in one call. */
	readonly hostCalls: number;
	readonly logLines: number;
	/** Characters of one line. */
	readonly logLength: number;
}

export const defaultLimits: SandboxLimits = {
	cpuMs: 1000,
	heapMiB: 64,
	textLength: 16 * 1024 * 1024,
	hostCalls: 1000,
	logLines: 256,
	logLength: 32 * 1024
};

/** Which limit a call went over. None can be caught by the code that ran: its process ends. */
export type Breach = 'cpu' | 'memory' | 'host-calls' | 'log' | 'result' | 'wall';

/** To the child. */
export type ParentMessage =
	/** Makes `release` the one that calls run; the body is its bundle. What was loaded before is gone. */
	| { readonly type: 'load'; readonly release: string; readonly tables: readonly string[] }
	/** Runs a handler; the body is the request. One call at a time. */
	| {
			readonly type: 'call';
			readonly call: number;
			/** e.g. `logic/close_ticket.ts` */
			readonly handler: string;
			readonly principal: { readonly id: string; readonly name: string; readonly roles: readonly string[] };
			/** Milliseconds since 1970: the clock of the whole call. */
			readonly now: number;
			/** Four 32-bit numbers: what random() and uuid() are made of. */
			readonly seed: readonly number[];
	  }
	/** Answers a host call; the body is its value, or `{code, reason, message}` where `ok` is false. */
	| { readonly type: 'reply'; readonly call: number; readonly id: number; readonly ok: boolean };

/** From the child. */
export type ChildMessage =
	| { readonly type: 'ready' }
	/** The handler asks for a capability; the body is its arguments, a JSON array. */
	| { readonly type: 'host'; readonly call: number; readonly id: number; readonly method: string }
	/** The body is `{message, fields}`. */
	| { readonly type: 'log'; readonly call: number; readonly level: 'debug' | 'info' | 'warn' | 'error' }
	/** The handler returned; the body is its answer. */
	| { readonly type: 'done'; readonly call: number; readonly cpuMs: number }
	/** It threw; the body is a ThrownError. */
	| { readonly type: 'threw'; readonly call: number; readonly cpuMs: number }
	/** It went over a limit; the process is of no more use. */
	| { readonly type: 'breach'; readonly call: number; readonly limit: Breach };

/** What a handler threw, as far as it could be read. */
export interface ThrownError {
	/**
	 * `fail`: by loam.fail. `host`: the error of a host call. `missing`: there is no such handler. `unawaited`: it
	 * returned while host calls were under way, `message` of them.
	 */
	readonly kind: 'error' | 'fail' | 'host' | 'missing' | 'unawaited';
	readonly name: string;
	readonly message: string;
	readonly stack: string;
	/** Of `fail`. */
	readonly reason?: string;
}

/** The name under which the bundle runs: what stacks say. */
export const bundleName = 'bundle.js';

const headerLength = 8;

/** Two lengths (32 bits, big-endian), the message as JSON, the body; UTF-8. */
export function encodeFrame(message: ParentMessage | ChildMessage, body = ''): Buffer {
	const head = JSON.stringify(message);
	const [headBytes, bodyBytes] = [Buffer.byteLength(head), Buffer.byteLength(body)];
	const frame = Buffer.allocUnsafe(headerLength + headBytes + bodyBytes);
	frame.writeUInt32BE(headBytes, 0);
	frame.writeUInt32BE(bodyBytes, 4);
	frame.write(head, headerLength);
	frame.write(body, headerLength + headBytes);
	return frame;
}

/**
 * Cuts a stream of bytes into frames. Throws on a frame that is too long or no JSON: the other side is then
 * broken or hostile.
 */
export function frameReader<Message>(
	maxBytes: number,
	onFrame: (message: Message, body: string) => void
): (chunk: Buffer) => void {
	let chunks: Buffer[] = [];
	let length = 0;
	let needed = headerLength;

	return (chunk) => {
		chunks.push(chunk);
		length += chunk.length;
		if (length < needed) return;
		let buffer = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
		for (;;) {
			needed = headerLength;
			if (buffer.length < needed) break;
			const headEnd = headerLength + buffer.readUInt32BE(0);
			needed = headEnd + buffer.readUInt32BE(4);
			if (needed > maxBytes) throw new Error('frame too long');
			if (buffer.length < needed) break;
			const message = JSON.parse(buffer.toString('utf8', headerLength, headEnd)) as Message;
			const body = buffer.toString('utf8', headEnd, needed);
			buffer = buffer.subarray(needed);
			onFrame(message, body);
		}
		chunks = buffer.length > 0 ? [buffer] : [];
		length = buffer.length;
	};
}
