import type { DescField, DescFile, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { unreachable } from '#kernel';
import { plural } from './names.ts';
import type { MethodSpec, StandardOperation, TableSpec } from './types.ts';

/** The file of the standard methods beside schema.proto. */
export const standardFile = 'standard.proto';

/** Of `update_mask`: beyond every number that an author gives. */
const updateMaskNumber = 536_870_911;

interface Names {
	readonly message: string;
	readonly service: string;
	readonly create: string;
	readonly get: string;
	readonly list: string;
	readonly update: string;
	readonly delete: string;
}

function namesOf(table: TableSpec): Names {
	const message = table.message.split('.').at(-1)!;
	return {
		message,
		service: `${message}Service`,
		create: `Create${message}`,
		get: `Get${message}`,
		list: `List${plural(message)}`,
		update: `Update${message}`,
		delete: `Delete${message}`
	};
}

/** Create, Get, List, Update and Delete of a table. */
export function standardMethods(table: TableSpec): MethodSpec[] {
	const names = namesOf(table);
	const prefix = table.message.slice(0, -names.message.length);
	const responses: Record<StandardOperation, string> = {
		create: names.message,
		get: names.message,
		list: `${names.list}Response`,
		update: names.message,
		delete: `${names.delete}Response`
	};
	return (Object.keys(responses) as StandardOperation[]).map((operation) => ({
		name: names[operation],
		service: prefix + names.service,
		request: `${prefix}${names[operation]}Request`,
		response: prefix + responses[operation],
		run: { kind: 'standard', operation, table: table.name }
	}));
}

/** Top-level names that the standard methods of a table take in its package. */
export function standardNames(table: TableSpec): string[] {
	const names = namesOf(table);
	const requests = [names.create, names.get, names.list, names.update, names.delete].map(
		(name) => `${name}Request`
	);
	return [names.service, ...requests, `${names.list}Response`, `${names.delete}Response`];
}

/**
 * The .proto text of the standard methods of every table of schema.proto, in the same package. Fields keep
 * their numbers. In Create a field that may be left out is `optional`: absent, the row gets the column's
 * default. In Update all but the key are: absent, the column stays, unless `update_mask` names it.
 */
export function standardProto(file: DescFile, tables: readonly TableSpec[]): string {
	const blocks = tables.map((table) => {
		const message = file.messages.find((one) => one.typeName === table.message)!;
		return tableProto(table, message);
	});
	return [
		'syntax = "proto3";',
		`package ${file.proto.package};`,
		'import "schema.proto";',
		...[...wellKnownImports(file, tables)].map((path) => `import "${path}";`),
		...blocks,
		''
	].join('\n\n');
}

function wellKnownImports(file: DescFile, tables: readonly TableSpec[]): Set<string> {
	const paths = new Set(tables.length > 0 ? ['google/protobuf/field_mask.proto'] : []);
	for (const dependency of file.dependencies) {
		if (dependency.proto.name.startsWith('google/protobuf/') && tables.length > 0)
			paths.add(dependency.proto.name);
	}
	return paths;
}

function tableProto(table: TableSpec, message: DescMessage): string {
	const names = namesOf(table);
	const rpc = (name: string, response: string) => `\trpc ${name}(${name}Request) returns (${response});`;
	const isKey = (field: DescField) => table.key.includes(field.name);
	const keys = message.fields.filter(isKey).map((field) => fieldProto(field, false));
	const column = (field: DescField) => table.columns.find((one) => one.name === field.name)!;
	return [
		block(`service ${names.service}`, [
			rpc(names.create, names.message),
			rpc(names.get, names.message),
			rpc(names.list, `${names.list}Response`),
			rpc(names.update, names.message),
			rpc(names.delete, `${names.delete}Response`)
		]),
		block(
			`message ${names.create}Request`,
			message.fields.map((field) =>
				fieldProto(field, column(field).nullable || column(field).default !== undefined)
			)
		),
		block(`message ${names.get}Request`, keys),
		block(`message ${names.list}Request`, ['\tint32 page_size = 1;', '\tstring page_token = 2;']),
		block(`message ${names.list}Response`, [
			`\trepeated ${names.message} items = 1;`,
			'\tstring next_page_token = 2;'
		]),
		block(`message ${names.update}Request`, [
			...message.fields.map((field) => fieldProto(field, !isKey(field))),
			`\tgoogle.protobuf.FieldMask update_mask = ${updateMaskNumber};`
		]),
		block(`message ${names.delete}Request`, keys),
		block(`message ${names.delete}Response`, [])
	].join('\n\n');
}

function block(head: string, lines: readonly string[]): string {
	return lines.length === 0 ? `${head} {}` : `${head} {\n${lines.join('\n')}\n}`;
}

function fieldProto(field: DescField, isOptional: boolean): string {
	return `\t${typeProto(field, isOptional)} ${field.name} = ${field.number};`;
}

function typeProto(field: DescField, isOptional: boolean): string {
	const optional = isOptional ? 'optional ' : '';
	switch (field.fieldKind) {
		case 'scalar':
			return optional + scalarName(field.scalar);
		case 'enum':
			return `${optional}.${field.enum.typeName}`;
		case 'message':
			return `${optional}.${field.message.typeName}`;
		case 'list':
			return `repeated ${elementName(field)}`;
		case 'map':
			return `map<${scalarName(field.mapKey)}, ${mapValueName(field)}>`;
		default:
			return unreachable(field);
	}
}

function elementName(field: DescField & { fieldKind: 'list' }): string {
	if (field.listKind === 'scalar') return scalarName(field.scalar);
	return `.${field.listKind === 'enum' ? field.enum.typeName : field.message.typeName}`;
}

function mapValueName(field: DescField & { fieldKind: 'map' }): string {
	if (field.mapKind === 'scalar') return scalarName(field.scalar);
	return `.${field.mapKind === 'enum' ? field.enum.typeName : field.message.typeName}`;
}

/** `INT64` -> `int64` */
function scalarName(scalar: ScalarType): string {
	return ScalarType[scalar].toLowerCase();
}
