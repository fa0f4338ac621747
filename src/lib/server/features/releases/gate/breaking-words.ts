import type { DescField, DescFile, DescMessage } from '@bufbuild/protobuf';
import type { Diagnostic } from '#kernel';
import { placeOf, schemaFile, type Schema } from '#engine/schema';
import type { BufFinding } from './buf.ts';

/**
 * A finding of `buf breaking` in words that say what to do; undefined where another finding says it: the
 * columns of tables that are gone or renamed are refused as such.
 */
export function inWords(schema: Schema, told: BufFinding): Diagnostic | undefined {
	const words = byRule[told.type ?? ''];
	return words
		? words(schema, told)
		: plain(told, 'Keep it as the last release has it; add something new beside it.');
}

type Words = (schema: Schema, told: BufFinding) => Diagnostic | undefined;

/** Two rules often see one change: they give the same words, which a report lists once. */
const byRule: Readonly<Record<string, Words>> = {
	FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED: goneField,
	FIELD_NO_DELETE_UNLESS_NAME_RESERVED: goneField,
	FIELD_SAME_NAME: renamedField,
	FIELD_SAME_JSON_NAME: renamedField,
	FIELD_SAME_TYPE: retypedField,
	FIELD_WIRE_JSON_COMPATIBLE_TYPE: retypedField,
	FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY: retypedField,
	ENUM_VALUE_SAME_NAME: renamedValue,
	ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED: goneValue,
	ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED: goneValue,
	RESERVED_MESSAGE_NO_DELETE: (_, told) => plain(told, 'Write the reserved numbers and names again.'),
	RPC_SAME_REQUEST_TYPE: (_, told) => plain(told, keepMessage),
	RPC_SAME_RESPONSE_TYPE: (_, told) => plain(told, keepMessage)
};

const keepMessage = 'Keep its message, and add fields to it; or add another rpc.';

function goneField(schema: Schema, told: BufFinding): Diagnostic | undefined {
	const [, number = '', name = ''] = /field "(\d+)" with name "([^"]+)"/.exec(told.message) ?? [];
	const message = messageOf(schema, told);
	if (!message) return plain(told, `Write reserved ${number}; reserved "${name}"; in the message.`);
	if (isTable(schema, message)) return undefined;
	const now = message.fields.find((field) => field.name === name);
	if (now) {
		return at(
			placeOf(now),
			'FIELD_RENUMBERED',
			`"${name}" of ${message.name} has the number ${number} in the last release, and ${now.number} here.`,
			`Write ${name} = ${number} again. For another meaning add a field with a new name and the number ${nextNumber(message)}.`
		);
	}
	// A number that has a new name is told where it is.
	if (message.fields.some((field) => String(field.number) === number)) return undefined;
	return at(
		placeOf(message),
		'FIELD_DROPPED',
		`"${name}" of ${message.name} is gone; its number and its name could come to mean something else.`,
		`Write in the message: reserved ${number}; reserved "${name}";`
	);
}

