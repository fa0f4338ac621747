import type { Diagnostic } from '#kernel';
import { filesOf, type ModuleFiles } from '#engine/module';
import { looseSdkTypes, placeOf, schemaFile, type Schema } from '#engine/schema';
import type { TypeChecker } from '../types/checker.ts';
import { bundleLogic } from './bundle.ts';

/** Handlers by their files; each method has one, and each file straight in logic/ is one. */
export function checkHandlers(files: ModuleFiles, schema: Schema, found: Diagnostic[]): string[] {
	const present = filesOf(files, 'logic').filter((path) => path.split('/').length === 2);
	const wanted = schema.methods.flatMap((method) =>
		method.run.kind === 'handler' ? [{ method, file: method.run.file }] : []
	);
	for (const { method, file } of wanted) {
		if (files.has(file)) continue;
		const desc = schema.registry.getService(method.service)?.methods.find((one) => one.name === method.name);
		found.push({
			severity: 'error',
			file: schemaFile,
			...(desc ? placeOf(desc) : { line: 1, column: 1 }),
			reason: 'HANDLER_MISSING',
			message: `${method.name} has no handler.`,
			hint: `Add ${file}.`,
			fix: { kind: 'create-file', path: file }
		});
	}
	for (const path of present) {
		if (wanted.some(({ file }) => file === path)) continue;
		found.push({
			severity: 'error',
			file: path,
			line: 1,
			column: 1,
			reason: 'HANDLER_UNKNOWN',
			message: 'No method of schema.proto is run by this file.',
			hint: 'Add an rpc of that name, or move what handlers share into a folder: logic/shared/….ts.'
		});
	}
	return wanted.map(({ file }) => file).filter((file) => files.has(file));
}

/**
 * Types of logic/ against the SDK made of the schema; without one against what is the same for every module.
 * `key` names whose program may be used again.
 */
export async function checkLogicTypes(
	checker: TypeChecker,
	key: string,
	files: ModuleFiles,
	made: { readonly sdk: string; readonly handlers: readonly string[] } | undefined,
	found: Diagnostic[]
): Promise<void> {
	const logic = filesOf(files, 'logic');
	if (logic.length === 0) return;
	const texts = Object.fromEntries(logic.map((path) => [path, files.get(path)!]));
	const against = made
		? { ...made, loose: false }
		: { sdk: looseSdkTypes(Object.values(texts)), handlers: [], loose: true };
	found.push(...(await checker.check({ key, files: texts, ...against })));
}

export async function bundle(
	files: ModuleFiles,
	handlers: readonly string[],
	found: Diagnostic[]
): Promise<string | undefined> {
	const outcome = await bundleLogic(files, handlers);
	if (outcome.ok) return outcome.code;
	found.push(...outcome.diagnostics);
	return undefined;
}
