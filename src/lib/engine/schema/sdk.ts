import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { unreachable } from '#kernel';
import { scalarColumns, valueShape } from './columns.ts';
import { limitOf } from './limits.ts';
import { snakeCase } from './names.ts';
import { sdkGlobals, sdkPrelude } from './sdk-prelude.ts';
import type { Schema } from './schema.ts';
import { commentOf } from './source.ts';
import { peopleTable } from './tables.ts';
import type { ColumnSpec, ColumnType, TableSpec } from './types.ts';

/**
 * The text of `declare module 'loam' { … }`: what a module's handlers are checked against, on the server
 * and in the editor. Every message of schema.proto is an interface of its own name (a nested one
 * `Outer_Inner`), every enum a union of its values' names; a table's message is the type of its rows.
 */
export function sdkTypes(schema: Schema): string {
	const messages = schema.file.messages.flatMap(withNested);
	const enums = [...schema.file.enums, ...messages.flatMap((message) => message.nestedEnums)];
	const tables = new Map(schema.tables.map((table) => [table.message, table]));
	const blocks = [
		"import type * as Sdk from 'loam/sdk';",
		...enums.map(enumType),
		...messages.map((message) => {
			const table = tables.get(message.typeName);
			return table ? rowTypes(message, table) : messageType(message);
		}),
		loamType(schema.tables),
		handlersType(schema)
	];
	return sdkText(blocks);
}

/** The SDK with these declarations as module `loam`. */
export function sdkText(blocks: readonly string[]): string {
	return [
		ambientModule('loam/sdk', sdkPrelude),
		ambientModule('loam', blocks.join('\n\n')),
		sdkGlobals,
		''
	].join('\n\n');
}

function ambientModule(name: string, text: string): string {
	return `declare module '${name}' {\n${indent(text)}\n}`;
}

function withNested(message: DescMessage): DescMessage[] {
	return [message, ...message.nestedMessages.flatMap(withNested)];
}

/** `Outer_Inner` for a type that is declared inside a message. */
export function typeName(desc: DescMessage | DescEnum): string {
	return desc.parent ? `${typeName(desc.parent)}_${desc.name}` : desc.name;
}

function enumType(desc: DescEnum): string {
	return `export type ${typeName(desc)} = ${desc.values.map((value) => `'${value.name}'`).join(' | ')};`;
}

/** A message in JSON, under the names of schema.proto. Presence may be left out, or be null. */
function messageType(message: DescMessage): string {
	const lines = message.fields.flatMap((field) => {
		const isSet = field.presence !== FeatureSet_FieldPresence.IMPLICIT;
		return [
			...docOf(commentOf(field)),
			`${field.name}${isSet ? '?' : ''}: ${fieldType(field)}${isSet ? ' | null' : ''};`
		];
	});
	return interfaceText(typeName(message), lines, commentOf(message));
}

/** The row, what an insert takes, and what an update takes. */
function rowTypes(message: DescMessage, table: TableSpec): string {
	const name = typeName(message);
	const typed = table.columns.map((column, i) => {
		const field = message.fields[i]!;
		return { column, type: columnTypeOf(column, field), doc: docOf(commentOf(field)) };
	});
	const orNull = (column: ColumnSpec) => (column.nullable ? ' | null' : '');
	const row = typed.flatMap(({ column, type, doc }) => [...doc, `${column.name}: ${type}${orNull(column)};`]);
	const insert = typed.flatMap(({ column, type }) => {
		const mayMiss = column.nullable || column.default !== undefined;
		// The type tells an enum's values.
		const limit = column.values ? undefined : limitOf(column);
		return [
			...docOf(limit === undefined ? '' : `${column.label}: ${limit}.`),
			`${column.name}${mayMiss ? '?' : ''}: ${type}${orNull(column)};`
		];
	});
	const key = typed.filter(({ column }) => table.key.includes(column.name));
	const keyFields = key.map(({ column, type }) => `${column.name}: ${type}`).join('; ');
	const keyType = key.length === 1 ? key[0]!.type : `{ ${keyFields} }`;
	return [
		interfaceText(name, row, commentOf(message)),
		interfaceText(`New${name}`, insert, `What a new row of ${table.name} takes.`),
		`export type ${name}Key = ${keyType};`
	].join('\n\n');
}

function loamType(tables: readonly TableSpec[]): string {
	const lines = tables.map((table) => {
		const name = table.message.split('.').at(-1)!;
		return `readonly ${table.name}: Sdk.Table<${name}, New${name}, ${name}Key>;`;
	});
	const all = [...lines, `readonly ${peopleTable}: Sdk.ReadTable<Sdk.Person, string>;`].join('\n');
	const db = `/** The module's own tables, inside this call's transaction. */\nreadonly db: Sdk.Sql & {\n${indent(all)}\n};`;
	return interfaceText('Loam extends Sdk.Context', [db]);
}

