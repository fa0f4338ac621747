import { getOption, ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { unreachable, type Diagnostic } from '#kernel';
import { column as columnOption, ColumnOptions_Type, type ColumnOptions } from '#gen/loam/options_pb';
import { finding } from './findings.ts';
import { labelOf, literal } from './names.ts';
import { placeOf } from './source.ts';
import type { ColumnSpec, ColumnType } from './types.ts';

/** The Postgres type of a field's values, one of them where the field is repeated. */
export interface ValueShape {
	readonly type: ColumnType;
	readonly array: boolean;
	readonly values?: readonly string[];
}

export const scalarColumns: Readonly<Record<ScalarType, ColumnType>> = {
	[ScalarType.DOUBLE]: 'double precision',
	[ScalarType.FLOAT]: 'real',
	[ScalarType.INT32]: 'integer',
	[ScalarType.SINT32]: 'integer',
	[ScalarType.SFIXED32]: 'integer',
	[ScalarType.UINT32]: 'bigint',
	[ScalarType.FIXED32]: 'bigint',
	[ScalarType.INT64]: 'bigint',
	[ScalarType.SINT64]: 'bigint',
	[ScalarType.SFIXED64]: 'bigint',
	[ScalarType.UINT64]: 'numeric',
	[ScalarType.FIXED64]: 'numeric',
	[ScalarType.BOOL]: 'boolean',
	[ScalarType.STRING]: 'text',
	[ScalarType.BYTES]: 'bytea'
};

const wellKnown: Readonly<Record<string, ColumnType>> = {
	'google.protobuf.Timestamp': 'timestamptz',
	'google.protobuf.Duration': 'interval',
	'google.protobuf.DoubleValue': 'double precision',
	'google.protobuf.FloatValue': 'real',
	'google.protobuf.Int64Value': 'bigint',
	'google.protobuf.UInt64Value': 'numeric',
	'google.protobuf.Int32Value': 'integer',
	'google.protobuf.UInt32Value': 'bigint',
	'google.protobuf.BoolValue': 'boolean',
	'google.protobuf.StringValue': 'text',
	'google.protobuf.BytesValue': 'bytea'
};

const written: Readonly<Record<ColumnOptions_Type, ColumnType | undefined>> = {
	[ColumnOptions_Type.DEFAULT]: undefined,
	[ColumnOptions_Type.TEXT]: 'text',
	[ColumnOptions_Type.UUID]: 'uuid',
	[ColumnOptions_Type.DATE]: 'date',
	[ColumnOptions_Type.DECIMAL]: 'numeric'
};

/** The total mapping from fields to Postgres types; options apart. */
export function valueShape(field: DescField): ValueShape {
	switch (field.fieldKind) {
		case 'scalar':
			return { type: scalarColumns[field.scalar], array: false };
		case 'enum':
			return { type: 'text', array: false, values: field.enum.values.map((value) => value.name) };
		case 'message':
			return { type: messageType(field.message), array: false };
		case 'map':
			return { type: 'jsonb', array: false };
		case 'list':
			return listShape(field);
		default:
			return unreachable(field);
	}
}

function listShape(field: DescField & { fieldKind: 'list' }): ValueShape {
	switch (field.listKind) {
		case 'scalar':
			return { type: scalarColumns[field.scalar], array: true };
		case 'enum':
			return { type: 'text', array: true, values: field.enum.values.map((value) => value.name) };
		case 'message': {
			const type = messageType(field.message);
			return { type, array: type !== 'jsonb' };
		}
		default:
			return unreachable(field);
	}
}

function messageType(message: DescMessage): ColumnType {
	return wellKnown[message.typeName] ?? 'jsonb';
}

/** Columns that the platform's own messages would clash with. */
const reservedColumns: ReadonlySet<string> = new Set([
	'update_mask',
	'ctid',
	'xmin',
	'xmax',
	'cmin',
	'cmax',
	'tableoid'
]);

/** One field as a column. `isKey`: it is the whole primary key or a part of it. */
export function columnOf(field: DescField, isKey: boolean, keyParts: number): ColumnSpec {
	const options = getOption(field, columnOption);
	const shape = valueShape(field);
	const type = columnType(shape, options, isKey && keyParts === 1);
	const isSet = field.presence !== FeatureSet_FieldPresence.IMPLICIT;
	const nullable = isSet && !options.required && !isKey;
	const preset = defaultOf({ ...shape, type }, options, {
		isKey,
		keyParts,
		nullable,
		isList: field.fieldKind === 'list'
	});
	return {
		name: field.name,
		number: field.number,
		type,
		array: shape.array,
		nullable,
		...(shape.values ? { values: shape.values } : {}),
		...(options.references ? { references: options.references } : {}),
		...(preset === undefined ? {} : { default: preset }),
		required: options.required,
		unique: options.unique,
		label: options.label || labelOf(field.name),
		multiline: options.multiline,
		...(options.maxLength ? { maxLength: options.maxLength } : {}),
		line: placeOf(field).line
	};
}

function columnType(shape: ValueShape, options: ColumnOptions, isOnlyKey: boolean): ColumnType {
	const told = written[options.type];
	if (told) return told;
	const isPlainText = shape.type === 'text' && !shape.values;
	return isPlainText && !shape.array && (isOnlyKey || options.references) ? 'uuid' : shape.type;
}

interface Place {
	readonly isKey: boolean;
	/** A repeated field, also where its values are kept in one jsonb. */
	readonly isList: boolean;
	readonly keyParts: number;
	readonly nullable: boolean;
}

/** What a row gets when none is given: the option, a key of its own making, or the zero that proto3 implies. */
function defaultOf(shape: ValueShape, options: ColumnOptions, place: Place): string | undefined {
	if (options.default) return options.default;
	if (place.isKey) return place.keyParts === 1 && shape.type === 'uuid' ? 'uuidv7()' : undefined;
	if (place.nullable || options.required || options.references || options.unique) return undefined;
	if (shape.array) return `'{}'`;
	if (place.isList) return `'[]'`;
	if (shape.values) return literal(shape.values[0] ?? '');
	return zeros[shape.type];
}

/** Absent: the type has no zero, so a row must bring a value. */
const zeros: Readonly<Partial<Record<ColumnType, string>>> = {
	text: `''`,
	boolean: 'false',
	integer: '0',
	bigint: '0',
	numeric: '0',
	real: '0',
	'double precision': '0',
	bytea: `'\\x'`,
	jsonb: `'{}'`
};

/** Options and names that make no sense. */
export function checkColumn(field: DescField, spec: ColumnSpec): Diagnostic[] {
	const options = getOption(field, columnOption);
	const at = placeOf(field);
	const found: Diagnostic[] = [];
	const isText = field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING;
	if (!/^[a-z][a-z0-9_]{0,58}$/.test(field.name) || reservedColumns.has(field.name)) {
		found.push(
			finding(
				at,
				'COLUMN_NAME',
				`"${field.name}" can't name a column.`,
				'Use lower snake_case and another word.'
			)
		);
	}
	if (options.type !== ColumnOptions_Type.DEFAULT && !isText) {
		found.push(
			finding(
				at,
				'COLUMN_TYPE',
				'Only a string field has a (loam.column).type.',
				'Make the field a string, or leave the type out.'
			)
		);
	}
	if (options.references && spec.array) {
		found.push(
			finding(
				at,
				'COLUMN_REFERENCES',
				'A repeated field references no table.',
				'Make a table of its own for the pairs.'
			)
		);
	}
	if (options.key && (spec.array || spec.type === 'jsonb')) {
		found.push(finding(at, 'COLUMN_KEY', 'A list, map or message is no key.', 'Use a string or a number.'));
	}
	if ((options.multiline || options.maxLength > 0) && !isText) {
		found.push(
			finding(
				at,
				'COLUMN_TEXT',
				'Only a string field has several lines or a length.',
				'Leave multiline and max_length out.'
			)
		);
	}
	return found;
}
