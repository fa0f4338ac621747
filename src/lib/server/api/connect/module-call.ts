import {
	createFileRegistry,
	fromBinary,
	fromJson,
	toJson,
	type DescMethod,
	type FileRegistry,
	type JsonObject,
	type Message
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { Commands } from '#core/commands';
import type { Principal, Roles } from '#core/identity';
import type { Installation, LiveRelease } from '#core/tenancy';
import { commandAccess } from '#engine/policy';
import type { MethodSpec } from '#engine/schema';
import { assert, type Json, type Logger } from '#kernel';
import { errors } from './errors.ts';
import { makeHandlers, type Handlers } from './routers.ts';
import { headers, limits } from './wire.ts';

/** Everything about a call of a module that is known before its body is read. */
export interface ModuleCall {
	readonly installation: Installation;
	readonly release: LiveRelease;
	readonly method: MethodSpec;
	readonly principal: Principal;
	readonly roles: Roles;
	readonly rowFilter: string | undefined;
}

export const callKey = createContextKey<ModuleCall | undefined>(undefined, { description: 'module call' });

/**
 * The handlers of a release, made of its FileDescriptorSet at the first call and kept as long as the
 * release is.
 */
export function moduleHandlers(services: {
	commands: Commands;
	log: Logger;
}): (release: LiveRelease) => Handlers {
	const kept = new WeakMap<LiveRelease, Handlers>();
	return (release) => {
		const found = kept.get(release);
		if (found) return found;
		const made = handlersOf(release, services);
		kept.set(release, made);
		return made;
	};
}

function handlersOf(release: LiveRelease, { commands, log }: { commands: Commands; log: Logger }): Handlers {
	const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, release.descriptor));
	const jsonOptions = { registry, useProtoFieldName: true };
	return makeHandlers({ log, readMaxBytes: limits.module, jsonOptions }, (router) => {
		for (const name of new Set(release.artifact.methods.map((method) => method.service))) {
			const service = registry.getService(name);
			assert(service, `the descriptor of release ${release.shortHash} has ${name}`);
			for (const method of service.methods) {
				if (method.methodKind !== 'unary') continue;
				const handle = (request: Message, context: HandlerContext) => run(method, request, context);
				// The messages' types are known at run time alone.
				router.rpc(method, handle as never);
			}
		}
	});

	async function run(method: DescMethod, request: Message, context: HandlerContext): Promise<Message> {
		const call = context.values.get(callKey);
		assert(call, 'a module call has its place and its caller');
		const { response, txid } = await commands.run({
			...call,
			request: requestJson(method, request, registry)
		});
		if (txid !== undefined) context.responseHeader.set(headers.txid, txid.toString());
		return responseMessage(method, response, registry);
	}
}

/** What a handler sees: field names of schema.proto, every field without presence there. */
function requestJson(method: DescMethod, request: Message, registry: FileRegistry): Json {
	const json = toJson(method.input, request, {
		registry,
		useProtoFieldName: true,
		alwaysEmitImplicit: true
	}) as JsonObject;
	for (const field of method.input.fields) {
		if (field.fieldKind !== 'message' || field.message.typeName !== 'google.protobuf.FieldMask') continue;
		// In JSON a mask has lowerCamelCase paths; columns are named as the author wrote them.
		const mask = (request as unknown as Record<string, { paths: string[] } | undefined>)[field.localName];
		if (mask) json[field.name] = mask.paths.join(',');
	}
	return json as Json;
}

/** core/commands has checked it against the message before the commit. */
function responseMessage(method: DescMethod, response: Json, registry: FileRegistry): Message {
	return fromJson(method.output, (response ?? {}) as JsonObject, { registry, ignoreUnknownFields: false });
}

/** Throws METHOD_UNKNOWN, COMMAND_DENIED. */
export function admit(
	place: { installation: Installation; release: LiveRelease; service: string; method: string },
	caller: { principal: Principal; roles: Roles }
): ModuleCall {
	const { installation, release, service } = place;
	const { manifest, methods } = release.artifact;
	const method = methods.find((entry) => entry.service === service && entry.name === place.method);
	if (!method) {
		const known = methods.filter((entry) => entry.service === service).map((entry) => entry.name);
		throw errors.METHOD_UNKNOWN(
			known.length > 0
				? `${service} has no method ${place.method}. Methods: ${known.join(', ')}.`
				: `${manifest.title} has no service ${service}. Services: ${[...new Set(methods.map((m) => m.service))].join(', ')}.`,
			{ service, method: place.method }
		);
	}
	const { allowed, rowFilter } = commandAccess(manifest, method.name, caller.roles);
	if (!allowed) {
		throw errors.COMMAND_DENIED(
			`You may not ${method.name} in ${manifest.title}. Ask an admin of ${installation.project.path} for a role.`,
			{
				method: method.name
			}
		);
	}
	return { installation, release, method, ...caller, rowFilter };
}

/** The release that a call is pinned to: the one that serves, or the one before it. Throws RELEASE_GONE. */
export function pinnedRelease(installation: Installation, pin: string | undefined): LiveRelease {
	const { release, previous } = installation;
	if (!pin) return release;
	const found = [release, previous].find((one) => one && (one.shortHash === pin || one.hash === pin));
	if (found) return found;
	throw errors.RELEASE_GONE('This screen is of a release that is gone. Load it again.', {
		module: installation.module,
		release: release.shortHash
	});
}
