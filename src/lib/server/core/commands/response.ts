import {
	createFileRegistry,
	fromBinary,
	fromJson,
	type FileRegistry,
	type JsonValue
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { LiveRelease } from '#core/tenancy';
import { errors } from './errors.ts';

const registries = new WeakMap<LiveRelease, FileRegistry>();

/** Throws HANDLER_RESPONSE where a handler's answer is not its response message. */
export function checkResponse(release: LiveRelease, message: string, response: unknown): void {
	const type = registryOf(release).getMessage(message);
	if (!type) return;
	try {
		fromJson(type, response as JsonValue, { registry: registryOf(release), ignoreUnknownFields: false });
	} catch (cause) {
		const problem = cause instanceof Error ? cause.message : String(cause);
		throw errors.HANDLER_RESPONSE(`The answer is no ${message}: ${problem}`, {}, cause);
	}
}

function registryOf(release: LiveRelease): FileRegistry {
	const found = registries.get(release);
	if (found) return found;
	const made = createFileRegistry(fromBinary(FileDescriptorSetSchema, release.descriptor));
	registries.set(release, made);
	return made;
}
