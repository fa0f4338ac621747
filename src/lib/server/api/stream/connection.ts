import type { WebSocket } from 'ws';
import type { Answer, Sink } from './answer.ts';
import type { Caller } from './caller.ts';
import { errors } from './errors.ts';
import { failure } from './failures.ts';
import { parseClientFrame, type RequestFrame } from './frames.ts';
import type { Watches } from './watches.ts';

export interface ConnectionLimits {
	/** Requests of one connection that may be open. */
	readonly requests: number;
	/** Bytes that a slow page may have waiting before its requests are left unanswered. */
	readonly backlog: number;
	/** Bytes past which it is cut off: it comes back, and goes on from where it was. */
	readonly mostWaiting: number;
	readonly pingMs: number;
	/** How often it is asked whether the session is still there: its end by time is told by nobody. */
	readonly sessionMs: number;
}

export const connectionLimits: ConnectionLimits = {
	requests: 512,
	backlog: 4 * 1024 * 1024,
	mostWaiting: 32 * 1024 * 1024,
	pingMs: 25_000,
	sessionMs: 300_000
};

/** Answers one request that came over the connection. */
export type ServeRequest = (request: RequestFrame, caller: Caller, sink: Sink) => void;

const policyViolation = 1008;

/** One browser's connection: the shapes of all its pages, and what they are told of. */
export class Connection {
	readonly #socket: WebSocket;
	readonly #caller: Caller;
	readonly #serve: ServeRequest;
	readonly #limits: ConnectionLimits;
	readonly #watch: ReturnType<Watches['join']>;
	/** How to end each open request. */
	readonly #open = new Map<number, () => void>();
	/** Requests that wait until the page has taken what was sent. */
	#held: RequestFrame[] = [];
	#alive = true;

	constructor(
		socket: WebSocket,
		caller: Caller,
		serve: ServeRequest,
		watches: Watches,
		limits: ConnectionLimits = connectionLimits
	) {
		this.#socket = socket;
		this.#caller = caller;
		this.#serve = serve;
		this.#limits = limits;
		this.#watch = watches.join(caller, {
			tell: (frame) => this.#send(JSON.stringify(frame)),
			end: () => this.#endSession()
		});
		const ping = setInterval(() => this.#ping(), limits.pingMs);
		const session = setInterval(() => void this.#checkSession(), limits.sessionMs);
		socket.on('message', (data: Buffer, isBinary) => this.#receive(isBinary ? undefined : data.toString()));
		socket.on('pong', () => (this.#alive = true));
		socket.on('error', () => socket.terminate());
		socket.on('close', () => {
			clearInterval(ping);
			clearInterval(session);
			this.#watch.leave();
			for (const end of this.#open.values()) end();
			this.#open.clear();
			this.#held = [];
		});
	}

	#receive(text: string | undefined): void {
		const frame = text === undefined ? undefined : parseClientFrame(text);
		if (!frame) return this.#socket.close(policyViolation, 'not a frame');
		if ('cancel' in frame) return this.#cancel(frame.cancel);
		if ('watch' in frame) return this.#watch.set(frame.watch);
		if (this.#open.size + this.#held.length >= this.#limits.requests) {
			const error = errors.OVERLOADED('Too many live bindings are open in this browser. Close some pages.');
			return this.#answer(frame.id, failure(error));
		}
		if (this.#open.has(frame.id)) return this.#socket.close(policyViolation, 'a number twice');
		if (this.#isFull()) this.#held.push(frame);
		else this.#begin(frame);
	}

	#begin(frame: RequestFrame): void {
		let closing: (() => void)[] | undefined = [];
		this.#open.set(frame.id, () => {
			for (const listener of closing ?? []) listener();
			closing = undefined;
		});
		this.#serve(frame, this.#caller, {
			send: (answer) => {
				if (this.#open.delete(frame.id)) this.#answer(frame.id, answer);
			},
			onClose: (listener) => (closing ? void closing.push(listener) : listener())
		});
	}

	#cancel(id: number): void {
		this.#held = this.#held.filter((frame) => frame.id !== id);
		this.#open.get(id)?.();
		this.#open.delete(id);
	}

	#answer(id: number, { status, headers, body }: Answer): void {
		this.#send(`{"id":${id},"status":${status},"headers":${JSON.stringify(headers)},"body":${quoted(body)}}`);
	}

	#send(text: string): void {
		if (this.#socket.readyState !== this.#socket.OPEN) return;
		this.#socket.send(text, () => this.#releaseHeld());
		if (this.#socket.bufferedAmount > this.#limits.mostWaiting) this.#socket.terminate();
	}

	#isFull(): boolean {
		return this.#socket.bufferedAmount > this.#limits.backlog;
	}

	#releaseHeld(): void {
		while (this.#held.length > 0 && !this.#isFull()) this.#begin(this.#held.shift()!);
	}

	async #checkSession(): Promise<void> {
		try {
			await this.#caller.refresh();
		} catch {
			this.#endSession();
		}
	}

	#endSession(): void {
		this.#socket.close(policyViolation, 'session ended');
	}

	/** A page that is gone without a word is noticed within two pings. */
	#ping(): void {
		if (!this.#alive) return this.#socket.terminate();
		this.#alive = false;
		this.#socket.ping();
	}
}

const quotedBodies = new WeakMap<Buffer, string>();

/** The body as JSON text; made once for all readers of one page of a log. */
function quoted(body: Buffer | string): string {
	if (typeof body === 'string') return JSON.stringify(body);
	let text = quotedBodies.get(body);
	if (text === undefined) quotedBodies.set(body, (text = JSON.stringify(body.toString())));
	return text;
}
