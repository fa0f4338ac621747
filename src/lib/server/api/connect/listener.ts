import type { IncomingMessage, ServerResponse } from 'node:http';
import { Code, ConnectError, createContextValues, type ContextValues } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { errorFromJson } from '@connectrpc/connect/protocol-connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { Identity, Principal } from '#core/identity';
import { credentialOf } from '#core/identity';
import type { Tenancy } from '#core/tenancy';
import type { Json, Logger } from '#kernel';
import type { TrustedProxies } from '#platform/config';
import { callerKey, requirePrincipal, type Caller } from './caller.ts';
import { errorResponse, refine, toConnectError } from './connect-error.ts';
import { allowAnyOrigin, answerPreflight } from './cors.ts';
import { errors } from './errors.ts';
import { admit, callKey, pinnedRelease } from './module-call.ts';
import { enterProject } from './projects.ts';
import type { Handlers } from './routers.ts';
import { isForeign } from './same-origin.ts';
import { headers, platformPackage, procedureOf, type Procedure } from './wire.ts';
import type { LiveRelease } from '#core/tenancy';

/** Answers requests for procedures, and returns false for all others. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface ListenerInit {
	readonly identity: Identity;
	readonly tenancy: Tenancy;
	readonly log: Logger;
	/** The address that people use. */
	readonly publicOrigin: string;
	readonly proxies: TrustedProxies;
	readonly platform: Handlers;
	readonly module: (release: LiveRelease) => Handlers;
}

interface Target {
	readonly handler: UniversalHandler;
	readonly values: ContextValues;
}

export function createListener(init: ListenerInit): Listener {
	return (request, response) => {
		const procedure = procedureOf(request.url);
		if (!procedure) return false;
		allowAnyOrigin(response);
		response.setHeader('cache-control', 'no-store');
		if (!answerPreflight(request, response)) void serve(init, procedure, request, response);
		return true;
	};
}

async function serve(
	init: ListenerInit,
	procedure: Procedure,
	request: IncomingMessage,
	response: ServerResponse
): Promise<void> {
	try {
		const { handler, values } = await findTarget(init, procedure, request);
		const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, values));
		await universalResponseToNodeResponse(await refined(answer), response);
	} catch (error) {
		if (response.headersSent || response.destroyed) return;
		sendError(request, response, toConnectError(error, init.log, procedure.path));
	}
}

/** Session, grants and access are checked before the body is read. */
async function findTarget(
	init: ListenerInit,
	procedure: Procedure,
	request: IncomingMessage
): Promise<Target> {
	const caller = await callerOf(init, request);
	const values = createContextValues().set(callerKey, caller);
	if (procedure.package === platformPackage)
		return { handler: platformHandler(init.platform, procedure), values };
	const principal = requirePrincipal(caller.principal);
	const { project, roles } = await enterProject(init, principal, textOf(request.headers[headers.project]));
	// A module's package is its name: the gate sees to it.
	const installation = await init.tenancy.installation(project.id, procedure.package);
	if (!installation) {
		throw errors.SERVICE_UNKNOWN(
			`No module installed in ${project.path} has a service ${procedure.service}.`,
			{
				service: procedure.service,
				project: project.path
			}
		);
	}
	const release = pinnedRelease(installation, textOf(request.headers[headers.release]));
	const call = admit(
		{ installation, release, service: procedure.service, method: procedure.method },
		{ principal, roles }
	);
	const handler = init.module(release).get(procedure.path);
	if (!handler)
		throw errors.METHOD_UNKNOWN(`${procedure.method} streams, which modules can't yet.`, {
			method: procedure.method
		});
	return { handler, values: values.set(callKey, call) };
}

function platformHandler(platform: Handlers, { path, service, method }: Procedure): UniversalHandler {
	const handler = platform.get(path);
	if (handler) return handler;
	const paths = [...platform.keys()];
	const methods = paths
		.filter((known) => known.startsWith(`/${service}/`))
		.map((known) => known.split('/')[2]!);
	if (methods.length > 0) {
		throw errors.METHOD_UNKNOWN(`${service} has no method ${method}. Methods: ${methods.join(', ')}.`, {
			service,
			method
		});
	}
	const known = [...new Set(paths.map((one) => one.split('/')[1]!))];
	throw errors.SERVICE_UNKNOWN(`There is no service ${service}. Services: ${known.join(', ')}.`, { service });
}

/** Throws CROSS_ORIGIN where another site's page rides on the cookie of the person who looks at it. */
async function callerOf(
	{ identity, publicOrigin, proxies }: ListenerInit,
	request: IncomingMessage
): Promise<Caller> {
	const foreign = isForeign(request.headers, publicOrigin);
	const credential = credentialOf(request.headers);
	if (foreign && credential?.kind === 'cookie') {
		throw errors.CROSS_ORIGIN('A page of another site cannot act with your session. Use a bearer token.');
	}
	const principal: Principal | undefined = credential && (await identity.authenticate(request.headers));
	const origin = {
		address: proxies.visitor(request.socket.remoteAddress ?? '', textOf(request.headers['x-forwarded-for'])),
		userAgent: request.headers['user-agent'] ?? ''
	};
	return { principal, origin, foreign };
}

function textOf(value: string | string[] | undefined): string | undefined {
	return Array.isArray(value) ? value[0] : value;
}

/** An error that the protocol's code made leaves in Loam's words. */
async function refined(answer: UniversalServerResponse): Promise<UniversalServerResponse> {
	if (answer.status < 400 || !answer.body || answer.header?.has('content-encoding')) return answer;
	const chunks: Uint8Array[] = [];
	for await (const chunk of answer.body) chunks.push(chunk);
	const text = Buffer.concat(chunks).toString('utf8');
	const before = errorFromJson(
		JSON.parse(text) as Json as never,
		undefined,
		new ConnectError('', Code.Unknown)
	);
	const after = refine(before);
	const { status, body } = after === before ? { status: answer.status, body: text } : errorResponse(after);
	const bytes = Buffer.from(body);
	const header = new Headers(answer.header);
	header.set('content-length', String(bytes.byteLength));
	return { ...answer, status, header, body: once(bytes) };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
	yield bytes;
}

function sendError(request: IncomingMessage, response: ServerResponse, error: ConnectError): void {
	const { status, body } = errorResponse(error);
	response.writeHead(status, { 'content-type': 'application/json' }).end(body);
	// The body was not read: let it go, so that the connection can be used again.
	request.resume();
}
