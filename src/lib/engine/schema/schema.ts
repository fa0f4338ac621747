import { createFileRegistry, fromBinary, type DescFile, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { assert, type Diagnostic } from '#kernel';
import { finding, schemaFile } from './findings.ts';
import { readMethods } from './methods.ts';
import { readTables } from './tables.ts';
import type { MethodSpec, TableSpec } from './types.ts';

/** schema.proto as everything else reads it. */
export interface Schema {
	readonly package: string;
	/** Every type of schema.proto and its imports. */
	readonly registry: FileRegistry;
	readonly file: DescFile;
	readonly tables: readonly TableSpec[];
	/** The author's, then the standard ones. */
	readonly methods: readonly MethodSpec[];
	readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a FileDescriptorSet that holds schema.proto with source info, made by buf. `module` is the name
 * that its package must have.
 */
export function readSchema(descriptor: Uint8Array, module: string): Schema {
	const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptor));
	const file = registry.getFile(schemaFile);
	assert(file, `${schemaFile} is missing in its own descriptor`);
	const { tables, diagnostics: wrongTables } = readTables(file.messages);
	const { methods, diagnostics: wrongMethods } = readMethods(file, tables);
	const diagnostics = [...checkPackage(file, module), ...wrongTables, ...wrongMethods];
	return { package: file.proto.package, registry, file, tables, methods, diagnostics };
}

function checkPackage(file: DescFile, module: string): Diagnostic[] {
	if (file.proto.package === module) return [];
	const location = file.proto.sourceCodeInfo?.location.find((at) => at.path.join() === '2');
	const [line = 0, column = 0, end = 0] = location?.span ?? [];
	const place = { line: line + 1, column: column + 1, endLine: line + 1, endColumn: end + 1 };
	const hint = `Write "package ${module};".`;
	return [finding(place, 'PACKAGE', `The package must be named as the module, "${module}".`, hint)];
}
