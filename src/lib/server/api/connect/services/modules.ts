import type { DescService } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { ServiceOf } from '#features/releases';
import { signedIn } from '../caller.ts';

type Method = (request: unknown, principal: unknown) => Promise<unknown>;

/** A service of functions of a request and a principal, for the router: nobody calls it without a session. */
export function forSignedIn<S extends DescService>(service: ServiceOf<S>): ServiceImpl<S> {
	const methods = Object.entries(service as Readonly<Record<string, Method>>).map(([name, method]) => [
		name,
		async (request: unknown, context: HandlerContext) => method(request, signedIn(context))
	]);
	return Object.fromEntries(methods) as ServiceImpl<S>;
}
