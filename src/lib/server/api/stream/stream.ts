import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Logger } from '#kernel';
import type { Answer, Sink } from './answer.ts';
import { CallerLookup, isSameOrigin, type Caller } from './caller.ts';
import { Connection, connectionLimits, type ConnectionLimits } from './connection.ts';
import { deleteShape } from './delete-shape.ts';
import { failure, invalidRequest } from './failures.ts';
import type { RequestFrame } from './frames.ts';
import { corsHeaders, jsonType, preflightHeaders } from './headers.ts';
import { httpSink, longestBody, readBody, sendHttp } from './http.ts';
import type { ShapeSources } from './open-shape.ts';
import { Readers, type ShapeParts } from './readers.ts';
import { serveShape } from './serve-shape.ts';
import { protocolTimers, type Timers } from './timers.ts';
import { serveTxid } from './txid.ts';
import { Watches } from './watches.ts';

export interface StreamParts extends ShapeSources {
	readonly log: Logger;
	/** The address that people use. */
	readonly origin: string;
	readonly timers?: Timers;
	readonly limits?: ConnectionLimits;
	/** Whether `DELETE /v1/shape` is possible: for development and tests. */
	readonly deletion?: boolean;
}

/** Shapes over HTTP and over one connection a browser. Mount it before everything else. */
export interface Stream {
	/** Whether the request was one of this room's; then it is being answered. */
	handle(request: IncomingMessage, response: ServerResponse): boolean;
	/** The same for a request to upgrade the connection. */
	upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
	/** `buffered`: bytes that connections and streams of events have not taken yet. */
	stats(): { readonly readers: number; readonly connections: number; readonly buffered: number };
	/** Ends every browser's connection, as a failing network does; each comes back. */
	dropConnections(): void;
	close(): Promise<void>;
}

/** Bytes of one frame that a page may send. */
const frameCap = 64 * 1024;

export function createStream(sources: StreamParts): Stream {
	const { identity, origin, timers = protocolTimers, limits = connectionLimits, deletion = false } = sources;
	const callers = new CallerLookup(identity, origin);
	const readers = new Readers(sources);
	const watches = new Watches(sources);
	const parts: ShapeParts = { ...sources, timers, readers };
	const sockets = new WebSocketServer({ noServer: true, maxPayload: frameCap, perMessageDeflate: false });
	const methods = ['GET', 'HEAD', 'POST', ...(deletion ? ['DELETE'] : []), 'OPTIONS'];

	async function answer({ method, path, search, headers, ...request }: Request, sink: Sink): Promise<void> {
		const caller = await request.caller();
		const txid = txidOf(path);
		if (txid !== undefined) return serveTxid(parts, txid, caller, sink);
		if (method === 'DELETE') return sink.send(await deleteShape(parts, search, caller));
		const body = method === 'POST' ? await request.body() : undefined;
		if (method === 'POST' && body === undefined) return sink.send(tooLong);
		return serveShape(parts, { search, body, caller, ifNoneMatch: headers['if-none-match'] }, sink);
	}

	function route(request: Request, sink: Sink): void {
		answer(request, sink).catch((error: unknown) => sink.send(failure(error)));
	}

	/** A request of a connection; its caller is the connection's. */
	function serveFrame(frame: RequestFrame, caller: Caller, sink: Sink): void {
		const { path, search } = splitUrl(frame.url);
		const { method, headers, body } = frame;
		const isPost = method === 'POST' && path === '/v1/shape';
		if ((method !== 'GET' && !isPost) || !isOurs(path)) {
			return sink.send(invalidRequest({ url: ['must be /v1/shape or /v1/txid'] }));
		}
		route({ method, path, search, headers, caller: async () => caller, body: async () => body ?? '' }, sink);
	}

	return {
		handle(request, response) {
			const { path, search } = splitUrl(request.url);
			if (!isOurs(path)) return false;
			const method = request.method ?? 'GET';
			const isPossible = path === '/v1/shape' || (method !== 'POST' && method !== 'DELETE');
			if (!methods.includes(method) || !isPossible) sendHttp(request, response, notAllowed(methods));
			else if (method === 'OPTIONS') sendHttp(request, response, preflight);
			else {
				const caller = () => callers.callerOf(request.headers);
				const headers = request.headers as Record<string, string | undefined>;
				const body = () => readBody(request);
				route({ method, path, search, headers, caller, body }, httpSink(request, response, timers.stalledMs));
			}
			return true;
		},
		upgrade(request, socket, head) {
			if (splitUrl(request.url).path !== '/v1/live') return false;
			void admit(request, socket, head);
			return true;
		},
		stats() {
			const ofConnections = [...sockets.clients].reduce((sum, socket) => sum + socket.bufferedAmount, 0);
			const buffered = ofConnections + readers.buffered();
			return { readers: readers.size, connections: sockets.clients.size, buffered };
		},
		dropConnections() {
			for (const socket of sockets.clients) socket.terminate();
		},
		async close() {
			readers.close();
			watches.close();
			for (const socket of sockets.clients) socket.close(1001, 'the server is restarting');
			sockets.close();
		}
	};

	/** Only pages of this origin, and only people who are signed in. */
	async function admit(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
		socket.on('error', () => socket.destroy());
		try {
			if (request.headers.origin === undefined || !isSameOrigin(request.headers, origin)) {
				return refuse(socket, '403 Forbidden');
			}
			const caller = await callers.callerOf(request.headers);
			if (!caller.principal) return refuse(socket, '401 Unauthorized');
			sockets.handleUpgrade(request, socket, head, (opened) => {
				new Connection(opened, caller, serveFrame, watches, limits);
			});
		} catch (error) {
			sources.log.error('a live connection could not be opened', { error });
			refuse(socket, '500 Internal Server Error');
		}
	}
}

interface Request {
	readonly method: string;
	readonly path: string;
	readonly search: URLSearchParams;
	readonly headers: Readonly<Record<string, string | undefined>>;
	caller(): Promise<Caller>;
	/** Undefined where it is too long. */
	body(): Promise<string | undefined>;
}

/** Never throws, whatever was sent. */
function splitUrl(url = '/'): { path: string; search: URLSearchParams } {
	const [path = '', ...rest] = url.split('?');
	return { path, search: new URLSearchParams(rest.join('?')) };
}

function isOurs(path: string): boolean {
	return path === '/v1/shape' || path.startsWith('/v1/txid/');
}

function txidOf(path: string): string | undefined {
	return path.startsWith('/v1/txid/') ? path.slice('/v1/txid/'.length) : undefined;
}

function refuse(socket: Duplex, status: string): void {
	socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const preflight: Answer = { status: 204, headers: preflightHeaders, body: '' };

function notAllowed(methods: readonly string[]): Answer {
	const allow = methods.join(', ');
	return { status: 405, headers: { ...plain, allow }, body: messageBody(`Only ${allow} are possible here.`) };
}

const plain = { ...corsHeaders, 'content-type': jsonType, 'cache-control': 'no-store' };

const tooLong: Answer = {
	status: 413,
	headers: plain,
	body: messageBody(`The body of a request has at most ${longestBody / 1024} KiB.`)
};

function messageBody(message: string): string {
	return JSON.stringify({ message });
}
