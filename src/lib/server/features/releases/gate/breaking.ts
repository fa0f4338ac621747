import type { Diagnostic } from '#kernel';
import { draftMigration, schemaFile, type TableSpec } from '#engine/schema';
import { runBuf } from './buf.ts';
import { inWords } from './breaking-words.ts';
import type { Released } from './migrations.ts';
import type { CompiledSchema } from './schema.ts';

/** What a client or a stored message of the release before would misread, in JSON or binary; and other types. */
const config = JSON.stringify({ version: 'v2', breaking: { use: ['WIRE_JSON', 'FIELD_SAME_TYPE'] } });

/** Differences that would break the release before, which still runs: what it reads is gone, or what it inserts is refused. */
const irreversible: ReadonlySet<string> = new Set([
	'TABLE_DROPPED',
	'KEY_CHANGED',
	'COLUMN_DROPPED',
	'COLUMN_RENAMED',
	'COLUMN_RENUMBERED',
	'COLUMN_TYPE_CHANGED',
	'COLUMN_NEEDS_DEFAULT'
]);

function refusedChanges(before: readonly TableSpec[], after: readonly TableSpec[]): Diagnostic[] {
	return draftMigration(before, after).refused.filter(({ reason }) => irreversible.has(reason));
}

/** Names of the tables that schema.proto changes in a way that is refused: no other word is needed on them. */
export function refusedTables(before: readonly TableSpec[], after: readonly TableSpec[]): Set<string> {
	const named = (tables: readonly TableSpec[], name: string) => tables.filter((table) => table.name === name);
	const names = before.map((table) => table.name);
	return new Set(names.filter((name) => refusedChanges(named(before, name), named(after, name)).length > 0));
}

/**
 * What the newest release has and schema.proto takes away or makes into something else: tables and columns,
 * and fields of every message by their names, numbers and types. Each with what to do instead.
 */
export async function checkBreaking(
	{ schema, descriptor }: CompiledSchema,
	released: Released,
	found: Diagnostic[]
): Promise<void> {
	const columns = refusedChanges(released.tables, schema.tables);
	found.push(...columns);
	if (!released.descriptor || Buffer.compare(released.descriptor, descriptor) === 0) return;
	const { findings } = await runBuf({ 'new.binpb': descriptor, 'old.binpb': released.descriptor }, [
		'breaking',
		'new.binpb',
		'--against',
		'old.binpb',
		'--config',
		config,
		'--path',
		schemaFile
	]);
	const told = new Set(columns.map((column) => column.line));
	for (const finding of findings) {
		const one = inWords(schema, finding);
		// A field of a table is told as its column.
		if (one && !(one.reason.startsWith('FIELD_') && told.has(one.line))) found.push(one);
	}
}