function renamedField(schema: Schema, told: BufFinding): Diagnostic | undefined {
	const [, before = '', after = ''] = /from "([^"]*)" to "([^"]*)"/.exec(told.message) ?? [];
	const message = messageOf(schema, told);
	const field = message && fieldOf(message, told);
	if (!message || !field) return plain(told, `Call it ${before} again.`);
	// JSON names follow the names, unless they are given.
	if (told.type === 'FIELD_SAME_JSON_NAME') {
		return field.proto.jsonName === lowerCamel(field.name)
			? undefined
			: plain(told, `Write json_name = "${before}" again.`);
	}
	if (isTable(schema, message)) return undefined;
	return at(
		placeOf(field),
		'FIELD_RENAMED',
		`Number ${field.number} of ${message.name} is "${before}" in the last release, and "${after}" here.`,
		`Keep ${before} = ${field.number}. Or write reserved ${field.number}; reserved "${before}"; and give "${after}" the number ${nextNumber(message)}.`
	);
}

function retypedField(schema: Schema, told: BufFinding): Diagnostic {
	const [, before = '', after = ''] = /from "([^"]*)" to "([^"]*)"/.exec(told.message) ?? [];
	const message = messageOf(schema, told);
	const field = message && fieldOf(message, told);
	// Values of a map are in a message that nobody wrote.
	if (!message || !field) return plain(told, 'Keep the type, and add another field of the new one.');
	const type = (name: string) => name.replace(/^optional with implicit presence$/, 'one value');
	return at(
		placeOf(field),
		'FIELD_RETYPED',
		`"${field.name}" of ${message.name} changes from ${type(before)} to ${type(after)}.`,
		`Keep its type, and add a field of the new type with a new name and the number ${nextNumber(message)}.`
	);
}

const keepValues =
	'Keep old values with their numbers, and stop offering them in pages; add new ones beside them.';

function renamedValue(_: Schema, told: BufFinding): Diagnostic {
	const [, number, owner] = /value "(-?\d+)" on enum "([^"]+)"/.exec(told.message) ?? [];
	const [, before, after] = /from "([^"]*)" to "([^"]*)"/.exec(told.message) ?? [];
	const message = `Number ${number} of ${owner} is ${before} in the last release, and ${after} here.`;
	return { ...plain(told, keepValues), reason: 'ENUM_VALUE_RENAMED', message };
}

function goneValue(_: Schema, told: BufFinding): Diagnostic {
	const [, number, owner] = /value "(-?\d+)" on enum "([^"]+)"/.exec(told.message) ?? [];
	const message = `Number ${number} of ${owner} is gone.`;
	return { ...plain(told, keepValues), reason: 'ENUM_VALUE_DROPPED', message };
}

function plain({ line = 1, column = 1, endLine, endColumn, message }: BufFinding, hint: string): Diagnostic {
	return {
		severity: 'error',
		file: schemaFile,
		line,
		column,
		...(endLine && endColumn ? { endLine, endColumn } : {}),
		reason: 'SCHEMA_BREAKING',
		message: message.replace(/ See https:[^]*$/, ''),
		hint
	};
}

/** buf names a nested message by its last name alone: the place tells which one. */
function messageOf({ file }: Schema, { message, line = 0 }: BufFinding): DescMessage | undefined {
	const name = /on message "([^"]+)"/.exec(message)?.[1] ?? '';
	return namesakes(file)
		.get(name)
		?.find((one) => {
			const place = placeOf(one);
			return place.line <= line && line <= place.endLine;
		});
}

/** By last name, made once a file: a schema of a thousand messages may have thousands of findings. */
const messagesByName = new WeakMap<DescFile, ReadonlyMap<string, readonly DescMessage[]>>();

function namesakes(file: DescFile): ReadonlyMap<string, readonly DescMessage[]> {
	const known = messagesByName.get(file) ?? Map.groupBy(messagesOf(file), ({ name }) => name);
	messagesByName.set(file, known);
	return known;
}

function messagesOf({ messages }: Pick<DescFile, 'messages'>): DescMessage[] {
	return messages.flatMap((one) => [one, ...messagesOf({ messages: one.nestedMessages })]);
}

function fieldOf({ fields }: DescMessage, { message }: BufFinding): DescField | undefined {
	const number = /Field "(\d+)"/.exec(message)?.[1];
	return fields.find((field) => String(field.number) === number);
}

function isTable({ tables }: Schema, { typeName }: DescMessage): boolean {
	return tables.some((table) => table.message === typeName);
}

/** After every number that a field has or that is reserved. */
function nextNumber({ fields, proto }: DescMessage): number {
	const reserved = proto.reservedRange.map((range) => range.end - 1);
	return Math.max(0, ...fields.map((field) => field.number), ...reserved) + 1;
}

function lowerCamel(name: string): string {
	return name.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function at(place: ReturnType<typeof placeOf>, reason: string, message: string, hint: string): Diagnostic {
	return { severity: 'error', file: schemaFile, ...place, reason, message, hint };
}