/** By file, the type of what a handler exports as its default. */
function handlersType(schema: Schema): string {
	const lines = schema.methods.flatMap((method) => {
		if (method.run.kind !== 'handler') return [];
		const [request, response] = [method.request, method.response].map((name) => {
			const message = schema.registry.getMessage(name);
			return message ? messageName(message) : 'Sdk.Json';
		});
		return [`'${method.run.file}': Sdk.Handler<${request}, ${response}, Loam>;`];
	});
	return interfaceText('LoamHandlers', lines);
}

function columnTypeOf(column: ColumnSpec, field: DescField): string {
	// The field alone knows what a message or a map holds.
	if (column.type === 'jsonb' || column.values) return fieldType(field);
	const type = scalarType(column.type);
	return column.array ? `${type}[]` : type;
}

function fieldType(field: DescField): string {
	switch (field.fieldKind) {
		case 'scalar':
			return scalarType(valueShape(field).type);
		case 'enum':
			return namedType(field.enum);
		case 'message':
			return messageName(field.message);
		case 'list':
			if (field.listKind === 'message') return `${messageName(field.message)}[]`;
			return field.listKind === 'enum'
				? `${namedType(field.enum)}[]`
				: `${scalarType(valueShape(field).type)}[]`;
		case 'map':
			if (field.mapKind === 'message') return `{ [key: string]: ${messageName(field.message)} }`;
			return `{ [key: string]: ${field.mapKind === 'enum' ? namedType(field.enum) : scalarType(scalarColumns[field.scalar])} }`;
		default:
			return unreachable(field);
	}
}

/** Values as JSON carries them: 64-bit numbers and decimals as text, so that no digit is lost. */
function scalarType(type: ColumnType): string {
	switch (type) {
		case 'boolean':
			return 'boolean';
		case 'integer':
		case 'real':
		case 'double precision':
			return 'number';
		case 'text':
		case 'bigint':
		case 'numeric':
		case 'bytea':
		case 'uuid':
		case 'date':
		case 'timestamptz':
		case 'interval':
			return 'string';
		case 'jsonb':
			return 'Sdk.Json';
	}
}

const wellKnownJson: Readonly<Record<string, string>> = {
	'google.protobuf.Timestamp': 'string',
	'google.protobuf.Duration': 'string',
	'google.protobuf.FieldMask': 'string',
	'google.protobuf.Struct': '{ [key: string]: Sdk.Json }',
	'google.protobuf.Value': 'Sdk.Json',
	'google.protobuf.ListValue': 'Sdk.Json[]',
	'google.protobuf.Empty': '{}',
	'google.protobuf.Any': '{ [key: string]: Sdk.Json }',
	'google.protobuf.DoubleValue': 'number',
	'google.protobuf.FloatValue': 'number',
	'google.protobuf.Int32Value': 'number',
	'google.protobuf.UInt32Value': 'number',
	'google.protobuf.BoolValue': 'boolean',
	'google.protobuf.Int64Value': 'string',
	'google.protobuf.UInt64Value': 'string',
	'google.protobuf.StringValue': 'string',
	'google.protobuf.BytesValue': 'string'
};

function messageName(message: DescMessage): string {
	return wellKnownJson[message.typeName] ?? namedType(message);
}

/** A type of schema.proto by its name; of another file it is plain JSON. */
function namedType(desc: DescMessage | DescEnum): string {
	return desc.file.proto.name === 'schema.proto' ? typeName(desc) : 'Sdk.Json';
}

function interfaceText(name: string, lines: readonly string[], comment = ''): string {
	const body = lines.length === 0 ? '{}' : `{\n${indent(lines.join('\n'))}\n}`;
	return [...docOf(comment), `export interface ${name} ${body}`].join('\n');
}

function docOf(comment: string): string[] {
	if (comment === '') return [];
	const lines = comment
		.replaceAll('*/', '* /')
		.split('\n')
		.map((line) => line.trim());
	return lines.length === 1 ? [`/** ${lines[0]!} */`] : ['/**', ...lines.map((line) => ` * ${line}`), ' */'];
}

function indent(text: string): string {
	return text.replace(/^(?=.)/gm, '\t');
}

/** The handler that a method needs, to begin with. */
export function handlerTemplate(method: {
	readonly name: string;
	readonly request: string;
	readonly response: string;
}): string {
	const [request, response] = [method.request, method.response].map((name) =>
		name.split('.').slice(1).join('_')
	);
	return [
		`import type { ${[...new Set([request, response, 'Loam'])].sort().join(', ')} } from 'loam';`,
		'',
		`export default async function ${camelCase(method.name)}(request: ${request!}, loam: Loam): Promise<${response!}> {`,
		"\tloam.log.info('called', { request });",
		`\treturn loam.fail('NOT_THERE_YET', 'This action is not finished yet.');`,
		'}',
		''
	].join('\n');
}

function camelCase(name: string): string {
	return snakeCase(name).replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
