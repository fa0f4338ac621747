import { createConnectRouter, type ConnectRouter, type Interceptor } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import type { JsonReadOptions, JsonWriteOptions } from '@bufbuild/protobuf';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import type { Logger } from '#kernel';
import { toConnectError } from './connect-error.ts';
import { limits } from './wire.ts';

/** Handlers by path: `/tickets.Desk/OpenTicket`. */
export type Handlers = ReadonlyMap<string, UniversalHandler>;

export interface RouterInit {
	readonly log: Logger;
	readonly readMaxBytes: number;
	readonly jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions>;
}

/**
 * Handlers of the services that `register` adds. A field that a message doesn't have is an error; fields
 * without presence are always written, so that plain JSON has every one.
 */
export function makeHandlers(init: RouterInit, register: (router: ConnectRouter) => void): Handlers {
	const router = createConnectRouter({
		connect: true,
		grpc: false,
		grpcWeb: false,
		acceptCompression: [compressionGzip, compressionBrotli],
		readMaxBytes: init.readMaxBytes,
		maxTimeoutMs: limits.timeoutMs,
		jsonOptions: { ignoreUnknownFields: false, alwaysEmitImplicit: true, ...init.jsonOptions },
		interceptors: [errorsOf(init.log)]
	});
	register(router);
	return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}

function errorsOf(log: Logger): Interceptor {
	return (next) => async (request) => {
		try {
			return await next(request);
		} catch (error) {
			throw toConnectError(error, log, request.url);
		}
	};
}
