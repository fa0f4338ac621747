import type { Diagnostic } from '#kernel';
import type { ModuleFiles } from '#engine/module';
import { readSchema, schemaFile, standardFile, standardProto, type Schema } from '#engine/schema';
import { compileProto } from './proto.ts';

export interface CompiledSchema {
	/** With the standard methods' messages in its registry. */
	readonly schema: Schema;
	/** FileDescriptorSet of schema.proto, the standard methods and all imports. */
	readonly descriptor: Uint8Array;
	readonly standardProto: string;
}

/** Compiles schema.proto, then again with the standard methods that follow from it. */
export async function compileSchema(
	files: ModuleFiles,
	module: string,
	found: Diagnostic[]
): Promise<CompiledSchema | undefined> {
	const own = await compileProto({ [schemaFile]: files.get(schemaFile) ?? '' });
	if (!own.ok) {
		found.push(...own.diagnostics);
		return undefined;
	}
	const schema = readSchema(own.descriptor, module);
	found.push(...schema.diagnostics);
	if (schema.diagnostics.length > 0) return undefined;
	const text = standardProto(schema.file, schema.tables);
	const whole = await compileProto({ [schemaFile]: files.get(schemaFile)!, [standardFile]: text });
	if (!whole.ok) {
		found.push(...whole.diagnostics);
		return undefined;
	}
	return { schema: readSchema(whole.descriptor, module), descriptor: whole.descriptor, standardProto: text };
}
