import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Logger } from '#kernel';
import type { Answer, Sink } from './answer.ts';
import { CallerLookup, isSameOrigin, type Caller } from './caller.ts';
import { Connection, connectionLimits, type ConnectionLimits } from './connection.ts';
import { failure, invalidRequest } from './failures.ts';
import type { RequestFrame } from './frames.ts';
import { corsHeaders, jsonType, preflightHeaders } from './headers.ts';
import { httpSink, sendHttp } from './http.ts';
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

type Method = 'GET' | 'HEAD' | 'OPTIONS';

export function createStream(sources: StreamParts): Stream {
	const { identity, origin, timers = protocolTimers, limits = connectionLimits } = sources;
	const callers = new CallerLookup(identity, origin);
	const readers = new Readers(sources);
	const watches = new Watches(sources);
	const parts: ShapeParts = { ...sources, timers, readers };
	const sockets = new WebSocketServer({ noServer: true, maxPayload: frameCap, perMessageDeflate: false });

	function route(path: string, search: URLSearchParams, request: Request, sink: Sink): void {
		if (path === '/v1/health') return sink.send(health);
		void request.caller().then(
			(caller) => {
				const txid = txidOf(path);
				if (txid !== undefined) return serveTxid(parts, txid, caller, sink);
				return serveShape(parts, { search, caller, ifNoneMatch: request.headers['if-none-match'] }, sink);
			},
			(error: unknown) => sink.send(failure(error))
		);
	}

	/** A request of a connection; its caller is the connection's. */
	function serveFrame(frame: RequestFrame, caller: Caller, sink: Sink): void {
		const { path, search } = splitUrl(frame.url);
		if (frame.method !== 'GET' || !isOurs(path)) {
			return sink.send(invalidRequest({ url: ['must be a GET of /v1/shape or /v1/txid'] }));
		}
		route(path, search, { headers: frame.headers, caller: async () => caller }, sink);
	}

	return {
		handle(request, response) {
			const { path, search } = splitUrl(request.url);
			if (!isOurs(path)) return false;
			const allowed = methodOf(request);
			if (allowed === undefined) sendHttp(request, response, notAllowed);
			else if (allowed === 'OPTIONS') sendHttp(request, response, preflight);
			else {
				const caller = () => callers.callerOf(request.headers);
				const headers = request.headers as Record<string, string | undefined>;
				route(path, search, { headers, caller }, httpSink(request, response));
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
	readonly headers: Readonly<Record<string, string | undefined>>;
	caller(): Promise<Caller>;
}

/** Never throws, whatever was sent. */
function splitUrl(url = '/'): { path: string; search: URLSearchParams } {
	const [path = '', ...rest] = url.split('?');
	return { path, search: new URLSearchParams(rest.join('?')) };
}

function isOurs(path: string): boolean {
	return path === '/v1/shape' || path === '/v1/health' || path.startsWith('/v1/txid/');
}

function txidOf(path: string): string | undefined {
	return path.startsWith('/v1/txid/') ? path.slice('/v1/txid/'.length) : undefined;
}

function methodOf({ method }: IncomingMessage): Method | undefined {
	return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? method : undefined;
}

function refuse(socket: Duplex, status: string): void {
	socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

const health: Answer = {
	status: 200,
	headers: {
		...corsHeaders,
		'content-type': jsonType,
		'cache-control': 'no-cache, no-store, must-revalidate'
	},
	body: '{"status":"active"}'
};

const preflight: Answer = { status: 204, headers: preflightHeaders, body: '' };

const notAllowed: Answer = {
	status: 405,
	headers: {
		...corsHeaders,
		allow: 'GET, HEAD, OPTIONS',
		'content-type': jsonType,
		'cache-control': 'no-store'
	},
	body: JSON.stringify({ message: 'Only GET, HEAD and OPTIONS are possible here.' })
};
