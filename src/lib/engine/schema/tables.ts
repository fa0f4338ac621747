import { getOption, hasOption, type DescField, type DescMessage } from '@bufbuild/protobuf';
import type { Diagnostic } from '#kernel';
import { column as columnOption, table as tableOption } from '#gen/loam/options_pb';
import { checkColumn, columnOf } from './columns.ts';
import { finding } from './findings.ts';
import { plural, snakeCase, titleOf } from './names.ts';
import { placeOf } from './source.ts';
import type { ColumnSpec, TableSpec } from './types.ts';

/** Kept by Loam in every installation: id, name, picture of the project's members. */
export const peopleTable = 'people';

/** Names that `loam.db` has anyway. */
const reservedTables: ReadonlySet<string> = new Set([peopleTable, 'clock', 'query', 'one']);

export function isTable(message: DescMessage): boolean {
	return hasOption(message, tableOption);
}

/** The tables that messages declare, with references by table name; and what is wrong with them. */
export function readTables(messages: readonly DescMessage[]): {
	tables: TableSpec[];
	diagnostics: Diagnostic[];
} {
	const declared = messages.filter(isTable);
	const diagnostics = messages.flatMap(nestedTables);
	const drafts = declared.map((message) => {
		const table = tableOf(message);
		diagnostics.push(...checkTable(message, table));
		return { message, table };
	});
	diagnostics.push(...sameNames(drafts));
	const tables = drafts.map(({ message, table }) => {
		const columns = table.columns.map((spec) => {
			const resolved = resolveReference(spec, table, drafts);
			if ('reason' in resolved) diagnostics.push({ ...resolved, ...placeOf(fieldOf(message, spec)) });
			return 'reason' in resolved ? spec : resolved;
		});
		return { ...table, columns };
	});
	return { tables, diagnostics };
}

interface Declared {
	readonly message: DescMessage;
	readonly table: TableSpec;
}

function fieldOf(message: DescMessage, spec: ColumnSpec): DescField {
	return message.fields.find((field) => field.name === spec.name)!;
}

function tableOf(message: DescMessage): TableSpec {
	const options = getOption(message, tableOption);
	const key = keyOf(message);
	return {
		name: options.name || snakeCase(plural(message.name)),
		message: message.typeName,
		columns: message.fields.map((field) => columnOf(field, key.includes(field.name), key.length)),
		key,
		label: options.label || titleOf(message.name),
		line: placeOf(message).line
	};
}

/** The fields marked as key; a field `id` where none is. */
function keyOf(message: DescMessage): string[] {
	const marked = message.fields
		.filter((field) => getOption(field, columnOption).key)
		.map((field) => field.name);
	if (marked.length > 0) return marked;
	return message.fields.some((field) => field.name === 'id') ? ['id'] : [];
}

function checkTable(message: DescMessage, table: TableSpec): Diagnostic[] {
	const at = placeOf(message);
	const found = message.fields.flatMap((field, i) => checkColumn(field, table.columns[i]!));
	if (!/^[a-z][a-z0-9_]{0,58}$/.test(table.name) || reservedTables.has(table.name)) {
		found.push(
			finding(
				at,
				'TABLE_NAME',
				`"${table.name}" can't name a table.`,
				`Set another one: option (loam.table) = { name: "…" }; people, clock, query and one are Loam's own.`
			)
		);
	}
	if (table.key.length === 0) {
		found.push(
			finding(
				at,
				'TABLE_KEY',
				`The table "${table.name}" has no key.`,
				'Add `string id = 1 [(loam.column).key = true];`.'
			)
		);
	}
	return found;
}

function nestedTables(message: DescMessage): Diagnostic[] {
	return message.nestedMessages.flatMap((nested) => [
		...(isTable(nested)
			? [
					finding(
						placeOf(nested),
						'TABLE_NESTED',
						'A table stands at the top of schema.proto.',
						'Move the message out of the other one.'
					)
				]
			: []),
		...nestedTables(nested)
	]);
}

function sameNames(drafts: readonly Declared[]): Diagnostic[] {
	const seen = new Set<string>();
	return drafts.flatMap(({ message, table }) => {
		if (!seen.has(table.name)) {
			seen.add(table.name);
			return [];
		}
		const hint = 'Set another one: option (loam.table) = { name: "…" };';
		return [finding(placeOf(message), 'TABLE_NAME', `Another table is named "${table.name}" already.`, hint)];
	});
}

/** The column with its reference as a table's name; or what is wrong with it. */
function resolveReference(
	spec: ColumnSpec,
	table: TableSpec,
	drafts: readonly Declared[]
): ColumnSpec | Diagnostic {
	const wanted = spec.references;
	if (wanted === undefined || wanted === peopleTable) return spec;
	const wrong = (message: string, hint: string): Diagnostic =>
		finding(
			{ line: spec.line, column: 1, endLine: spec.line, endColumn: 1 },
			'COLUMN_REFERENCES',
			message,
			hint
		);
	const target = drafts.find(
		(one) => one.message.name === wanted || one.message.typeName === wanted || one.table.name === wanted
	)?.table;
	if (!target) {
		const names = [...drafts.map((one) => one.message.name), peopleTable].join(', ');
		return wrong(
			`"${spec.name}" references "${wanted}", and there is no such table.`,
			`Tables are: ${names}.`
		);
	}
	const key = target.columns.find((column) => column.name === target.key[0]);
	if (target.key.length !== 1 || !key) {
		return wrong(
			`"${spec.name}" references "${wanted}", whose key has several columns.`,
			'Reference a table with one key.'
		);
	}
	if (key.type !== spec.type) {
		return wrong(
			`"${spec.name}" is ${spec.type}, and the key of "${target.name}" is ${key.type}.`,
			`Declare the field as ${target.message} declares "${key.name}".`
		);
	}
	return { ...spec, references: target.name };
}
