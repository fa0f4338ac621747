import type { DescMessage } from '@bufbuild/protobuf';
import { columnOf } from './columns.ts';
import type { ColumnSpec, TableSpec } from './types.ts';

/** What a field of a form is filled in with. */
export type FormInput =
	| 'text'
	| 'multiline'
	| 'integer'
	| 'number'
	| 'toggle'
	| 'choice'
	| 'choices'
	| 'date'
	| 'datetime'
	/** The key of a row of `references`. */
	| 'reference'
	/** Nothing simple: lists, maps, messages, bytes, intervals. */
	| 'json';

export interface FormField {
	readonly name: string;
	readonly label: string;
	readonly input: FormInput;
	readonly required: boolean;
	/** Of `choice` and `choices`. */
	readonly values?: readonly string[];
	readonly references?: string;
	readonly maxLength?: number;
	/** What a new row gets when nothing is filled in, where it is a plain value. */
	readonly initial?: string;
}

/** The form that creates or edits a row: every column but a key that Loam makes. */
export function formOfTable(table: TableSpec): FormField[] {
	return table.columns
		.filter((column) => !(table.key.includes(column.name) && column.default !== undefined))
		.map(fieldOfColumn);
}

/** The form of a command's request. */
export function formOfMessage(message: DescMessage): FormField[] {
	return message.fields.map((field) => fieldOfColumn(columnOf(field, false, 0)));
}

function fieldOfColumn(column: ColumnSpec): FormField {
	const initial = initialOf(column);
	const input = inputOf(column);
	const mustBring = !column.nullable && column.default === undefined;
	return {
		name: column.name,
		label: column.label,
		input,
		required: (column.required || mustBring) && input !== 'toggle',
		...(column.values ? { values: column.values } : {}),
		...(column.references === undefined ? {} : { references: column.references }),
		...(column.maxLength === undefined ? {} : { maxLength: column.maxLength }),
		...(initial === undefined ? {} : { initial })
	};
}

function inputOf(column: ColumnSpec): FormInput {
	if (column.array) return column.values ? 'choices' : 'json';
	if (column.references !== undefined) return 'reference';
	if (column.values) return 'choice';
	switch (column.type) {
		case 'text':
			return column.multiline ? 'multiline' : 'text';
		case 'uuid':
			return 'text';
		case 'boolean':
			return 'toggle';
		case 'integer':
		case 'bigint':
			return 'integer';
		case 'numeric':
		case 'real':
		case 'double precision':
			return 'number';
		case 'date':
			return 'date';
		case 'timestamptz':
			return 'datetime';
		case 'bytea':
		case 'interval':
		case 'jsonb':
			return 'json';
	}
}

/** `'open'` -> `open`, `0` -> `0`; an expression is no value. */
function initialOf(column: ColumnSpec): string | undefined {
	const text = column.default;
	if (text === undefined) return undefined;
	const quoted = /^'((?:[^']|'')*)'$/.exec(text);
	if (quoted) return quoted[1]!.replaceAll("''", "'");
	return /^(?:-?\d+(?:\.\d+)?|true|false)$/.test(text) ? text : undefined;
}
